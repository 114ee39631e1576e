"""Builders for webinars: a draft, an announced one, in a world of lessons."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from rooms.agenda import webinar_doors, webinars
from rooms.agenda.webinar_texts import Text
from rooms.agenda.webinars import Webinar, Wish
from rooms.connection import Connection
from rooms.scope import Grant, Scope
from tests.support import people
from tests.support.days import local_day
from tests.support.lessons import World


def office_of(world: World, person_id: UUID | None = None) -> Scope:
    """Somebody of the bureau."""
    return Scope(world.programme.id, person_id, (Grant("bureau"),))


def a_wish(now: datetime, *, title: str = "Build a dyke", days: int = 7, **changes: Any) -> Wish:
    """A webinar from ten to eleven, some days after now."""
    values: dict[str, Any] = {
        "texts": {"en": Text("en", title, "How water is kept out.", "Bring a sponge.")},
        "original_language": "en",
        "day": local_day(now + timedelta(days=days)),
        "from_time": time(10),
        "until_time": time(11),
        "sectors": ["water"],
        "levels": ["havo"],
    }
    return Wish(**{**values, **changes})


async def a_draft(
    conn: Connection, world: World, now: datetime, *, person_id: UUID | None = None, **changes: Any
) -> Webinar:
    """A draft of the bureau's, of the world's company."""
    wish = a_wish(now, **{"company_id": world.company.id, **changes})
    return await webinars.make(conn, office_of(world, person_id), wish, now)


async def a_maker(conn: Connection, world: World) -> Scope:
    """Somebody of the bureau with an account."""
    person = await people.a_person(conn, name="Mila Dekker")
    await people.a_role(conn, world.programme, person, "bureau")
    return office_of(world, person.id)


async def an_announced(
    conn: Connection, world: World, now: datetime, *, by: Scope | None = None, **changes: Any
) -> Webinar:
    """A webinar of the bureau's that stands in the list."""
    by = by or await a_maker(conn, world)
    made = await webinars.make(
        conn, by, a_wish(now, **{"company_id": world.company.id, **changes}), now
    )
    return await webinar_doors.announce(conn, by, made.id, now)
