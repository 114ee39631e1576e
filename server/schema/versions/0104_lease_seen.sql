-- When a web process last had a line to the live process that has the room. Null: a lease of before;
-- nothing is concluded from it.
alter table room_leases add column seen_at timestamptz;
