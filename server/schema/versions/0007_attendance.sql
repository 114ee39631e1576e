-- A seat is one device in one session class: a random token, kept only as its hash.
create table seats (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    session_class_id uuid not null,
    kind text not null check (kind in ('beamer', 'companion', 'own')),
    is_waiting boolean not null default false,
    token_hash bytea not null unique,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);
create index seats_by_session_class on seats (programme_id, session_class_id);

-- One connection's continuous presence. watched: milliseconds of the film, half-open.
create table visits (
    id bigint generated always as identity primary key,
    programme_id uuid not null,
    seat_id uuid not null,
    connection uuid not null unique,
    started_at timestamptz not null,
    seen_until timestamptz not null,
    ended_at timestamptz,
    end_reason text check (end_reason in ('left', 'lost', 'server_restart', 'session_ended', 'taken_over')),
    watched int8multirange not null default '{}',
    media_flowed boolean not null default false,
    is_late boolean not null default false,
    last_beat bigint not null default 0,
    foreign key (programme_id, seat_id) references seats (programme_id, id),
    check (seen_until >= started_at)
);
create index visits_by_seat on visits (programme_id, seat_id);
create index visits_open on visits (seen_until) where ended_at is null;

create table visit_events (
    visit_id bigint not null references visits,
    number bigint not null,
    at timestamptz not null,
    kind text not null check (kind in ('connected', 'media_flowing', 'media_stopped', 'shown', 'hidden',
        'late_received', 'disconnected', 'server_restarted')),
    primary key (visit_id, number)
);

-- Derived; rebuilt whole on every closing and correction.
create table session_class_results (
    programme_id uuid not null,
    session_class_id uuid not null,
    outcome text not null check (outcome in ('no_show', 'joined_only', 'partial', 'present',
        'unknown_network', 'replay_only', 'declared')),
    reason_code text not null,
    reason_params jsonb not null default '{}',
    window_ms bigint not null,
    present_ms bigint not null,
    headcount smallint not null,
    headcount_source text not null check (headcount_source in ('confirmed', 'declared', 'measured', 'corrected')),
    seats smallint not null,
    seats_passed smallint not null,
    pupils smallint not null,
    student_seconds bigint not null,
    has_beamer boolean not null,
    -- [{"seat": n, "kind": "beamer", "intervals": [[a, b], …]}, …] for the time line
    intervals jsonb not null default '[]',
    rule_version text not null,
    computed_at timestamptz not null,
    primary key (programme_id, session_class_id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);

create table corrections (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    session_class_id uuid not null,
    field text not null check (field in ('headcount', 'outcome')),
    measured text not null,
    corrected text not null,
    reason text not null check (reason <> ''),
    person_id uuid not null references persons,
    at timestamptz not null default now(),
    undone_at timestamptz,
    undone_by uuid references persons,
    primary key (programme_id, id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);
create index corrections_by_session_class on corrections (programme_id, session_class_id, at);
