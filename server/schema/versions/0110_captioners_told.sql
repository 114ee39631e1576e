-- What a captioner was told last of when she is expected; null: that it is off, or nothing yet.
alter table captioners add column told_starts_at timestamptz;
