-- When a lesson began to count since its teacher was confirmed after it. Null: it counts by itself, or not yet.
alter table session_classes add column teacher_confirmed_at timestamptz;
create index session_classes_confirmed_late on session_classes (teacher_confirmed_at)
    where teacher_confirmed_at is not null;
