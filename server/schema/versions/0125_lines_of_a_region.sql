-- Five years of a region are summed and listed from these columns, from the index alone: its lines lie on
-- every page of the table.
create index report_lines_sums on report_lines (programme_id, region_id, local_date)
    include (state, company_id, reports_as, class_id, session_id, session_class_id, level, month,
        started_at, outcome, passes, is_poor, is_corrected, is_confirmed_teacher, headcount_source,
        pupils, student_seconds);
drop index report_lines_by_region;
-- A school is asked for as it was and as it reports today: both are found by an index.
create index report_lines_by_reports_as on report_lines (reports_as);
