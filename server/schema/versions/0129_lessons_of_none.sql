-- Lessons that have a result, by what they count under. Asked for as the nil uuid (or 'none', of sectors): what
-- belongs to none; null and '' ask for all.
create function counted_under(
    of_programme uuid, since date, until date, of_sector text, network uuid, objective uuid
) returns table (session_class_id uuid) language sql stable as $$
    select k.session_class_id from kpi_classes k
    where k.programme_id = of_programme
        and (since is null or k.local_date >= since)
        and (until is null or k.local_date <= until)
        and (of_sector = '' or k.sector = case when of_sector = 'none' then '' else of_sector end)
        and (network is null or k.network_id = network
            or network = '00000000-0000-0000-0000-000000000000' and k.network_id is null)
        and (objective is null or k.objective_id = objective
            or objective = '00000000-0000-0000-0000-000000000000' and k.objective_id is null)
$$;

-- The same of lessons without a result yet, by what they would count under now: few, so each is looked at.
create function would_count_under(
    of_programme uuid, of_sector text, network uuid, objective uuid
) returns table (session_class_id uuid) language sql stable as $$
    select l.session_class_id from report_lines l
    join kpi_hosts h on h.programme_id = l.programme_id and h.session_id = l.session_id
    left join network_members m on m.programme_id = l.programme_id and m.school_id = l.school_id
        and m.valid_from <= l.local_date and (m.valid_to is null or m.valid_to > l.local_date)
    where l.programme_id = of_programme and l.outcome is null
        and (of_sector = '' or h.sector = case when of_sector = 'none' then '' else of_sector end)
        and (network is null or m.network_id = network
            or network = '00000000-0000-0000-0000-000000000000' and m.network_id is null)
        and (objective is null or h.objective_id = objective
            or objective = '00000000-0000-0000-0000-000000000000' and h.objective_id is null)
$$;

-- A person's part of the report in one piece again: what is planned anew for each query is short, and what
-- lessons count under is planned where it is asked for. What belongs to no region, level, sector, network or
-- objective is found too: of most schools a network's figures are told as "no network".
create or replace function report_part(
    of_programme uuid, sees_all boolean, regions uuid[], person uuid,
    since date, until date, school uuid, of_level text, watched uuid,
    region uuid, class uuid, company uuid, sector text, sitting text, network uuid, objective uuid
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
        and (of_level = '' or l.level = case when of_level = 'none' then '' else of_level end)
        and (watched is null or watched in (l.tour_id, l.room_id))
        and (region is null or l.region_id = region
            or region = '00000000-0000-0000-0000-000000000000' and l.region_id is null)
        and (class is null or l.class_id = class)
        and (company is null or l.company_id = company)
        and (report_part.sector = '' and network is null and objective is null
            or l.outcome is not null and l.session_class_id in (select u.session_class_id
                from counted_under(of_programme, since, until, report_part.sector, network, objective) u)
            or l.outcome is null and l.session_class_id in (select u.session_class_id
                from would_count_under(of_programme, report_part.sector, network, objective) u))
        and (sitting = '' or sitting = case when l.room_id is null then 'tour' else 'live' end)
$$;
