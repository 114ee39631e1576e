-- How well the stage comes in at devices that watch it now, in the page's own words: for the moderator,
-- per class. Nothing but the last moment, of no device by name.
create unlogged table seat_quality (
    connection uuid primary key,
    quality text not null check (quality in ('good', 'fair', 'sound', 'poor', 'none')),
    rung text check (rung in ('udp', 'tcp', 'turn')),
    at timestamptz not null
);
create index seat_quality_by_time on seat_quality (at);
