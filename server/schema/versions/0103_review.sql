-- Reviewing attendance: one row per class in a session with what sums and filters need, no more.

-- A facilitator's pairs: she sees what classes of this school watched of this company.
create table facilitator_pairs (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    person_id uuid not null references persons,
    school_id uuid not null references schools,
    company_id uuid not null,
    made_by uuid references persons,
    made_at timestamptz not null,
    ended_by uuid references persons,
    ended_at timestamptz,
    primary key (programme_id, id),
    foreign key (programme_id, company_id) references companies (programme_id, id)
);
create unique index facilitator_pairs_open
    on facilitator_pairs (programme_id, person_id, school_id, company_id) where ended_at is null;

-- reports_as: the school under which its figures are summed today. sectors: of the tour or the
-- webinar. outcome is null while no result is kept: it is judged when it is read.
create view review_rows as
select s.programme_id, c.id as session_class_id, s.id as session_id, c.class_id, c.school_id,
    coalesce(o.reports_as, o.id) as reports_as, c.region_id, c.class_name, c.level,
    c.is_confirmed_teacher, s.tour_id, s.room_id,
    coalesce(t.company_id, m.company_id) as company_id,
    coalesce(t.sectors, w.sectors, '{}') as sectors, s.state, s.local_date, s.started_at,
    r.outcome, r.measured_outcome, r.headcount_source, r.seats, r.cut_off, r.pupils,
    r.student_seconds
from sessions s
join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
join schools o on o.id = c.school_id
left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
left join rooms m on (m.programme_id, m.id) = (s.programme_id, s.room_id)
left join webinars w on (w.programme_id, w.room_id) = (s.programme_id, s.room_id)
left join session_class_results r on s.state = 'ended'
    and (r.programme_id, r.session_class_id) = (s.programme_id, c.id)
where s.state in ('running', 'ended');

create index rooms_by_company on rooms (programme_id, company_id);
create index session_classes_by_region on session_classes (programme_id, region_id);

-- A person's part of the report, as filtered: the one place that says whose a row is. A coordinator
-- has her regions as they were that day, the office all, who teaches her classes, who facilitates
-- her pairs; person is null for who does neither. Days are local, both inside; every other wish is
-- null or '' for all.
create function review_part(
    of_programme uuid, sees_all boolean, regions uuid[], person uuid,
    since date, until date, school uuid, of_level text, watched uuid,
    region uuid, class uuid, company uuid, sector text, sitting text
) returns setof review_rows language sql stable as $$
    select r.* from review_rows r
    where r.programme_id = of_programme
        and (sees_all or r.region_id = any(regions)
            or person is not null and r.class_id in (select t.class_id from class_teachers t
                where t.programme_id = of_programme and t.person_id = person)
            or person is not null and (r.school_id, r.company_id) in (
                select f.school_id, f.company_id from facilitator_pairs f
                where f.programme_id = of_programme and f.person_id = person and f.ended_at is null))
        and (since is null or r.local_date >= since)
        and (until is null or r.local_date <= until)
        and (school is null or school in (r.school_id, r.reports_as))
        and (of_level = '' or r.level = of_level)
        and (watched is null or watched in (r.tour_id, r.room_id))
        and (region is null or r.region_id = region)
        and (class is null or r.class_id = class)
        and (company is null or r.company_id = company)
        and (sector = '' or sector = any(r.sectors))
        and (sitting = '' or sitting = case when r.room_id is null then 'tour' else 'live' end)
$$;

-- Whether devices of a class lost the connection so often, or got nothing at all, that its school
-- should look at its network: twice or more, and once on each device.
create function is_poor(outcome text, seats integer, cut_off integer) returns boolean
    language sql immutable parallel safe
    as $$ select outcome = 'unknown_network' or cut_off >= greatest(2, seats) $$;

-- Whether a row is among those with this outcome, or came, passed, was corrected, had a poor network.
create function is_wished(wish text, outcome text, measured_outcome text, headcount_source text,
    seats integer, cut_off integer) returns boolean language sql immutable parallel safe
    as $$ select case wish
        when 'came' then outcome <> 'no_show'
        when 'passed' then outcome in ('present', 'declared', 'replay_only')
        when 'corrected' then outcome <> measured_outcome or headcount_source = 'corrected'
        when 'poor' then is_poor(outcome, seats, cut_off)
        else outcome = wish end $$;

-- With how often connections were cut.
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
    k.at as corrected_at, s.room_id, coalesce(o.reports_as, o.id) as reports_as,
    r.cut_off
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
