-- Calendar: what a mail carries for a calendar, what each person was told, and her own feed.

-- An iCalendar text beside the words of a mail, and what it asks of the calendar that reads it.
alter table mails
    add column calendar text not null default '',
    add column calendar_method text not null default ''
        check (calendar_method in ('', 'REQUEST', 'CANCEL')),
    add constraint mails_calendar check ((calendar = '') = (calendar_method = ''));

-- What stands in a person's calendar by our mails: the entry as she was told it last. Whatever the
-- webinar says by now and this does not is still to be told.
create table agenda_told (
    programme_id uuid not null,
    webinar_id uuid not null,
    person_id uuid not null references persons,
    is_in boolean not null,
    -- of her entry: grows with every mail about it
    sequence integer not null check (sequence >= 0),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    title text not null,
    told_at timestamptz not null,
    primary key (programme_id, webinar_id, person_id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create index agenda_told_by_person on agenda_told (person_id);

-- Who was thanked for a webinar that is over, with the report.
create table agenda_thanked (
    programme_id uuid not null,
    webinar_id uuid not null,
    person_id uuid not null references persons,
    at timestamptz not null,
    primary key (programme_id, webinar_id, person_id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);

-- A person's calendar to subscribe to, until she revokes it. Its secret is no row: the address is
-- signed with the installation's secret and names the row.
create table calendar_feeds (
    programme_id uuid not null references programmes,
    id uuid not null default gen_random_uuid(),
    person_id uuid not null references persons,
    made_at timestamptz not null,
    revoked_at timestamptz,
    primary key (programme_id, id),
    unique (id)
);
create unique index calendar_feeds_open on calendar_feeds (programme_id, person_id)
    where revoked_at is null;

-- Who has a webinar in her agenda now, and as what. A class's teachers, whoever registered herself,
-- its presenters and its moderators; nobody of a draft, nobody of those who wait.
create view agenda_places as
select w.programme_id, w.id as webinar_id, t.person_id, 'teacher' as part, r.class_id
from webinars w
join registrations r on (r.programme_id, r.webinar_id) = (w.programme_id, w.id) and r.state = 'in'
join class_teachers t on (t.programme_id, t.class_id) = (r.programme_id, r.class_id)
where w.state <> 'draft'
union all
select w.programme_id, w.id, r.registered_by, 'guest', null::uuid
from webinars w
join registrations r on (r.programme_id, r.webinar_id) = (w.programme_id, w.id) and r.state = 'in'
where w.state <> 'draft' and r.class_id is null
union all
select w.programme_id, w.id, p.person_id, 'presenter', null::uuid
from webinars w
join webinar_presenters p on (p.programme_id, p.webinar_id) = (w.programme_id, w.id)
where w.state <> 'draft' and p.person_id is not null and p.removed_at is null
union all
select w.programme_id, w.id, m.person_id, 'moderator', null::uuid
from webinars w
join webinar_moderators m on (m.programme_id, m.webinar_id) = (w.programme_id, w.id)
where w.state <> 'draft';
