-- Live captions: somebody types what is said, and every class reads it.

-- A captioner is invited by a link and needs no account. agreed_at: when she said that she comes.
create table captioners (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    webinar_id uuid not null,
    email text not null check (email = lower(email)),
    name text not null default '',
    language text not null,
    link_hash bytea not null unique,
    link_until timestamptz not null,
    invited_by uuid references persons,
    invited_at timestamptz not null,
    agreed_at timestamptz,
    removed_at timestamptz,
    primary key (programme_id, id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create unique index captioners_once on captioners (programme_id, webinar_id, email)
    where removed_at is null;

-- The lines of the last quarter of an hour, for whoever comes in later: no more than that, as nothing
-- of a session is recorded. Not in the room's log, which is kept for a month; in no backup.
create unlogged table live_captions (
    programme_id uuid not null,
    room_id uuid not null,
    id uuid not null,
    number bigint generated always as identity,
    captioner_id uuid not null,
    language text not null,
    text text not null,
    at timestamptz not null,
    primary key (programme_id, room_id, id)
);
create index live_captions_by_time on live_captions (at);
