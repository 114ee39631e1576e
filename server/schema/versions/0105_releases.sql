-- Releases: the KPIs of a period as they left the programme, byte for byte, and links to read them.

-- document: canonical JSON, sha256 over exactly these bytes; csv: the same figures. as_of: the last
-- change of anything counted in it, or the period's end when that is later. No edition ever changes.
create table releases (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    since date not null,
    until date not null check (until >= since),
    edition integer not null check (edition > 0),
    is_provisional boolean not null,
    as_of timestamptz not null,
    document bytea not null,
    csv bytea not null,
    sha256 text not null check (sha256 = encode(sha256(document), 'hex')),
    made_by uuid references persons,
    made_at timestamptz not null,
    primary key (programme_id, id),
    unique (id),
    unique (programme_id, since, until, edition)
);

create function releases_stay() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or (new.programme_id, new.id, new.since, new.until, new.edition,
            new.is_provisional, new.as_of, new.document, new.csv, new.sha256, new.made_at)
        is distinct from (old.programme_id, old.id, old.since, old.until, old.edition,
            old.is_provisional, old.as_of, old.document, old.csv, old.sha256, old.made_at) then
        raise exception 'a release does not change';
    end if;
    return new;
end $$;
create trigger releases_stay before update or delete on releases
    for each row execute function releases_stay();

-- A funder's way in: to releases and nothing else, without an account.
create table release_links (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    label text not null check (label <> ''),
    token_hash bytea not null unique,
    made_by uuid references persons,
    made_at timestamptz not null,
    expires_on date not null,
    revoked_by uuid references persons,
    revoked_at timestamptz,
    primary key (programme_id, id)
);
