-- Whose a session as hosted is and which are asked for, in one place: a coordinator has her regions' organisers,
-- a company its own, the office all. Only what a class passed counts. Every wish is null or '' for all; the nil
-- uuid (or 'none', of sectors) asks for what belongs to none.
create function hosted_part(
    of_programme uuid, since date, until date, sees_all boolean, regions uuid[], companies uuid[],
    region uuid, network uuid, of_sector text, objective uuid, of_kind text, company uuid
) returns setof kpi_sessions language sql stable as $$
    select k.* from kpi_sessions k
    where k.programme_id = of_programme and k.is_attended
        and (since is null or k.local_date >= since) and (until is null or k.local_date <= until)
        and (sees_all or k.region_id = any(regions) or k.company_id = any(companies))
        and (region is null or k.region_id = region
            or region = '00000000-0000-0000-0000-000000000000' and k.region_id is null)
        and (network is null or k.network_id = network
            or network = '00000000-0000-0000-0000-000000000000' and k.network_id is null)
        and (of_sector = '' or k.sector = case when of_sector = 'none' then '' else of_sector end)
        and (objective is null or k.objective_id = objective
            or objective = '00000000-0000-0000-0000-000000000000' and k.objective_id is null)
        and (of_kind = '' or k.kind = of_kind)
        and (company is null or k.company_id = company
            or company = '00000000-0000-0000-0000-000000000000' and k.company_id is null)
$$;

-- A part of the report without network and objective: since 0129 nothing asks for it.
drop function report_part(
    uuid, boolean, uuid[], uuid, date, date, uuid, text, uuid, uuid, uuid, uuid, text, text);
