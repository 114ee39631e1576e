-- After a webinar: what was thought of it, how long its presenters prepared, questions that had no turn.

-- Three answers from 1 (not true) to 5 (quite true). Nobody's: neither who nor when; the order of rows
-- tells nothing either, as their number is a random one.
create table webinar_feedback (
    programme_id uuid not null,
    id uuid not null default gen_random_uuid(),
    webinar_id uuid not null,
    clear smallint not null check (clear between 1 and 5),
    useful smallint not null check (useful between 1 and 5),
    again smallint not null check (again between 1 and 5),
    primary key (programme_id, id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);
create index webinar_feedback_by_webinar on webinar_feedback (programme_id, webinar_id);

-- That somebody has answered, apart from what: an HMAC that only the installation's secret makes.
create table webinar_feedback_given (
    programme_id uuid not null,
    webinar_id uuid not null,
    key bytea not null,
    primary key (programme_id, webinar_id, key),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);

-- Asked once. No row: not told, and never estimated.
create table webinar_preparations (
    programme_id uuid not null,
    webinar_id uuid not null,
    person_id uuid not null references persons,
    minutes integer not null check (minutes between 0 and 6000),
    told_at timestamptz not null,
    primary key (programme_id, webinar_id, person_id),
    foreign key (programme_id, webinar_id) references webinars (programme_id, id)
);

-- The company's answer to a question that had no turn; it goes with the question.
create table question_answers (
    programme_id uuid not null,
    question_id uuid not null,
    answer text not null check (answer <> ''),
    answered_by uuid references persons,
    answered_at timestamptz not null,
    primary key (programme_id, question_id),
    foreign key (programme_id, question_id) references questions (programme_id, id)
        on delete cascade
);

-- When the digest of such questions was sent.
alter table webinars add column questions_sent_at timestamptz;
