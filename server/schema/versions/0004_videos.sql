-- A video keeps its URL; each film put under it is a version. The worker's truth is the version:
-- attempt and lease fence a job that was rescued elsewhere.
create table videos (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    company_id uuid not null,
    current_version_id uuid,
    created_at timestamptz not null default now(),
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, company_id) references companies (programme_id, id)
);

create table video_versions (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    video_id uuid not null,
    upload_id uuid not null,
    filename text not null default '',
    bytes bigint not null default 0,
    -- kept spans of the original in milliseconds, [[start, end], …]; null keeps everything
    edit jsonb,
    state text not null default 'uploaded'
        check (state in ('uploaded', 'probing', 'queued', 'encoding', 'ready', 'failed', 'cancelled')),
    attempt smallint not null default 0,
    lease uuid,
    is_cancel_wanted boolean not null default false,
    stage text not null default '',
    progress real not null default 0,
    seconds_left integer,
    probe jsonb,
    error_code text,
    error_params jsonb not null default '{}',
    notices jsonb not null default '[]',
    prefix text,
    duration_ms bigint,
    original_ms bigint,
    width integer,
    height integer,
    renditions jsonb not null default '[]',
    created_by uuid references persons,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ready_at timestamptz,
    retired_at timestamptz,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, video_id) references videos (programme_id, id),
    foreign key (programme_id, upload_id) references uploads (programme_id, id)
);
create index video_versions_by_video on video_versions (programme_id, video_id, created_at desc);
alter table videos add foreign key (programme_id, current_version_id)
    references video_versions (programme_id, id);
