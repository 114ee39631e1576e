-- Which worker processes live: each says so every few seconds. Unlogged: after a crash of the
-- database they say it again.
create unlogged table workers (
    id uuid primary key,
    started_at timestamptz not null,
    seen_at timestamptz not null
);
