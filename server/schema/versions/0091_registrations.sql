-- Registrations: a class for a webinar, or a teacher herself (class_id null) for a teachers' one.

-- expected: pupils, the measure of capacity; 1 for a teacher herself. A class that is in becomes a
-- session class when it comes, and when the webinar is over without it.
create table registrations (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    webinar_id uuid not null,
    class_id uuid,
    registered_by uuid not null references persons,
    registered_at timestamptz not null,
    state text not null check (state in ('in', 'waiting', 'cancelled')),
    expected smallint not null check (expected between 1 and 400),
    devices text not null default 'one' check (devices in ('one', 'many')),
    needs text[] not null default '{}'
        check (needs <@ array['captions', 'sign_language', 'quiet_start', 'large_print']),
    -- the lesson's own times, local, on the webinar's day
    lesson_from time,
    lesson_until time check (lesson_until > lesson_from),
    -- what is shown when the live fails
    plan_b_tour_id uuid,
    let_in_by uuid references persons,
    let_in_at timestamptz,
    cancelled_at timestamptz,
    changed_at timestamptz not null,
    session_class_id uuid references session_classes (id),
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id),
    foreign key (programme_id, class_id) references classes (programme_id, id),
    foreign key (programme_id, plan_b_tour_id) references tours (programme_id, id),
    check ((lesson_from is null) = (lesson_until is null)),
    check (class_id is not null or expected = 1)
);
create unique index registrations_once on registrations (programme_id, webinar_id, class_id)
    where class_id is not null;
create unique index registrations_of_person
    on registrations (programme_id, webinar_id, registered_by) where class_id is null;
create index registrations_by_class on registrations (programme_id, class_id);
create index registrations_by_person on registrations (registered_by);

-- A lesson's own times: its attendance is held against what of the window lies in them.
alter table session_classes
    add column lesson_from timestamptz,
    add column lesson_until timestamptz,
    add constraint session_classes_lesson check (lesson_until > lesson_from);

-- A webinar as every page reads it. pupils_in: of those that are in, what capacity is held against;
-- waiting: how many registrations wait. texts: by language.
create view webinar_rows as
select w.programme_id, w.id, w.kind, w.state, w.audience, w.original_language, w.sectors, w.levels,
    w.company_id, w.region_id, w.zone, w.day, w.from_time, w.until_time, w.starts_at, w.ends_at,
    w.pass_share, w.window_kind, w.capacity, w.is_listed, w.series_id, w.sequence, w.room_id,
    w.host_id, w.created_by, w.created_at, w.changed_at, w.announced_at, w.opened_at, w.live_at,
    w.ended_at, w.cancel_reason, p.slug as programme_slug, p.name as programme_name, p.is_public,
    coalesce(c.name, '') as company_name, coalesce(c.slug, '') as company_slug,
    coalesce(g.name, '') as region_name,
    coalesce((select jsonb_object_agg(t.language, jsonb_build_object('title', t.title,
            'description', t.description, 'prepare', t.prepare))
        from webinar_texts t where (t.programme_id, t.webinar_id) = (w.programme_id, w.id)),
        '{}') as texts,
    array(select m.person_id from webinar_moderators m
        where (m.programme_id, m.webinar_id) = (w.programme_id, w.id)
        order by m.added_at, m.person_id) as moderator_ids,
    array(select r.person_id from webinar_presenters r
        where (r.programme_id, r.webinar_id) = (w.programme_id, w.id)
            and r.person_id is not null and r.removed_at is null
        order by r.claimed_at, r.id) as presenter_ids,
    (select coalesce(sum(r.expected), 0) from registrations r
        where (r.programme_id, r.webinar_id) = (w.programme_id, w.id)
            and r.state = 'in')::integer as pupils_in,
    (select count(*) from registrations r
        where (r.programme_id, r.webinar_id) = (w.programme_id, w.id)
            and r.state = 'waiting')::integer as waiting
from webinars w
join programmes p on p.id = w.programme_id
left join companies c on (c.programme_id, c.id) = (w.programme_id, w.company_id)
left join regions g on (g.programme_id, g.id) = (w.programme_id, w.region_id);

-- A room with its session and, when it is a webinar's, who is who in that. A presenter is vetted
-- once the office has seen her certificate and she has accepted the code of conduct; a teacher is
-- one of its teachers when a class of hers is registered and not cancelled.
create view room_rows as
select r.programme_id, r.id, s.id as session_id, r.title, r.company_id,
    coalesce(c.name, '') as company, r.region_id, r.zone, r.opened_by, r.opened_at, r.closed_at,
    r.last_number, w.id as webinar_id, w.state as webinar_state, w.audience, w.is_listed,
    array(select m.person_id from webinar_moderators m
        where (m.programme_id, m.webinar_id) = (w.programme_id, w.id)) as moderator_ids,
    array(select e.person_id from webinar_presenters e
        where (e.programme_id, e.webinar_id) = (w.programme_id, w.id)
            and e.person_id is not null and e.removed_at is null) as presenter_ids,
    array(select e.person_id from webinar_presenters e
        join presenter_checks k on (k.programme_id, k.person_id) = (e.programme_id, e.person_id)
        where (e.programme_id, e.webinar_id) = (w.programme_id, w.id) and e.removed_at is null
            and k.vetted_on is not null and k.conduct_accepted_at is not null) as vetted_ids,
    array(select t.person_id from registrations g
        join class_teachers t on (t.programme_id, t.class_id) = (g.programme_id, g.class_id)
        where (g.programme_id, g.webinar_id) = (w.programme_id, w.id)
            and g.state <> 'cancelled') as teacher_ids
from rooms r
join sessions s on (s.programme_id, s.room_id) = (r.programme_id, r.id)
left join companies c on (c.programme_id, c.id) = (r.programme_id, r.company_id)
left join webinars w on (w.programme_id, w.room_id) = (r.programme_id, r.id);

-- A registration with the words its lists show; the class as it is called today.
create view registration_rows as
select g.programme_id, g.id, g.webinar_id, g.class_id, coalesce(c.name, '') as class_name,
    coalesce(c.level, '') as level, coalesce(o.name, '') as school,
    coalesce(n.name, '') as region, g.registered_by,
    coalesce(nullif(p.name, ''), p.email) as by, g.registered_at, g.state,
    g.expected::integer as expected, g.devices, g.needs, g.lesson_from, g.lesson_until,
    g.plan_b_tour_id, coalesce(x.title, '') as plan_b_title, coalesce(t.slug, '') as plan_b_slug,
    g.session_class_id
from registrations g
join persons p on p.id = g.registered_by
left join classes c on (c.programme_id, c.id) = (g.programme_id, g.class_id)
left join schools o on o.id = c.school_id
left join school_regions a on (a.programme_id, a.school_id) = (g.programme_id, c.school_id)
    and a.valid_to is null
left join regions n on (n.programme_id, n.id) = (a.programme_id, a.region_id)
left join tours t on (t.programme_id, t.id) = (g.programme_id, g.plan_b_tour_id)
left join tour_texts x on (x.programme_id, x.tour_id, x.language)
    = (t.programme_id, t.id, t.original_language);
