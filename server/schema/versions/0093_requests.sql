-- Requests: a teacher invites a company for a guest lesson or a live tour for her class.

-- School, region, level and grade are copied: the invitation stays as it was asked.
-- weeks: Mondays. day and from_time: the date the company answered with, local in the programme's
-- zone. word_on: after this day the coordinators get word; last_day: after it the answer comes too
-- late. Both run anew when the turn goes to the other side.
create table requests (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    company_id uuid not null,
    class_id uuid not null,
    school_id uuid not null references schools,
    region_id uuid,
    level text not null,
    grade smallint,
    asked_by uuid references persons,
    asked_at timestamptz not null,
    kind text not null check (kind in ('guest_lesson', 'live_tour')),
    subject text not null check (subject <> ''),
    goal text not null check (goal <> ''),
    prior_knowledge text not null default '',
    room_setup text[] not null default '{}',
    weeks date[] not null check (cardinality(weeks) > 0),
    times text not null default '',
    minutes smallint not null check (minutes between 15 and 180),
    headcount smallint not null check (headcount between 1 and 400),
    state text not null default 'asked' check (state in ('asked', 'proposed', 'accepted',
        'declined', 'withdrawn', 'expired')),
    changed_at timestamptz not null,
    day date,
    from_time time,
    proposed_by uuid references persons,
    word_on date not null,
    last_day date not null check (last_day >= word_on),
    word_given_at timestamptz,
    webinar_id uuid,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, company_id) references companies (programme_id, id),
    foreign key (programme_id, class_id) references classes (programme_id, id),
    foreign key (programme_id, region_id) references regions (programme_id, id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id),
    check ((day is null) = (from_time is null)),
    check (day is not null or state not in ('proposed', 'accepted')),
    check ((webinar_id is not null) = (state = 'accepted'))
);
-- A class asks a company one thing at a time.
create unique index requests_open on requests (programme_id, company_id, class_id)
    where state in ('asked', 'proposed');
create index requests_by_class on requests (programme_id, class_id);
create index requests_by_webinar on requests (programme_id, webinar_id);

-- What happened to an invitation, in order; words: the reason somebody gave.
create table request_events (
    id bigint generated always as identity primary key,
    programme_id uuid not null,
    request_id uuid not null,
    at timestamptz not null,
    kind text not null check (kind in ('asked', 'propose', 'accept', 'decline', 'accept_date',
        'decline_date', 'withdraw', 'expire', 'word')),
    person_id uuid references persons,
    day date,
    from_time time,
    words text not null default '',
    foreign key (programme_id, request_id) references requests (programme_id, id)
);
create index request_events_by_request on request_events (programme_id, request_id, id);

-- An invitation with its names, as every page reads it.
create view request_rows as
select r.programme_id, r.id, r.company_id, c.name as company, c.place as company_place,
    c.region_id as company_region_id, r.class_id, k.name as class_name, r.school_id,
    s.name as school, s.place as school_place, r.region_id, r.level, r.grade, r.asked_by,
    coalesce(nullif(a.name, ''), a.email, '') as teacher,
    exists (select from roles t where t.programme_id = r.programme_id and t.person_id = r.asked_by
        and t.role = 'teacher' and t.school_id = r.school_id and t.is_confirmed
        and t.ended_at is null) as is_confirmed_teacher,
    r.asked_at, r.kind, r.subject, r.goal, r.prior_knowledge, r.room_setup, r.weeks, r.times,
    r.minutes, r.headcount, r.state, r.changed_at, r.day, r.from_time, r.proposed_by, r.word_on,
    r.last_day, r.word_given_at, r.webinar_id, coalesce(w.state, '') as webinar_state, w.room_id,
    p.zone
from requests r
join programmes p on p.id = r.programme_id
join companies c on (c.programme_id, c.id) = (r.programme_id, r.company_id)
join classes k on (k.programme_id, k.id) = (r.programme_id, r.class_id)
join schools s on s.id = r.school_id
left join persons a on a.id = r.asked_by
left join webinars w on (w.programme_id, w.id) = (r.programme_id, r.webinar_id);

-- Kinds of purges are named where they are made; each purge of a kind proves itself the same way.
alter table purges drop constraint purges_what_check,
    add constraint purges_what_check check (what ~ '^[a-z_]+$');
