-- A stay in a network has a name of its own: what a school that was found to be another brought along
-- can go back, and nothing else.
alter table network_members add column id uuid not null default gen_random_uuid();
create unique index network_members_by_id on network_members (id);
