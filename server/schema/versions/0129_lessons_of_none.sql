-- What belongs to no region, network or objective (asked for as the nil uuid), and to no sector or level
-- ('none'), is found too: of most schools a network's figures are told as "no network".
create or replace function report_part(
    of_programme uuid, sees_all boolean, regions uuid[], person uuid,
    since date, until date, school uuid, of_level text, watched uuid,
    region uuid, class uuid, company uuid, sector text, sitting text, network uuid, objective uuid
) returns setof report_lines language sql stable as $$
    select l.* from report_part(of_programme, sees_all, regions, person, since, until, school,
        case when of_level = 'none' then '' else of_level end, watched,
        nullif(region, '00000000-0000-0000-0000-000000000000'), class, company,
        case when report_part.sector = 'none' then '' else report_part.sector end, sitting) l
    where (of_level <> 'none' or l.level = '')
        and (region is null or region <> '00000000-0000-0000-0000-000000000000' or l.region_id is null)
        and (report_part.sector <> 'none'
            or l.outcome is not null and l.session_class_id in (
                select k.session_class_id from kpi_classes k
                where k.programme_id = of_programme and k.sector = '')
            or l.outcome is null and not exists (select from kpi_hosts h
                where h.programme_id = of_programme and h.session_id = l.session_id
                    and h.sector <> ''))
        and (network is null
            or l.outcome is not null and l.session_class_id in (
                select k.session_class_id from kpi_classes k
                where k.programme_id = of_programme
                    and (since is null or k.local_date >= since)
                    and (until is null or k.local_date <= until)
                    and k.network_id is not distinct from
                        nullif(network, '00000000-0000-0000-0000-000000000000'))
            or l.outcome is null and exists (select from network_members m
                where m.programme_id = of_programme and m.school_id = l.school_id
                    and (m.network_id = network or network = '00000000-0000-0000-0000-000000000000')
                    and m.valid_from <= l.local_date
                    and (m.valid_to is null or m.valid_to > l.local_date))
                = (network <> '00000000-0000-0000-0000-000000000000'))
        and (objective is null
            or l.outcome is not null and l.session_class_id in (
                select k.session_class_id from kpi_classes k
                where k.programme_id = of_programme
                    and (since is null or k.local_date >= since)
                    and (until is null or k.local_date <= until)
                    and k.objective_id is not distinct from
                        nullif(objective, '00000000-0000-0000-0000-000000000000'))
            or l.outcome is null and l.session_id in (select h.session_id from kpi_hosts h
                where h.programme_id = of_programme and h.session_id = l.session_id
                    and h.objective_id is not distinct from
                        nullif(objective, '00000000-0000-0000-0000-000000000000')))
$$;
