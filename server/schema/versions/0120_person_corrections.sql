-- What somebody who leads a webinar says of a person who came by herself, over what was measured;
-- the measured outcome stays beside it. The last that is not undone holds.
create table person_corrections (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    webinar_id uuid not null,
    person_id uuid not null references persons,
    measured text not null,
    corrected text not null check (corrected in ('present', 'partial', 'no_show')),
    reason text not null check (reason <> ''),
    corrected_by uuid references persons,
    at timestamptz not null,
    undone_at timestamptz,
    undone_by uuid references persons,
    primary key (programme_id, id),
    unique (id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create index person_corrections_by_webinar on person_corrections (programme_id, webinar_id, at);
create index person_corrections_by_person on person_corrections (person_id);
