-- A tour as pages read it: with its company, its words in the original language, the film that
-- plays and the film that was added last. Reading only; every reader adds programme_id.
create view tour_rows as
select t.programme_id, t.id, t.company_id, t.video_id, t.slug, t.state, t.original_language,
       t.spoken_languages, t.nobody_speaks, t.sectors, t.levels, t.subjects, t.checks, t.btm_types,
       t.rights_by, t.rights_at, t.rights_until, t.created_at, t.changed_at, t.asked_at,
       t.published_at,
       p.slug as programme_slug, p.name as programme_name, p.zone, p.is_public,
       p.levels as programme_levels,
       c.slug as company_slug, c.name as company_name, c.about as company_about,
       c.place as company_place, c.region_id as company_region_id,
       coalesce(x.title, '') as title, coalesce(x.description, '') as description,
       v.current_version_id as version_id, w.duration_ms, w.edit,
       n.id as newest_id, n.state as newest_state,
       array(
           select k.language from captions k
           where k.programme_id = t.programme_id and k.version_id = v.current_version_id
             and not k.is_draft
           order by k.language
       ) as caption_languages
from tours t
join programmes p on p.id = t.programme_id
join companies c on c.programme_id = t.programme_id and c.id = t.company_id
join videos v on v.programme_id = t.programme_id and v.id = t.video_id
left join tour_texts x on x.programme_id = t.programme_id and x.tour_id = t.id
    and x.language = t.original_language
left join video_versions w on w.programme_id = v.programme_id and w.id = v.current_version_id
left join lateral (
    select y.id, y.state from video_versions y
    where y.programme_id = v.programme_id and y.video_id = v.id
    order by y.created_at desc, y.id limit 1
) n on true;

create unique index tours_by_video on tours (programme_id, video_id);
