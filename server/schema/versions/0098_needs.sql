-- What needs a coordinator: who stands in for her, what she has looked at, and how to find both fast.

-- Somebody of the programme who does a coordinator's work from one local day to another, both inside.
-- It ends by itself; what she then does stands under her own name.
create table deputies (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    person_id uuid not null references persons,
    deputy_id uuid not null references persons check (deputy_id <> person_id),
    from_day date not null,
    until_day date not null check (until_day >= from_day),
    named_by uuid not null references persons,
    named_at timestamptz not null,
    ended_by uuid references persons,
    ended_at timestamptz,
    primary key (programme_id, id)
);
create unique index deputies_once on deputies (programme_id, person_id, deputy_id, from_day)
    where ended_at is null;
create index deputies_by_deputy on deputies (deputy_id) where ended_at is null;

-- A lesson that only had to be looked at, and was.
create table needs_seen (
    programme_id uuid not null,
    session_class_id uuid not null,
    seen_by uuid not null references persons,
    seen_at timestamptz not null,
    primary key (programme_id, session_class_id),
    foreign key (programme_id, session_class_id) references session_classes (programme_id, id)
);

create index tours_in_review on tours (programme_id, asked_at) where state = 'review';
create index tours_by_rights on tours (programme_id, rights_until) where state = 'published';
create index requests_waiting on requests (programme_id, word_on)
    where state in ('asked', 'proposed');
create index roles_unconfirmed on roles (programme_id, created_at)
    where role = 'teacher' and not is_confirmed and ended_at is null;
create index companies_asking on companies (programme_id, created_at) where state = 'asked';
create index sessions_planned on sessions (programme_id, planned_on) where state = 'planned';

-- How often a connection was cut while the class watched; kept with the result, as that outlives
-- the visits.
alter table session_class_results add column cut_off integer not null default 0;
update session_class_results r set cut_off = (
    select count(*) from jsonb_array_elements(r.intervals) s,
        jsonb_array_elements(case when jsonb_typeof(s -> 'visits') = 'array' then s -> 'visits'
            else '[]' end) v
    where v ->> 2 = 'lost');
