-- What goes on in a room beside its picture. Its log is the truth: what is so now is what its lines
-- add up to. Beside it stands only what a log must not hold, or what others read without it.

-- phase: of the room's log. Without one an open room is live, a webinar's is what its webinar is.
alter table rooms
    add column phase text check (phase in ('green', 'lobby', 'live', 'paused', 'ended')),
    add column phase_at timestamptz;

-- Kinds are named where lines are made (rooms/live/room.py); in none is a text that pupils wrote.
alter table room_events drop constraint room_events_kind_check,
    add constraint room_events_kind_check check (kind ~ '^[a-z_]+$');

-- Questions everybody saw or sees. One that is taken back goes back to unseen_questions.
create table questions (
    programme_id uuid not null,
    id uuid not null,
    room_id uuid not null,
    session_class_id uuid not null,
    text text not null check (text <> ''),
    state text not null check (state in ('shown', 'on_stage', 'answered', 'archived')),
    asked_at timestamptz not null,
    primary key (programme_id, id),
    foreign key (programme_id, room_id) references rooms (programme_id, id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);
create index questions_by_room on questions (programme_id, room_id, asked_at);
create index questions_by_time on questions (asked_at);

-- Texts of questions that nobody has let through: read by the class's teacher and the moderator
-- only, in no backup, gone when dealt with and at the latest a day after the session.
create table unseen_questions (
    programme_id uuid not null,
    id uuid not null,
    room_id uuid not null,
    session_class_id uuid not null,
    text text not null check (text <> ''),
    asked_at timestamptz not null,
    primary key (programme_id, id),
    foreign key (programme_id, room_id) references rooms (programme_id, id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);
create index unseen_questions_by_room on unseen_questions (programme_id, room_id);

-- A device that was removed from a session: its token opens nothing there any more.
alter table seats add column banned_at timestamptz;

-- Pages that are in a room now for an adult: a teacher's, a classroom screen's, a moderator's.
-- Nothing but the last moment; after a crash nobody is there until she is heard of again.
create unlogged table room_adults (
    connection uuid primary key,
    programme_id uuid not null,
    room_id uuid not null,
    person_id uuid,
    session_class_ids uuid[] not null,
    is_moderator boolean not null,
    seen_until timestamptz not null
);
create index room_adults_by_room on room_adults (programme_id, room_id);

-- What somebody found wrong, with what was so at that moment. teller: the device's seat or the
-- person, so that one does not tell without end.
create table incidents (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    room_id uuid not null,
    session_class_id uuid,
    at timestamptz not null,
    about text not null,
    concern text not null,
    told_by text not null check (told_by in ('pupil', 'teacher', 'presenter', 'moderator')),
    teller uuid not null,
    evidence jsonb not null,
    seen_at timestamptz,
    seen_by uuid references persons,
    primary key (programme_id, id),
    foreign key (programme_id, room_id) references rooms (programme_id, id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);
create index incidents_by_time on incidents (programme_id, at);
