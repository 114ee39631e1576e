-- Whose a row of KPIs is and which are asked for, in one place.

-- What classes did, and lessons that are agreed but have not been: these count as partnerships only,
-- and have no sector or objective of their own yet.
create view kpi_entries as
select k.programme_id, false as is_agreed, k.session_id, k.class_id, k.school_id, k.region_id,
    k.network_id, k.level, k.local_date, k.month, k.kind, k.invited, k.company_id, k.sector,
    k.objective_id, k.is_counted, k.passes, k.pupils, k.student_seconds
from kpi_classes k
union all
select r.programme_id, true, null, r.class_id, r.school_id, r.region_id, m.network_id, r.level, r.day,
    to_char(r.day, 'YYYY-MM'), 'live', true, r.company_id, '', null, true, true, 0, 0
from requests r
join webinars w on (w.programme_id, w.id) = (r.programme_id, r.webinar_id)
left join network_members m on m.programme_id = r.programme_id and m.school_id = r.school_id
    and m.valid_from <= r.day and (m.valid_to is null or m.valid_to > r.day)
where r.state = 'accepted' and w.state in ('announced', 'open', 'live');

-- A person's part of them from one day to another, as filtered: a coordinator has her regions as they
-- were that day, a company its own, the office all, who teaches her classes, who facilitates her pairs;
-- person is null for who does neither. Every other wish is null or '' for all.
create function kpi_part(
    of_programme uuid, since date, until date, sees_all boolean, regions uuid[], companies uuid[],
    person uuid, region uuid, network uuid, of_level text, of_sector text, objective uuid,
    of_kind text
) returns setof kpi_entries language sql stable as $$
    select k.* from kpi_entries k
    where k.programme_id = of_programme and k.local_date between since and until
        and (sees_all or k.region_id = any(regions) or k.company_id = any(companies)
            or person is not null and k.class_id in (select t.class_id from class_teachers t
                where t.programme_id = of_programme and t.person_id = person)
            or person is not null and (k.school_id, k.company_id) in (
                select p.school_id, p.company_id from paired(of_programme, person) p))
        and (region is null or k.region_id = region)
        and (network is null or k.network_id = network)
        and (of_level = '' or k.level = of_level)
        and (of_sector = '' or k.sector = of_sector)
        and (objective is null or k.objective_id = objective)
        and (of_kind = '' or k.kind = of_kind)
$$;

-- A region's five years are found without reading those of the others.
create index kpi_classes_by_region on kpi_classes (programme_id, region_id, local_date);
-- Which sectors there are, without reading every row.
create index kpi_classes_by_sector on kpi_classes (programme_id, sector);
