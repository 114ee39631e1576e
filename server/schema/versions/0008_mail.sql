-- A mail is a row before it is sent; message_id is fixed, so a repeat is recognised.
create table mails (
    id bigint generated always as identity primary key,
    programme_id uuid references programmes,
    person_id uuid references persons,
    to_address text not null,
    kind text not null,
    language text not null,
    subject text not null,
    text_body text not null,
    html_body text not null default '',
    message_id text not null unique,
    -- one mail per thing told: 'confirm:<session class>', 'tour_published:<tour>' …
    once_key text unique,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed', 'stopped')),
    attempt smallint not null default 0,
    last_error text not null default '',
    created_at timestamptz not null default now(),
    send_after timestamptz not null default now(),
    sent_at timestamptz
);
create index mails_waiting on mails (send_after) where state = 'waiting';

-- Kinds of mail a person wants no more.
create table mail_stops (
    person_id uuid not null references persons,
    kind text not null,
    at timestamptz not null default now(),
    primary key (person_id, kind)
);
