-- The school registry in numbered versions, and what became of each school.

-- successor_id: the school that took this one over; reports_as: the last in that row, under which
-- figures of both are summed. Null: the school stands for itself.
alter table schools
    add column opened_on date,
    add column closed_on date,
    add column successor_id uuid references schools check (successor_id <> id),
    add column reports_as uuid references schools check (reports_as <> id);
create index schools_by_successor on schools (successor_id) where successor_id is not null;

-- Every change of the registry makes a version. sha256: of all that is known of the listed schools
-- after it; file_sha256: of the file it came from, empty when a person typed it.
create table registry_versions (
    number integer primary key check (number > 0),
    made_at timestamptz not null,
    source text not null,
    file_sha256 text not null default '',
    sha256 text not null,
    made_by uuid references persons
);
create index registry_versions_by_time on registry_versions (made_at, number);

-- was: the words the school had until that day, as far as they changed.
create table school_events (
    id bigint generated always as identity primary key,
    school_id uuid not null references schools,
    kind text not null check (kind in ('opened', 'renamed', 'changed', 'closed', 'reopened', 'merged',
        'parted')),
    happened_on date not null,
    was jsonb not null default '{}',
    successor_id uuid references schools,
    version integer not null references registry_versions
);
create index school_events_by_school on school_events (school_id, happened_on, id);
create index school_names_by_school on school_events (school_id, happened_on, id)
    where kind = 'renamed';

-- A list that was read and waits for somebody's yes. programme_id null: it came from the operator's
-- own place and is for the whole installation. against: the registry's version it was laid beside;
-- found: counts and the first of each kind, for the page. rows: gone once it was decided.
create table registry_lists (
    id uuid primary key default gen_random_uuid(),
    programme_id uuid references programmes,
    made_by uuid references persons,
    made_at timestamptz not null,
    source text not null,
    file_sha256 text not null,
    against integer not null,
    holds_from date not null,
    region_id uuid,
    is_complete boolean not null,
    rows jsonb,
    found jsonb not null,
    state text not null default 'waiting' check (state in ('waiting', 'applied', 'dropped')),
    decided_by uuid references persons,
    decided_at timestamptz,
    foreign key (programme_id, region_id) references regions (programme_id, id),
    check ((state = 'waiting') = (decided_at is null)),
    check ((state = 'waiting') = (rows is not null))
);
create index registry_lists_by_time on registry_lists (made_at);

-- What the daily look at the operator's place came to; one row a look.
create table registry_looks (
    id bigint generated always as identity primary key,
    looked_at timestamptz not null,
    outcome text not null check (outcome in ('asked', 'unchanged', 'applied', 'waits', 'failed')),
    code text not null default '',
    params jsonb not null default '{}',
    list_id uuid references registry_lists
);
create index registry_looks_by_time on registry_looks (looked_at);

-- A school that a teacher named turned out to be one of the registry: what followed it there.
create table school_merges (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    from_school uuid not null references schools,
    into_school uuid not null references schools check (into_school <> from_school),
    made_by uuid references persons,
    made_at timestamptz not null,
    undone_by uuid references persons,
    undone_at timestamptz,
    primary key (programme_id, id)
);
create index school_merges_by_school on school_merges (programme_id, into_school);
create table school_merge_rows (
    programme_id uuid not null,
    merge_id uuid not null,
    what text not null check (what ~ '^[a-z_]+$'),
    row_id text not null,
    primary key (programme_id, merge_id, what, row_id),
    foreign key (programme_id, merge_id) references school_merges (programme_id, id)
);

-- A report names a school as it was called on the day of the session; reports_as is the school under
-- which its figures are summed today.
create or replace view report_rows as
select s.programme_id, s.session_class_id, s.id as session_id, s.class_id, s.school_id,
    coalesce((
        select e.was ->> 'name' from school_events e
        where e.school_id = s.school_id and e.kind = 'renamed' and e.happened_on > s.local_date
        order by e.happened_on, e.id limit 1
    ), o.name) as school, o.code as school_code, o.place, s.region_id,
    coalesce(g.name, '') as region,
    s.class_name, s.level, s.is_confirmed_teacher, s.tour_id, s.title, s.company_id,
    coalesce(m.name, '') as company, s.state, s.zone, s.local_date, s.started_at, s.ended_at,
    s.pass_share::float8 as pass_share, s.rule_version, r.outcome, r.measured_outcome,
    r.reason_code, r.reason_params, r.window_ms, r.present_ms, r.headcount, r.measured_headcount,
    r.headcount_source, r.seats, r.seats_passed, r.pupils, r.student_seconds, r.has_beamer,
    coalesce(k.reason, '') as correction_reason, coalesce(k.by, '') as corrected_by,
    k.at as corrected_at, s.room_id, coalesce(o.reports_as, o.id) as reports_as
from session_rows s
join schools o on o.id = s.school_id
left join companies m on (m.programme_id, m.id) = (s.programme_id, s.company_id)
left join regions g on (g.programme_id, g.id) = (s.programme_id, s.region_id)
left join session_class_results r on s.state = 'ended'
    and (r.programme_id, r.session_class_id) = (s.programme_id, s.session_class_id)
left join lateral (
    select string_agg(c.reason, ' / ' order by c.at) as reason, max(c.at) as at,
        string_agg(distinct coalesce(nullif(p.name, ''), p.email), ' / ') as by
    from corrections c join persons p on p.id = c.person_id
    where (c.programme_id, c.session_class_id) = (s.programme_id, s.session_class_id)
        and c.undone_at is null
) k on true
where s.state in ('running', 'ended');
