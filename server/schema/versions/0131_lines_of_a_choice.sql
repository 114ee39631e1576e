-- Also what is chosen by school, tour, live room, or tours or live alone is summed from the index: of each
-- line of a region the table was read for these.
create index report_lines_sums_wider on report_lines (programme_id, region_id, local_date)
    include (state, company_id, reports_as, class_id, session_id, session_class_id, level, month,
        started_at, outcome, passes, is_poor, is_corrected, is_confirmed_teacher, headcount_source,
        pupils, student_seconds, school_id, tour_id, room_id);
drop index report_lines_sums;
alter index report_lines_sums_wider rename to report_lines_sums;
