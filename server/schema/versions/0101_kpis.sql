-- KPIs: what a programme shows its funders, with the objectives it counts under.

-- names: by language. Ended: not chosen any more; what counted under it still does.
create table objectives (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    names jsonb not null check (names <> '{}'),
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (programme_id, id),
    unique (id)
);

-- Set by the coordinator who publishes it. main_sector '': the first of its sectors.
alter table tours
    add column objective_id uuid,
    add column main_sector text not null default '',
    add foreign key (programme_id, objective_id) references objectives (programme_id, id);
alter table webinars
    add column objective_id uuid,
    add column main_sector text not null default '',
    add foreign key (programme_id, objective_id) references objectives (programme_id, id);

-- One class in one session as KPIs count it; derived from its result, without a name. Region: the
-- school's at that time; host_region: the organiser's. Whose film or webinar it was, its sector and
-- its objective stay as they were when the session ended. invited: one that a class asked for.
create table kpi_classes (
    programme_id uuid not null,
    session_class_id uuid not null,
    session_id uuid not null,
    class_id uuid not null,
    school_id uuid not null,
    region_id uuid,
    level text not null,
    local_date date not null,
    kind text not null check (kind in ('live', 'on_demand')),
    invited boolean not null,
    company_id uuid,
    host_region_id uuid,
    sector text not null,
    objective_id uuid,
    -- its teacher is confirmed: without that nothing of it counts
    is_counted boolean not null,
    passes boolean not null,
    pupils integer not null,
    student_seconds bigint not null,
    changed_at timestamptz not null,
    primary key (programme_id, session_class_id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);
create index kpi_classes_by_date on kpi_classes (programme_id, local_date);
create index kpi_classes_by_session on kpi_classes (programme_id, session_id);
create index kpi_classes_by_class on kpi_classes (programme_id, class_id);

-- One session as its organiser is credited for it. stage_seconds: of the company's people, on stage
-- while on air; preparation: as far as they told.
create table kpi_sessions (
    programme_id uuid not null,
    session_id uuid not null,
    local_date date not null,
    kind text not null check (kind in ('live', 'on_demand')),
    company_id uuid,
    region_id uuid,
    sector text not null,
    objective_id uuid,
    -- a class that counts has passed
    is_attended boolean not null,
    stage_seconds bigint not null default 0,
    preparation_minutes integer not null default 0,
    preparation_told integer not null default 0,
    preparation_untold integer not null default 0,
    changed_at timestamptz not null,
    primary key (programme_id, session_id),
    foreign key (programme_id, session_id) references sessions (programme_id, id)
);
create index kpi_sessions_by_date on kpi_sessions (programme_id, local_date);

-- When all of it was last held against the results; one row.
create table kpi_runs (
    is_only boolean primary key default true check (is_only),
    run_at timestamptz not null
);

create index requests_agreed on requests (programme_id, day) where state = 'accepted';

-- Whose a session was: its company, the organiser's region, sector and objective as they stand now.
-- invited: a lesson that a class asked a company for.
create view kpi_hosts as
select s.programme_id, s.id as session_id,
    case when s.room_id is null then 'on_demand' else 'live' end as kind,
    coalesce(w.kind in ('guest_lesson', 'live_tour'), false) as invited, w.id as webinar_id,
    m.id as company_id, coalesce(w.region_id, o.region_id, m.region_id) as region_id,
    coalesce(nullif(t.main_sector, ''), nullif(w.main_sector, ''), t.sectors[1], w.sectors[1], '')
        as sector,
    coalesce(t.objective_id, w.objective_id) as objective_id
from sessions s
left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
left join rooms o on (o.programme_id, o.id) = (s.programme_id, s.room_id)
left join webinars w on (w.programme_id, w.room_id) = (s.programme_id, s.room_id)
left join companies m on m.programme_id = s.programme_id
    and m.id = coalesce(t.company_id, w.company_id, o.company_id);

-- How long somebody of the company was on stage while the session was on air, one row for each time
-- she came. Of the company: who works for it, or was invited to present its webinar.
create view kpi_stage_times as
select s.programme_id, s.id as session_id, e.member,
    extract(epoch from sum(greatest(interval '0', least(a.seen_until, e.until)
        - greatest(a.started_at, e.at)))) as seconds
from sessions s
join kpi_hosts h on (h.programme_id, h.session_id) = (s.programme_id, s.id)
join rooms o on (o.programme_id, o.id) = (s.programme_id, s.room_id)
join lateral (
    select (v.data ->> 'member')::uuid as member, v.kind, v.at,
        coalesce(lead(v.at) over (partition by v.data ->> 'member' order by v.number),
            o.closed_at) as until
    from room_events v
    where v.programme_id = o.programme_id and v.room_id = o.id
        and v.kind in ('presenter_came', 'presenter_left')
) e on e.kind = 'presenter_came'
join room_presenters p on (p.programme_id, p.id) = (s.programme_id, e.member)
join on_air a on (a.programme_id, a.session_id) = (s.programme_id, s.id)
where exists (select from roles r where r.programme_id = s.programme_id
        and r.person_id = p.person_id and r.company_id = h.company_id)
    or exists (select from webinar_presenters i where i.programme_id = s.programme_id
        and i.webinar_id = h.webinar_id and i.person_id = p.person_id)
group by s.programme_id, s.id, e.member, e.at;
