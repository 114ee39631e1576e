-- Programmes, regions, schools, companies, persons, roles, sign-ins, classes.
-- Programme-owned tables carry programme_id and are referenced by (programme_id, id):
-- a row of one programme cannot point at a row of another.

create table programmes (
    id uuid primary key default gen_random_uuid(),
    slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{1,40}$'),
    name text not null,
    country text not null default 'NL',
    zone text not null default 'Europe/Amsterdam',
    languages text[] not null default '{nl,en}',
    levels text[] not null default '{po,vmbo,praktijk,havo,vwo,mbo,hbo,wo}',
    school_year_starts smallint not null default 8 check (school_year_starts between 1 and 12),
    pass_share numeric(4, 3) not null default 0.600 check (pass_share > 0 and pass_share <= 1),
    is_public boolean not null default true,
    created_at timestamptz not null default now()
);

create table regions (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    name text not null,
    primary key (programme_id, id),
    unique (programme_id, name)
);

-- Installation-wide: a school exists once, whichever programmes work with it.
create table schools (
    id uuid primary key default gen_random_uuid(),
    country text not null,
    scheme text not null,
    code text not null,
    name text not null,
    place text not null default '',
    levels text[] not null default '{}',
    mail_domains text[] not null default '{}',
    created_at timestamptz not null default now(),
    unique (country, scheme, code)
);
create index schools_by_mail_domain on schools using gin (mail_domains);

create table school_regions (
    programme_id uuid not null references programmes,
    school_id uuid not null references schools,
    region_id uuid not null,
    valid_from date not null,
    valid_to date,
    primary key (programme_id, school_id, valid_from),
    foreign key (programme_id, region_id) references regions (programme_id, id),
    check (valid_to is null or valid_to > valid_from)
);
-- A school stands in one region at a time.
create unique index school_regions_open on school_regions (programme_id, school_id)
    where valid_to is null;

create table companies (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    about text not null default '',
    place text not null default '',
    region_id uuid,
    state text not null default 'asked' check (state in ('asked', 'active', 'refused', 'ended')),
    quota_bytes bigint not null default 200000000000,
    created_at timestamptz not null default now(),
    primary key (programme_id, id),
    unique (programme_id, slug),
    foreign key (programme_id, region_id) references regions (programme_id, id)
);

create table persons (
    id uuid primary key default gen_random_uuid(),
    email text not null unique check (email = lower(email)),
    name text not null default '',
    language text not null default 'nl',
    password_hash text,
    created_at timestamptz not null default now()
);

-- role: teacher, editor, presenter, moderator, coordinator, facilitator, bureau, safeguarding, operator
-- A teacher's tie to a school is provisional until a mail domain or a coordinator confirms it.
create table roles (
    id uuid primary key default gen_random_uuid(),
    programme_id uuid not null references programmes,
    person_id uuid not null references persons,
    role text not null check (role in ('teacher', 'editor', 'presenter', 'moderator', 'coordinator',
        'facilitator', 'bureau', 'safeguarding', 'operator')),
    region_id uuid,
    company_id uuid,
    school_id uuid references schools,
    is_confirmed boolean not null default true,
    confirmed_by uuid references persons,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    foreign key (programme_id, region_id) references regions (programme_id, id),
    foreign key (programme_id, company_id) references companies (programme_id, id),
    check (role <> 'editor' or company_id is not null),
    check (role <> 'teacher' or school_id is not null)
);
create index roles_by_person on roles (person_id) where ended_at is null;
create unique index roles_once on roles (programme_id, person_id, role,
    coalesce(region_id, company_id, school_id, programme_id)) where ended_at is null;

-- kind 'browser': a person's own; 'classroom': a classroom PC a teacher let in from her phone,
-- for one session only.
create table sign_ins (
    id uuid primary key default gen_random_uuid(),
    token_hash bytea not null unique,
    person_id uuid not null references persons,
    programme_id uuid references programmes,
    kind text not null default 'browser' check (kind in ('browser', 'classroom')),
    session_id uuid,
    device text not null default '',
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index sign_ins_by_person on sign_ins (person_id) where ended_at is null;

-- One mail with a link and a six-digit code. The browser that asked keeps ask_token, so that the
-- code may be typed there or on another device; wrong guesses count against the row.
create table sign_in_mails (
    id uuid primary key default gen_random_uuid(),
    email text not null,
    link_hash bytea not null unique,
    code_hash bytea not null,
    purpose text not null default 'sign_in',
    next_path text not null default '/',
    details jsonb not null default '{}',
    wrong_guesses smallint not null default 0,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index sign_in_mails_by_email on sign_in_mails (email, created_at);

-- A classroom screen that waits for its teacher: it shows a number (and a QR), she confirms it.
create table screens (
    id uuid primary key default gen_random_uuid(),
    token_hash bytea not null unique,
    link_hash bytea not null unique,
    number text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    confirmed_by uuid references persons,
    sign_in_id uuid references sign_ins,
    session_id uuid
);

create table api_tokens (
    id uuid primary key default gen_random_uuid(),
    token_hash bytea not null unique,
    person_id uuid not null references persons,
    programme_id uuid not null references programmes,
    name text not null default '',
    created_at timestamptz not null default now(),
    ended_at timestamptz
);

create table classes (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    school_id uuid not null references schools,
    name text not null,
    level text not null,
    grade smallint,
    subject text not null default '',
    school_year smallint not null,
    pupils smallint,
    code text not null,
    code_until date not null,
    link_token text not null unique,
    created_by uuid not null references persons,
    created_at timestamptz not null default now(),
    primary key (programme_id, id)
);
create unique index classes_by_code on classes (code);

create table class_teachers (
    programme_id uuid not null,
    class_id uuid not null,
    person_id uuid not null references persons,
    created_at timestamptz not null default now(),
    primary key (programme_id, class_id, person_id),
    foreign key (programme_id, class_id) references classes (programme_id, id)
);
create index class_teachers_by_person on class_teachers (person_id);

-- Wrong guesses and other counted tries. Keys are keyed HMACs of addresses or mails; rows are
-- gone within an hour, and with a crash: nothing personal is kept.
create unlogged table throttles (
    key bytea not null,
    bucket timestamptz not null,
    count integer not null,
    primary key (key, bucket)
);
