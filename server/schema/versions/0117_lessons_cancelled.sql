-- A lesson that was agreed to is called off by either side, with a reason.
alter table request_events drop constraint request_events_kind_check,
    add constraint request_events_kind_check check (kind in ('asked', 'propose', 'accept',
        'decline', 'accept_date', 'decline_date', 'withdraw', 'expire', 'word', 'cancel'));
