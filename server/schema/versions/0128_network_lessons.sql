-- A person's part of the report, also of one network or one objective: as it counts there, and of what has no
-- result yet as it would count now. A figure told by these leads to its lessons so.
create function report_part(
    of_programme uuid, sees_all boolean, regions uuid[], person uuid,
    since date, until date, school uuid, of_level text, watched uuid,
    region uuid, class uuid, company uuid, sector text, sitting text, network uuid, objective uuid
) returns setof report_lines language sql stable as $$
    select l.* from report_part(of_programme, sees_all, regions, person, since, until, school, of_level,
        watched, region, class, company, sector, sitting) l
    where (network is null
            or l.outcome is not null and l.session_class_id in (
                select k.session_class_id from kpi_classes k
                where k.programme_id = of_programme and k.network_id = network
                    and (since is null or k.local_date >= since)
                    and (until is null or k.local_date <= until))
            or l.outcome is null and exists (select from network_members m
                where m.programme_id = of_programme and m.school_id = l.school_id
                    and m.network_id = network and m.valid_from <= l.local_date
                    and (m.valid_to is null or m.valid_to > l.local_date)))
        and (objective is null
            or l.outcome is not null and l.session_class_id in (
                select k.session_class_id from kpi_classes k
                where k.programme_id = of_programme and k.objective_id = objective
                    and (since is null or k.local_date >= since)
                    and (until is null or k.local_date <= until))
            or l.outcome is null and l.tour_id in (select t.id from tours t
                where t.programme_id = of_programme and t.objective_id = objective)
            or l.outcome is null and l.room_id in (select w.room_id from webinars w
                where w.programme_id = of_programme and w.objective_id = objective))
$$;
