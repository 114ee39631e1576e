-- A classroom PC's seat goes with the sign-in that brought it. Null: it is there by itself, as is every
-- pupil's device.
alter table seats add column sign_in_id uuid references sign_ins on delete set null;
create index seats_of_sign_ins on seats (sign_in_id) where sign_in_id is not null;
