-- Networks: named groups of schools and companies, such as schools with a university of theirs.
-- named_at: since when it is called so; a release made since then says so.
create table networks (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    name text not null check (name <> ''),
    named_at timestamptz not null,
    primary key (programme_id, id),
    unique (id),
    unique (programme_id, name)
);

-- A school or a company of it, from a day up to another. In one network at a time: what happened
-- that day counts in that one, so that the parts of a programme add up.
create table network_members (
    programme_id uuid not null references programmes,
    network_id uuid not null,
    school_id uuid references schools,
    company_id uuid,
    member_id uuid not null generated always as (coalesce(school_id, company_id)) stored,
    valid_from date not null,
    valid_to date,
    primary key (programme_id, member_id, valid_from),
    foreign key (programme_id, network_id) references networks (programme_id, id),
    foreign key (programme_id, company_id) references companies (programme_id, id),
    check (num_nonnulls(school_id, company_id) = 1),
    check (valid_to is null or valid_to > valid_from)
);
create unique index network_members_open on network_members (programme_id, member_id)
    where valid_to is null;
create index network_members_by_network on network_members (programme_id, network_id);

-- Of the class's school, and of the organiser, on the session's day.
alter table kpi_classes add column network_id uuid;
alter table kpi_sessions add column network_id uuid;

-- Since when regions and objectives are called as they are; null: from the start.
alter table regions add column named_at timestamptz;
alter table objectives add column named_at timestamptz;

-- Whose care a facilitator has: her pairs, and with a school also those that it took over.
create function paired(of_programme uuid, person uuid)
    returns table (school_id uuid, company_id uuid) language sql stable as $$
    select f.school_id, f.company_id from facilitator_pairs f
    where f.programme_id = of_programme and f.person_id = person and f.ended_at is null
    union
    select o.id, f.company_id from facilitator_pairs f join schools o on o.reports_as = f.school_id
    where f.programme_id = of_programme and f.person_id = person and f.ended_at is null
$$;
