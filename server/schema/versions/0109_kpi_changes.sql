-- Which sessions are to be looked at again: those of classes that changed a moment ago.
create index kpi_classes_by_change on kpi_classes (changed_at);
