-- One class in one session as every report reads it. outcome is null where no result is kept yet:
-- the session still runs (or was never closed), and is judged when it is read.
create view report_rows as
select s.programme_id, s.session_class_id, s.id as session_id, s.class_id, s.school_id,
    o.name as school, o.code as school_code, o.place, s.region_id, coalesce(g.name, '') as region,
    s.class_name, s.level, s.is_confirmed_teacher, s.tour_id, s.title, s.company_id,
    m.name as company, s.state, s.zone, s.local_date, s.started_at, s.ended_at,
    s.pass_share::float8 as pass_share, s.rule_version, r.outcome, r.measured_outcome,
    r.reason_code, r.reason_params, r.window_ms, r.present_ms, r.headcount, r.measured_headcount,
    r.headcount_source, r.seats, r.seats_passed, r.pupils, r.student_seconds, r.has_beamer,
    coalesce(k.reason, '') as correction_reason, coalesce(k.by, '') as corrected_by,
    k.at as corrected_at
from session_rows s
join schools o on o.id = s.school_id
join companies m on (m.programme_id, m.id) = (s.programme_id, s.company_id)
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
