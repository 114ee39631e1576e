"""Plan B: the tour a class is shown when a webinar fails, or does not take place."""

from uuid import UUID

from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.scope import Scope

MOST_OFFERED = 3


async def of(conn: Connection, webinar: Webinar) -> list[tuple[UUID, str]]:
    """The tours of the same company that could be shown in its place: (id, title)."""
    rows = await conn.fetch(
        """
        select t.id, coalesce(x.title, t.slug) as title from tours t
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        where t.programme_id = $1 and t.company_id = $2 and t.state = 'published'
            and (t.rights_until is null or t.rights_until > $3::date)
        order by title, t.id limit 50
        """,
        webinar.programme_id,
        webinar.company_id,
        webinar.day,
    )
    return [(row["id"], row["title"]) for row in rows]


async def chosen(conn: Connection, scope: Scope, session_class_id: UUID) -> tuple[UUID, str] | None:
    """(id, title) of the tour a class that has come shows when the live fails; None without one,
    and when the tour is not published now. The caller has seen that the class is hers."""
    row = await conn.fetchrow(
        """
        select g.plan_b_tour_id, g.plan_b_title from registration_rows g
        join tours t on (t.programme_id, t.id) = (g.programme_id, g.plan_b_tour_id)
        where g.programme_id = $1 and g.session_class_id = $2 and t.state = 'published'
        """,
        scope.programme_id,
        session_class_id,
    )
    return (row["plan_b_tour_id"], row["plan_b_title"]) if row else None


async def instead(conn: Connection, webinar: Webinar, person_id: UUID) -> list[tuple[str, str]]:
    """(title, slug) of the tours with which a teacher's class has its lesson after all: the one she
    chose beforehand, else some of the same company. None for whoever has no class in it."""
    rows = await conn.fetch(
        """
        with hers as (
            select r.plan_b_tour_id as tour_id from registrations r
            join class_teachers t on (t.programme_id, t.class_id) = (r.programme_id, r.class_id)
            where r.programme_id = $1 and r.webinar_id = $2 and t.person_id = $3
                and r.state <> 'cancelled'
        ), shown as (
            select t.id, t.slug, t.company_id, coalesce(x.title, t.slug) as title from tours t
            left join tour_texts x on (x.programme_id, x.tour_id, x.language)
                = (t.programme_id, t.id, t.original_language)
            where t.programme_id = $1 and t.state = 'published'
                and (t.rights_until is null or t.rights_until > $5::date)
                and exists (select from hers)
        ), chosen as (
            select s.id from shown s join hers h on h.tour_id = s.id
        )
        select title, slug from shown
        where id in (select id from chosen)
            or (company_id = $4 and not exists (select from chosen))
        order by title, id limit $6
        """,
        webinar.programme_id,
        webinar.id,
        person_id,
        webinar.company_id,
        webinar.day,
        MOST_OFFERED,
    )
    return [(row["title"], row["slug"]) for row in rows]
