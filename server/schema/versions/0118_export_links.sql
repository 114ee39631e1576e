-- A funder who takes the file of a release along has no account: the link is on record.
alter table exports
    alter column person_id drop not null,
    add column link_id uuid,
    add foreign key (programme_id, link_id) references release_links (programme_id, id),
    add check (num_nonnulls(person_id, link_id) = 1);
