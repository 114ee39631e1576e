-- A presenter who hid her picture herself: it stays hidden after a pause, which hides everybody's,
-- and whichever process or page of hers died meanwhile.
alter table room_presenters add column hidden_at timestamptz;
