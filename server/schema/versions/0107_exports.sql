-- Exports: who took which rows out of the programme, and the files that take a while to make.

-- filters: as the page's address has them; wanted: the same, as a worker reads them. rows: how many left; null while it runs, and for one that
-- broke off. A file is its maker's only, and gone a day after.
create table exports (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    person_id uuid not null references persons,
    what text not null check (what ~ '^[a-z_]+$'),
    format text not null check (format in ('csv', 'json', 'xlsx')),
    filters text not null default '',
    language text not null default 'en',
    at timestamptz not null,
    rows integer check (rows >= 0),
    ended_at timestamptz,
    -- of a file that is made by a worker; null: sent at once
    state text check (state in ('waiting', 'working', 'ready', 'failed', 'gone')),
    attempt smallint not null default 0,
    lease uuid,
    alive_at timestamptz,
    wanted jsonb not null default '{}',
    rows_wanted integer,
    rows_done integer not null default 0,
    key text,
    bytes bigint,
    primary key (programme_id, id),
    unique (id)
);
create index exports_by_time on exports (programme_id, at desc);
create index exports_by_person on exports (person_id, at desc);
create index exports_made on exports (at) where state in ('waiting', 'working', 'ready', 'failed');
