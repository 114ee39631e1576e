-- An upload is this row plus numbered immutable pieces: a byte is acknowledged only when its
-- piece is durable and stands here.
create table uploads (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    company_id uuid not null,
    tour_id uuid,
    person_id uuid not null references persons,
    filename text not null default '',
    content_type text not null default '',
    metadata text not null default '',
    length bigint check (length >= 0),
    received bigint not null default 0,
    is_partial boolean not null default false,
    parts uuid[],
    state text not null default 'open' check (state in ('open', 'complete', 'used', 'ended')),
    video_version_id uuid,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, company_id) references companies (programme_id, id),
    check (length is null or received <= length)
);
create index uploads_by_expiry on uploads (expires_at) where state = 'open';
create index uploads_by_company on uploads (programme_id, company_id);

create table upload_pieces (
    upload_id uuid not null references uploads (id) on delete cascade,
    number integer not null,
    starts_at bigint not null,
    bytes bigint not null check (bytes > 0),
    key text not null,
    primary key (upload_id, number),
    unique (upload_id, starts_at)
);
