-- One writer at a time, on any web process: who holds the pen, until when unless it is renewed,
-- and whether a newcomer asks for it. Every piece is added under the writer's lease.
alter table uploads
    add column writer uuid,
    add column writer_until timestamptz,
    add column is_writer_wanted boolean not null default false,
    add column ended_at timestamptz,
    -- since when no object without a row lies in its folder; null: to be looked through
    add column cleared_at timestamptz;
create index uploads_to_clear on uploads (created_at) where state <> 'open' and cleared_at is null;
-- The fence of a concatenation: its pieces keep the keys of the uploads they came from.
create unique index upload_pieces_by_key on upload_pieces (key);
