-- A purge's proof: a hash over its line and the proof before it, so that no line can go unseen. Null:
-- from before there were any.
alter table purges add column proof text check (proof ~ '^[0-9a-f]{64}$');

-- A person who had herself erased: when. Her row stays without name and address, for what she did.
alter table persons add column erased_at timestamptz;
