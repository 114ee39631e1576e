-- Webinars: a sitting with many classes at a time that is said beforehand. A guest lesson and a live
-- tour are the same thing for one class, and stand in no list.

-- Its room and its planned session are made when it is announced: the presence rule is frozen then,
-- and its presenters can try the stage. The session runs from when the doors open.
create table webinars (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    kind text not null default 'webinar' check (kind in ('webinar', 'guest_lesson', 'live_tour')),
    state text not null default 'draft' check (state in ('draft', 'announced', 'open', 'live',
        'ended', 'archived', 'cancelled')),
    audience text not null default 'pupils'
        check (audience in ('pupils', 'teachers', 'parents', 'mixed')),
    original_language text not null default 'nl',
    sectors text[] not null default '{}',
    levels text[] not null default '{}',
    company_id uuid,
    region_id uuid,
    -- as planned, in local time; starts_at and ends_at are derived from them
    zone text not null,
    day date not null,
    from_time time not null,
    until_time time not null check (until_time > from_time),
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    pass_share numeric(4, 3) not null check (pass_share > 0 and pass_share <= 1),
    window_kind text not null default 'actual' check (window_kind in ('actual', 'scheduled')),
    -- in pupils, of those who are registered themselves in persons
    capacity integer not null default 1000 check (capacity between 1 and 100000),
    is_listed boolean not null default true,
    -- the first of a series is its name
    series_id uuid,
    -- of its entry in people's calendars: grows when time, title or state change
    sequence integer not null default 0 check (sequence >= 0),
    room_id uuid,
    -- the moderator who opened it
    host_id uuid references persons,
    created_by uuid references persons,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    announced_at timestamptz,
    opened_at timestamptz,
    live_at timestamptz,
    ended_at timestamptz,
    cancel_reason text not null default '',
    primary key (programme_id, id),
    unique (id),
    unique (programme_id, room_id),
    foreign key (programme_id, company_id) references companies (programme_id, id),
    foreign key (programme_id, region_id) references regions (programme_id, id),
    foreign key (programme_id, room_id) references rooms (programme_id, id),
    foreign key (programme_id, series_id) references webinars (programme_id, id),
    check (room_id is not null or state in ('draft', 'cancelled'))
);
create index webinars_by_time on webinars (programme_id, starts_at);
create index webinars_by_company on webinars (programme_id, company_id);

-- prepare: what a class does beforehand.
create table webinar_texts (
    programme_id uuid not null,
    webinar_id uuid not null,
    language text not null,
    title text not null default '',
    description text not null default '',
    prepare text not null default '',
    primary key (programme_id, webinar_id, language),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);

-- A presenter is invited by a link and has no account until she claims her place.
create table webinar_presenters (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    webinar_id uuid not null,
    email text not null check (email = lower(email)),
    name text not null default '',
    person_id uuid references persons,
    link_hash bytea not null unique,
    link_until timestamptz not null,
    invited_by uuid references persons,
    invited_at timestamptz not null,
    claimed_at timestamptz,
    removed_at timestamptz,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create unique index webinar_presenters_once on webinar_presenters (programme_id, webinar_id, email)
    where removed_at is null;
create index webinar_presenters_by_person on webinar_presenters (person_id);

-- What is known of a presenter before she meets pupils: the day on which somebody of the office
-- saw her certificate of conduct, and when she accepted the programme's code of conduct.
create table presenter_checks (
    programme_id uuid not null references programmes,
    person_id uuid not null references persons,
    vetted_on date,
    vetted_by uuid references persons,
    conduct_accepted_at timestamptz,
    primary key (programme_id, person_id)
);

create table webinar_moderators (
    programme_id uuid not null,
    webinar_id uuid not null,
    person_id uuid not null references persons,
    added_at timestamptz not null,
    primary key (programme_id, webinar_id, person_id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create index webinar_moderators_by_person on webinar_moderators (person_id);

-- What happened to a webinar; append-only.
create table webinar_events (
    id bigint generated always as identity primary key,
    programme_id uuid not null,
    webinar_id uuid not null,
    at timestamptz not null,
    person_id uuid references persons,
    verb text not null,
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create index webinar_events_by_webinar on webinar_events (programme_id, webinar_id, id);

-- window_kind: what attendance is held against; 'scheduled': the planned times beside it.
alter table sessions
    add column window_kind text not null default 'actual'
        check (window_kind in ('actual', 'scheduled')),
    add column scheduled_from timestamptz,
    add column scheduled_until timestamptz,
    add constraint sessions_scheduled check (scheduled_until > scheduled_from
        or window_kind = 'actual');
