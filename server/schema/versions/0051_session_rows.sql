-- A session with its class and the words of its tour, as every page reads it.
create view session_rows as
select s.programme_id, s.id, s.tour_id, s.version_id, s.organiser_id, s.state, s.zone, s.planned_on,
    s.period, s.home_until, s.chosen, s.chapters, s.pass_share, s.gap_grace_s, s.rule_version,
    s.position_ms, s.is_playing, s.position_at, s.created_at, s.started_at, s.ended_at,
    s.end_reason, s.local_date, c.id as session_class_id, c.class_id, c.school_id, c.region_id,
    c.class_name, c.level, c.is_confirmed_teacher, c.expected, c.declared, c.confirmed,
    c.showing_declared_reason, v.video_id, v.duration_ms as film_ms, t.company_id,
    t.slug as tour_slug, t.original_language, coalesce(x.title, '') as title
from sessions s
join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
join video_versions v on (v.programme_id, v.id) = (s.programme_id, s.version_id)
join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
left join tour_texts x on (x.programme_id, x.tour_id, x.language)
    = (t.programme_id, t.id, t.original_language);
