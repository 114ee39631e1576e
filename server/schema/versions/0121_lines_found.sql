-- Lines are looked up by ids that are unique by themselves. By two columns a plan that was made while the
-- tables were small may look up the programme alone, and read all of it for each of thousands.
create unique index report_lines_once on report_lines (session_class_id);
create index session_class_results_by_class on session_class_results (session_class_id);

create or replace view report_lines_as_they_are as
select c.programme_id, c.id as session_class_id, c.session_id, c.class_id, c.school_id,
    coalesce(o.reports_as, o.id) as reports_as, c.region_id, s.tour_id, s.room_id,
    coalesce(t.company_id, m.company_id) as company_id, c.level, c.is_confirmed_teacher, s.state,
    s.local_date, s.started_at, r.outcome, r.measured_outcome, r.headcount_source, r.seats, r.cut_off, r.pupils,
    r.student_seconds
from session_classes c
join sessions s on s.id = c.session_id
join schools o on o.id = c.school_id
left join tours t on t.id = s.tour_id
left join rooms m on m.id = s.room_id
left join session_class_results r on s.state = 'ended' and r.session_class_id = c.id
where s.state <> 'cancelled';

create or replace function keep_report_lines(ids uuid[]) returns integer language plpgsql
set plan_cache_mode = force_generic_plan as $$
declare
    gone integer;
    changed integer;
begin
    delete from report_lines l using session_classes c, sessions s
    where c.id = any(ids) and l.session_class_id = c.id and s.id = c.session_id
        and s.state = 'cancelled';
    get diagnostics gone = row_count;
    insert into report_lines as l (programme_id, session_class_id, session_id, class_id, school_id,
        reports_as, region_id, tour_id, room_id, company_id, level, is_confirmed_teacher, state,
        local_date, started_at, outcome, measured_outcome, headcount_source, seats, cut_off,
        pupils, student_seconds)
    select n.* from report_lines_as_they_are n
    left join report_lines k on k.session_class_id = n.session_class_id
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
