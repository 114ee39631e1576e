-- What is wished for as 'declared' is what the figure of that name counts: of a teacher whom nobody has
-- confirmed nothing is.
create or replace function is_wished(
    wish text, outcome text, passes boolean, is_corrected boolean, is_poor boolean
) returns boolean language sql immutable parallel safe
as $$ select case wish
    when 'came' then outcome <> 'no_show'
    when 'passed' then passes
    when 'declared' then passes and outcome = 'declared'
    when 'corrected' then is_corrected
    when 'poor' then is_poor
    else outcome = wish end $$;

-- What runs again is found under the one sector that it would count under now, no longer also under the one
-- that was kept when it ended before.
create or replace function report_part(
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
        and (report_part.sector = ''
            or l.outcome is not null and l.session_class_id in (
                select k.session_class_id from kpi_classes k
                where k.programme_id = of_programme and k.sector = report_part.sector)
            or l.outcome is null and l.tour_id in (select t.id from tours t
                where t.programme_id = of_programme
                    and report_part.sector = coalesce(nullif(t.main_sector, ''), t.sectors[1]))
            or l.outcome is null and l.room_id in (select w.room_id from webinars w
                where w.programme_id = of_programme
                    and report_part.sector = coalesce(nullif(w.main_sector, ''), w.sectors[1])))
        and (sitting = '' or sitting = case when l.room_id is null then 'tour' else 'live' end)
$$;
