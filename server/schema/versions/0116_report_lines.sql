-- What a report is filtered and summed by, in one narrow row for a class in a session: five years of
-- a region are read in milliseconds. Derived, never edited.

-- outcome is null until the session has ended and its result is kept: till then it is judged when it is
-- read. reports_as: the school under which its figures are summed today.
create table report_lines (
    programme_id uuid not null,
    session_class_id uuid not null,
    session_id uuid not null,
    class_id uuid not null,
    school_id uuid not null,
    reports_as uuid not null,
    region_id uuid,
    tour_id uuid,
    room_id uuid,
    company_id uuid,
    level text not null,
    is_confirmed_teacher boolean not null,
    state text not null,
    local_date date,
    started_at timestamptz,
    outcome text,
    measured_outcome text,
    headcount_source text,
    seats smallint,
    cut_off integer,
    pupils smallint,
    student_seconds bigint,
    -- `2025-11`: made once, as writing it for every row of a report takes longer than adding them up
    month text generated always as (
        date_part('year', local_date)::integer::text || '-'
            || lpad(date_part('month', local_date)::integer::text, 2, '0')) stored,
    passes boolean generated always as (
        is_confirmed_teacher and outcome in ('present', 'replay_only', 'declared')) stored,
    is_poor boolean generated always as (is_poor(outcome, seats, cut_off)) stored,
    is_corrected boolean generated always as (
        outcome <> measured_outcome or headcount_source = 'corrected') stored,
    primary key (programme_id, session_class_id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
        on delete cascade
);
create index report_lines_by_region on report_lines (programme_id, region_id, local_date);
create index report_lines_by_day on report_lines (programme_id, local_date);
create index report_lines_by_class on report_lines (programme_id, class_id);
create index report_lines_by_session on report_lines (programme_id, session_id);
create index report_lines_by_school on report_lines (school_id);
create index report_lines_open on report_lines (programme_id) where outcome is null;

-- Every line as it should be.
create view report_lines_as_they_are as
select c.programme_id, c.id as session_class_id, c.session_id, c.class_id, c.school_id,
    coalesce(o.reports_as, o.id) as reports_as, c.region_id, s.tour_id, s.room_id,
    coalesce(t.company_id, m.company_id) as company_id, c.level, c.is_confirmed_teacher, s.state,
    s.local_date, s.started_at, r.outcome, r.measured_outcome, r.headcount_source, r.seats, r.cut_off, r.pupils,
    r.student_seconds
from session_classes c
join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
join schools o on o.id = c.school_id
left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
left join rooms m on (m.programme_id, m.id) = (s.programme_id, s.room_id)
left join session_class_results r on s.state = 'ended'
    and (r.programme_id, r.session_class_id) = (c.programme_id, c.id)
where s.state <> 'cancelled';

-- Makes the lines of these session classes as they should be and says how many were not; right ones are
-- not touched, so that whoever writes one waits for nobody who writes others. One plan for any number of
-- them: to make one takes longer than to look up a row.
create function keep_report_lines(ids uuid[]) returns integer language plpgsql
set plan_cache_mode = force_generic_plan as $$
declare
    gone integer;
    changed integer;
begin
    delete from report_lines l using session_classes c, sessions s
    where c.id = any(ids) and (l.programme_id, l.session_class_id) = (c.programme_id, c.id)
        and (s.programme_id, s.id) = (c.programme_id, c.session_id) and s.state = 'cancelled';
    get diagnostics gone = row_count;
    insert into report_lines as l (programme_id, session_class_id, session_id, class_id, school_id,
        reports_as, region_id, tour_id, room_id, company_id, level, is_confirmed_teacher, state,
        local_date, started_at, outcome, measured_outcome, headcount_source, seats, cut_off,
        pupils, student_seconds)
    select n.* from report_lines_as_they_are n
    left join report_lines k on (k.programme_id, k.session_class_id)
        = (n.programme_id, n.session_class_id)
    where n.session_class_id = any(ids)
        and (k.session_class_id is null
            or (k.session_id, k.class_id, k.school_id, k.reports_as, k.region_id, k.tour_id,
                k.room_id, k.company_id, k.level, k.is_confirmed_teacher, k.state, k.local_date,
                k.started_at,
                k.outcome, k.measured_outcome, k.headcount_source, k.seats, k.cut_off, k.pupils,
                k.student_seconds)
            is distinct from (n.session_id, n.class_id, n.school_id, n.reports_as, n.region_id,
                n.tour_id, n.room_id, n.company_id, n.level, n.is_confirmed_teacher, n.state,
                n.local_date, n.started_at, n.outcome, n.measured_outcome, n.headcount_source, n.seats,
                n.cut_off, n.pupils, n.student_seconds))
    order by n.local_date, n.session_class_id
    on conflict (programme_id, session_class_id) do update set
        session_id = excluded.session_id, class_id = excluded.class_id,
        school_id = excluded.school_id, reports_as = excluded.reports_as,
        region_id = excluded.region_id, tour_id = excluded.tour_id, room_id = excluded.room_id,
        company_id = excluded.company_id,
        level = excluded.level, is_confirmed_teacher = excluded.is_confirmed_teacher,
        state = excluded.state, local_date = excluded.local_date, started_at = excluded.started_at,
        outcome = excluded.outcome, measured_outcome = excluded.measured_outcome,
        headcount_source = excluded.headcount_source, seats = excluded.seats,
        cut_off = excluded.cut_off, pupils = excluded.pupils,
        student_seconds = excluded.student_seconds;
    get diagnostics changed = row_count;
    return gone + changed;
end $$;

-- Kept where the row is written that a line comes from, so that nobody who writes one can forget it. Who
-- keeps a result holds its session class, so that of two at once the later one sees the earlier.
create function report_lines_begin() returns trigger language plpgsql as $$ begin
    perform keep_report_lines(array(select id from written));
    return null;
end $$;
create trigger report_lines_begin after insert on session_classes
    referencing new table as written for each statement execute function report_lines_begin();

create function report_lines_follow_class() returns trigger language plpgsql as $$ begin
    perform keep_report_lines(array[new.id]);
    return null;
end $$;
create trigger report_lines_follow after update of class_id, school_id, region_id, level,
    is_confirmed_teacher on session_classes
    for each row when ((old.class_id, old.school_id, old.region_id, old.level,
        old.is_confirmed_teacher) is distinct from (new.class_id, new.school_id, new.region_id,
        new.level, new.is_confirmed_teacher))
    execute function report_lines_follow_class();

create function report_lines_follow_results() returns trigger language plpgsql as $$ begin
    perform keep_report_lines(array(select session_class_id from written));
    return null;
end $$;
create trigger report_lines_begin after insert on session_class_results
    referencing new table as written
    for each statement execute function report_lines_follow_results();

create function report_lines_follow_result() returns trigger language plpgsql as $$ begin
    perform keep_report_lines(array[new.session_class_id]);
    return null;
end $$;
create trigger report_lines_follow after update of outcome, measured_outcome, headcount_source, seats,
    cut_off, pupils, student_seconds on session_class_results
    for each row execute function report_lines_follow_result();

create function report_lines_follow_session() returns trigger language plpgsql as $$ begin
    perform keep_report_lines(array(select c.id from session_classes c
        where (c.programme_id, c.session_id) = (new.programme_id, new.id)));
    return null;
end $$;
create trigger report_lines_follow after update of state, local_date, started_at on sessions
    for each row when ((old.state, old.local_date, old.started_at)
        is distinct from (new.state, new.local_date, new.started_at))
    execute function report_lines_follow_session();

create function report_lines_follow_school() returns trigger language plpgsql as $$ begin
    update report_lines set reports_as = coalesce(new.reports_as, new.id)
    where school_id = new.id and reports_as <> coalesce(new.reports_as, new.id);
    return null;
end $$;
create trigger report_lines_follow after update of reports_as on schools
    for each row when (old.reports_as is distinct from new.reports_as)
    execute function report_lines_follow_school();

select keep_report_lines(array(select id from session_classes));

-- A person's part of the report, as filtered: the one place that says whose a row is. A coordinator
-- has her regions as they were that day, the office all, who teaches her classes, who facilitates
-- her pairs; person is null for who does neither. Days are local, both inside; every other wish is
-- null or '' for all. One table and nothing else, so that it is planned as fast as it is read.
create function report_part(
    of_programme uuid, sees_all boolean, regions uuid[], person uuid,
    since date, until date, school uuid, of_level text, watched uuid,
    region uuid, class uuid, company uuid, sector text, sitting text
) returns setof report_lines language sql stable as $$
    select l.* from report_lines l
    where l.programme_id = of_programme and l.state in ('running', 'ended')
        and (sees_all or l.region_id = any(regions)
            or person is not null and l.class_id in (select t.class_id from class_teachers t
                where t.programme_id = of_programme and t.person_id = person)
            or person is not null and (l.school_id, l.company_id) in (
                select p.school_id, p.company_id from paired(of_programme, person) p))
        and (since is null or l.local_date >= since)
        and (until is null or l.local_date <= until)
        and (school is null or school in (l.school_id, l.reports_as))
        and (of_level = '' or l.level = of_level)
        and (watched is null or watched in (l.tour_id, l.room_id))
        and (region is null or l.region_id = region)
        and (class is null or l.class_id = class)
        and (company is null or l.company_id = company)
        and (sector = ''
            or l.tour_id in (select t.id from tours t
                where t.programme_id = of_programme and sector = any(t.sectors))
            or l.room_id in (select w.room_id from webinars w
                where w.programme_id = of_programme and sector = any(w.sectors)))
        and (sitting = '' or sitting = case when l.room_id is null then 'tour' else 'live' end)
$$;
