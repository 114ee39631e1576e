-- The words of a reported question that nobody had let through: apart from the evidence, in no backup,
-- and gone like other questions.
create table incident_words (
    programme_id uuid not null,
    incident_id uuid not null,
    words text not null check (words <> ''),
    primary key (programme_id, incident_id),
    foreign key (programme_id, incident_id) references incidents (programme_id, id)
        on delete cascade
);
