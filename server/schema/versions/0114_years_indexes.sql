-- What lists and the look at lessons need once five years are there.

-- A webinar's row counts who is in and who waits.
create index registrations_by_webinar on registrations (programme_id, webinar_id);
-- Sessions that ended lately and may have no result yet.
create index sessions_ended on sessions (ended_at) where state = 'ended';
