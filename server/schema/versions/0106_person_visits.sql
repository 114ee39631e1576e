-- Attendance of those who come by themselves: a teacher in a webinar for teachers. The key is the
-- signed-in person, as a seat is that of a device of a class; no class, school or headcount counts.

-- One connection's continuous presence. present: when its page was seen or heard, in milliseconds
-- since 1970. rung: the way by which picture or sound came; null: none ever did.
create table person_visits (
    connection uuid primary key,
    programme_id uuid not null,
    webinar_id uuid not null,
    person_id uuid not null references persons,
    started_at timestamptz not null,
    seen_until timestamptz not null check (seen_until >= started_at),
    ended_at timestamptz,
    present int8multirange not null default '{}',
    rung text check (rung in ('udp', 'tcp', 'turn')),
    last_beat bigint not null default 0,
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create index person_visits_by_webinar on person_visits (programme_id, webinar_id, person_id);
create index person_visits_by_time on person_visits (programme_id, started_at);

-- What the rule that was frozen onto the session makes of it; kept when the visits are gone.
create table person_results (
    programme_id uuid not null,
    webinar_id uuid not null,
    person_id uuid not null references persons,
    outcome text not null,
    reason text not null,
    present_ms bigint not null check (present_ms >= 0),
    window_ms bigint not null check (window_ms >= present_ms),
    pass_share numeric(4, 3) not null,
    rule_version integer not null,
    decided_at timestamptz not null,
    primary key (programme_id, webinar_id, person_id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
