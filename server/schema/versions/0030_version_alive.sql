-- The worker that holds a version's lease says every few seconds that it lives. Only a version
-- whose worker has been silent may be taken over, and one nobody works at is queued again.
alter table video_versions add column alive_at timestamptz;
create index video_versions_busy on video_versions (state)
    where state in ('uploaded', 'probing', 'queued', 'encoding');
