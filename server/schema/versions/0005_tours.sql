create table tours (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    company_id uuid not null,
    video_id uuid not null,
    slug text not null,
    state text not null default 'draft'
        check (state in ('draft', 'review', 'returned', 'published', 'unpublished')),
    original_language text not null default 'nl',
    spoken_languages text[] not null default '{nl}',
    nobody_speaks boolean not null default false,
    sectors text[] not null default '{}',
    levels text[] not null default '{}',
    subjects text[] not null default '{}',
    checks text[] not null default '{}',
    btm_types text[] not null default '{}' check (cardinality(btm_types) <= 2),
    rights_by uuid references persons,
    rights_at timestamptz,
    rights_until date,
    region_id uuid,
    created_by uuid not null references persons,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    asked_at timestamptz,
    published_at timestamptz,
    primary key (programme_id, id),
    unique (programme_id, slug),
    unique (id),
    foreign key (programme_id, company_id) references companies (programme_id, id),
    foreign key (programme_id, video_id) references videos (programme_id, id),
    foreign key (programme_id, region_id) references regions (programme_id, id)
);
create index tours_by_company on tours (programme_id, company_id);
create index tours_published on tours (programme_id, published_at desc) where state = 'published';

create table tour_texts (
    programme_id uuid not null,
    tour_id uuid not null,
    language text not null,
    title text not null default '',
    description text not null default '',
    search tsvector generated always as (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'B')
    ) stored,
    primary key (programme_id, tour_id, language),
    foreign key (programme_id, tour_id) references tours (programme_id, id) on delete cascade
);
create index tour_texts_search on tour_texts using gin (search);

-- Captions, chapters and watched ranges belong to a version of the film. Their times are those
-- of the version as it plays (after its edit).
create table chapters (
    programme_id uuid not null,
    version_id uuid not null,
    number smallint not null,
    starts_at_ms bigint not null check (starts_at_ms >= 0),
    title text not null,
    primary key (programme_id, version_id, number),
    foreign key (programme_id, version_id) references video_versions (programme_id, id)
);

create table captions (
    programme_id uuid not null,
    version_id uuid not null,
    language text not null,
    source text not null check (source in ('file', 'typed', 'spread', 'sound')),
    is_draft boolean not null default false,
    -- [{"start_ms": 0, "end_ms": 1500, "text": "one\ntwo"}, …]
    cues jsonb not null,
    changed_at timestamptz not null default now(),
    primary key (programme_id, version_id, language),
    foreign key (programme_id, version_id) references video_versions (programme_id, id)
);

create table documents (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    tour_id uuid not null,
    kind text not null check (kind in ('worksheet', 'guide')),
    language text not null default 'nl',
    filename text not null,
    content_type text not null,
    bytes bigint not null,
    key text not null,
    created_at timestamptz not null default now(),
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, tour_id) references tours (programme_id, id)
);

-- What happened to a tour on its way to publication; append-only.
create table tour_events (
    id bigint generated always as identity primary key,
    programme_id uuid not null,
    tour_id uuid not null,
    at timestamptz not null default now(),
    person_id uuid references persons,
    kind text not null check (kind in ('created', 'asked', 'withdrawn', 'returned', 'published',
        'unpublished', 'film_replaced', 'rights_ended')),
    reasons text not null default '',
    foreign key (programme_id, tour_id) references tours (programme_id, id)
);
create index tour_events_by_tour on tour_events (programme_id, tour_id, id);
