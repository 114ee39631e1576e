-- Live rooms: who presents and who is there. The picture itself is the live process's alone.

-- A room is open from its first moment until it is closed. last_number: of its log.
create table rooms (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    title text not null check (title <> ''),
    company_id uuid,
    region_id uuid,
    zone text not null,
    opened_by uuid references persons,
    opened_at timestamptz not null,
    closed_at timestamptz check (closed_at >= opened_at),
    last_number bigint not null default 0,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, company_id) references companies (programme_id, id),
    foreign key (programme_id, region_id) references regions (programme_id, id)
);
create index rooms_open on rooms (programme_id, opened_at) where closed_at is null;

-- Which live process the room is in. The epoch grows with every other process, so that a command
-- of somebody who does not know that yet is refused there.
create table room_leases (
    programme_id uuid not null,
    room_id uuid not null,
    live_address text not null,
    process uuid not null,
    epoch bigint not null default 1 check (epoch > 0),
    taken_at timestamptz not null,
    primary key (programme_id, room_id),
    foreign key (programme_id, room_id) references rooms (programme_id, id)
);

-- A presenter's place in a room: the member of the live core. Removed, she does not come back.
create table room_presenters (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    room_id uuid not null,
    person_id uuid references persons,
    came_at timestamptz not null,
    removed_at timestamptz,
    primary key (programme_id, id),
    unique (id),
    unique (programme_id, room_id, person_id),
    foreign key (programme_id, room_id) references rooms (programme_id, id)
);
create index room_presenters_by_person on room_presenters (person_id);

-- What a presenter types into OBS in place of signing in; kept only as its hash.
create table stream_keys (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    presenter_id uuid not null,
    token_hash bytea not null unique,
    label text not null default '',
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    primary key (programme_id, id),
    foreign key (programme_id, presenter_id) references room_presenters (programme_id, id)
);
create index stream_keys_by_presenter on stream_keys (programme_id, presenter_id);

-- What happened in a room, in order; nothing in `data` names anybody but by a member's id.
create table room_events (
    programme_id uuid not null,
    room_id uuid not null,
    number bigint not null check (number > 0),
    at timestamptz not null,
    kind text not null check (kind in ('presenter_came', 'presenter_left', 'on_air', 'off_air',
        'closed')),
    data jsonb not null default '{}',
    primary key (programme_id, room_id, number),
    foreign key (programme_id, room_id) references rooms (programme_id, id)
);
create index room_events_by_time on room_events (at);

-- A session is one sitting of a tour, or of a room. A room's has no film, and many classes.
alter table sessions
    add column room_id uuid,
    alter column tour_id drop not null,
    alter column version_id drop not null,
    add foreign key (programme_id, room_id) references rooms (programme_id, id),
    add unique (programme_id, room_id),
    add constraint sessions_of_one_thing check (num_nonnulls(tour_id, room_id) = 1
        and num_nonnulls(version_id, room_id) = 1),
    drop constraint sessions_end_reason_check,
    add constraint sessions_end_reason_check check (end_reason in ('teacher', 'idle',
        'home_time_over', 'not_shown', 'next_tour', 'room_closed'));

-- Who brought a class into a room, and since when: its teacher, while the room is somebody else's.
-- It may leave a room that stays open for others, and come back to the same row.
alter table session_classes
    add column took_part_by uuid references persons,
    add column took_part_at timestamptz,
    add column left_at timestamptz;

-- The spans on air of a room's session: the window its attendance is held against. A span ends
-- where it was last seen; ended_at only says that it does not go on.
create table on_air (
    id bigint generated always as identity primary key,
    programme_id uuid not null,
    session_id uuid not null,
    started_at timestamptz not null,
    seen_until timestamptz not null,
    ended_at timestamptz,
    foreign key (programme_id, session_id) references sessions (programme_id, id),
    check (seen_until >= started_at),
    check (ended_at = seen_until)
);
create index on_air_by_session on on_air (programme_id, session_id, started_at);
create index on_air_open on on_air (seen_until) where ended_at is null;
create unique index on_air_one_open on on_air (programme_id, session_id) where ended_at is null;

-- rung: by which way picture and sound came last. away_since: the page is neither seen nor heard.
-- In a room `watched` holds the moments at which the page was seen or heard: milliseconds since
-- 1970.
alter table visits
    add column rung text check (rung in ('udp', 'tcp', 'turn')),
    add column away_since timestamptz;

-- A screen that waits is let in for one class of a session.
alter table screens add column session_class_id uuid references session_classes (id);

-- What a school's network let through when a teacher of it tried; nothing of a person. device:
-- browser and system in a few words.
create table school_checks (
    id bigint generated always as identity primary key,
    programme_id uuid not null references programmes,
    school_id uuid not null references schools,
    at timestamptz not null,
    rungs jsonb not null,
    device text not null default ''
);
create index school_checks_by_school on school_checks (programme_id, school_id, at);

alter table purges drop constraint purges_what_check,
    add constraint purges_what_check check (what in ('visit_events', 'seat_intervals',
        'class_names', 'room_events', 'stream_keys', 'presenters', 'school_checks'));

-- Both kinds of sitting, as every page reads them: of a room, what is the film's is null. A class's
-- organiser is who brought it there.
create or replace view session_rows as
select s.programme_id, s.id, s.tour_id, s.version_id,
    coalesce(c.took_part_by, s.organiser_id) as organiser_id, s.state, s.zone, s.planned_on, s.period,
    s.home_until, s.chosen, s.chapters, s.pass_share, s.gap_grace_s, s.rule_version,
    s.position_ms, s.is_playing, s.position_at, s.created_at, s.started_at, s.ended_at,
    s.end_reason, s.local_date, c.id as session_class_id, c.class_id, c.school_id, c.region_id,
    c.class_name, c.level, c.is_confirmed_teacher, c.expected, c.declared, c.confirmed,
    c.showing_declared_reason, v.video_id, v.duration_ms as film_ms,
    coalesce(t.company_id, r.company_id) as company_id,
    t.slug as tour_slug, t.original_language, coalesce(x.title, r.title, '') as title,
    s.room_id, c.left_at
from sessions s
join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
left join video_versions v on (v.programme_id, v.id) = (s.programme_id, s.version_id)
left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
left join tour_texts x on (x.programme_id, x.tour_id, x.language)
    = (t.programme_id, t.id, t.original_language)
left join rooms r on (r.programme_id, r.id) = (s.programme_id, s.room_id);

-- A room of the programme itself has no company.
create or replace view report_rows as
select s.programme_id, s.session_class_id, s.id as session_id, s.class_id, s.school_id,
    o.name as school, o.code as school_code, o.place, s.region_id, coalesce(g.name, '') as region,
    s.class_name, s.level, s.is_confirmed_teacher, s.tour_id, s.title, s.company_id,
    coalesce(m.name, '') as company, s.state, s.zone, s.local_date, s.started_at, s.ended_at,
    s.pass_share::float8 as pass_share, s.rule_version, r.outcome, r.measured_outcome,
    r.reason_code, r.reason_params, r.window_ms, r.present_ms, r.headcount, r.measured_headcount,
    r.headcount_source, r.seats, r.seats_passed, r.pupils, r.student_seconds, r.has_beamer,
    coalesce(k.reason, '') as correction_reason, coalesce(k.by, '') as corrected_by,
    k.at as corrected_at, s.room_id
from session_rows s
join schools o on o.id = s.school_id
left join companies m on (m.programme_id, m.id) = (s.programme_id, s.company_id)
left join regions g on (g.programme_id, g.id) = (s.programme_id, s.region_id)
left join session_class_results r on s.state = 'ended'
    and (r.programme_id, r.session_class_id) = (s.programme_id, s.session_class_id)
left join lateral (
    select string_agg(c.reason, ' / ' order by c.at) as reason, max(c.at) as at,
        string_agg(distinct coalesce(nullif(p.name, ''), p.email), ' / ') as by
    from corrections c join persons p on p.id = c.person_id
    where (c.programme_id, c.session_class_id) = (s.programme_id, s.session_class_id)
        and c.undone_at is null
) k on true
where s.state in ('running', 'ended');
