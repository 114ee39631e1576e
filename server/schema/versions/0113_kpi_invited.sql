-- Partnerships are few among many lessons.
create index kpi_classes_invited on kpi_classes (programme_id, local_date) where invited;

-- `2025-11`: made once, as writing it for every row of a report takes longer than adding them up.
alter table kpi_classes add column month text generated always as (
    date_part('year', local_date)::integer::text || '-'
        || lpad(date_part('month', local_date)::integer::text, 2, '0')) stored;
