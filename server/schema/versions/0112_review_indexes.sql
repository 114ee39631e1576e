-- Sums over a period read these few columns of wide rows: from the index alone.
create index session_class_results_sums on session_class_results
    (programme_id, session_class_id)
    include (outcome, measured_outcome, headcount_source, seats, cut_off, pupils, student_seconds);
drop index session_classes_by_region;
create index session_classes_by_region on session_classes (programme_id, region_id)
    include (session_id, id, class_id, school_id, level, is_confirmed_teacher);
