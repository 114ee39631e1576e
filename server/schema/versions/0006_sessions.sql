-- A session is one sitting of one tour (later: or webinar); its presence rule is frozen on it.
create table sessions (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    tour_id uuid not null,
    version_id uuid not null,
    organiser_id uuid not null references persons,
    state text not null default 'planned' check (state in ('planned', 'running', 'ended', 'cancelled')),
    zone text not null,
    planned_on date,
    period text not null default '',
    home_until timestamptz,
    -- the chosen part of the film in milliseconds, [[start, end], …]
    chosen jsonb not null,
    chapters smallint[] not null default '{}',
    pass_share numeric(4, 3) not null,
    gap_grace_s smallint not null default 15,
    rule_version text not null,
    -- the classroom screen's last report, followed by companions
    position_ms bigint not null default 0,
    is_playing boolean not null default false,
    position_at timestamptz,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz,
    local_date date,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, tour_id) references tours (programme_id, id),
    foreign key (programme_id, version_id) references video_versions (programme_id, id)
);
create index sessions_by_tour on sessions (programme_id, tour_id);
create index sessions_by_date on sessions (programme_id, local_date);

-- School, region, name and level are copied: a class may be renamed or its school move region,
-- the session reports under what was true that day.
create table session_classes (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    session_id uuid not null,
    class_id uuid not null,
    school_id uuid not null references schools,
    region_id uuid,
    class_name text not null,
    level text not null,
    is_confirmed_teacher boolean not null,
    expected smallint,
    declared smallint,
    declared_at timestamptz,
    confirmed smallint,
    confirmed_at timestamptz,
    confirmed_by uuid references persons,
    -- the network never returned: shown all the same, said by the teacher with a reason
    showing_declared_reason text,
    asked_to_confirm_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (programme_id, id),
    unique (id),
    unique (programme_id, session_id, class_id),
    foreign key (programme_id, session_id) references sessions (programme_id, id),
    foreign key (programme_id, class_id) references classes (programme_id, id),
    foreign key (programme_id, region_id) references regions (programme_id, id)
);
create index session_classes_by_class on session_classes (programme_id, class_id);
create index session_classes_by_school on session_classes (programme_id, school_id);
alter table sign_ins add foreign key (session_id) references sessions (id);
alter table screens add foreign key (session_id) references sessions (id);
