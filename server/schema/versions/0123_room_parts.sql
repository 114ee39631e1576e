-- A class in a room's session, as its teacher and its devices read it: one list of columns for all.
create view room_part_rows as
select s.programme_id, s.id as session_id, s.session_class_id, s.room_id, s.class_id, s.class_name,
    s.title, s.state, s.started_at, s.ended_at, s.zone, s.expected, s.declared, s.confirmed,
    s.left_at
from session_rows s
where s.room_id is not null;
