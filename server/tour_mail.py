"""Letters about a tour: to its company on its way to publication, to who is to look at it.

Written in the transaction of what they tell, so that neither happens without the other. The key
of each holds the moment it tells of: a repeat of the same job sends nothing twice.
"""

from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.people import roles
from rooms.scope import Scope
from rooms.tours import reviews, tours
from rooms.tours.tours import Tour
from server import mail


async def film_received(
    conn: Connection, url: str, programme_id: UUID, tour_id: UUID, now: datetime
) -> None:
    """The company's film has arrived whole."""
    await _company(conn, url, programme_id, tour_id, "film_received", now, path="/film")


async def film_ready(
    conn: Connection, url: str, programme_id: UUID, tour_id: UUID, now: datetime
) -> None:
    """The film is made: captions can begin."""
    await _company(conn, url, programme_id, tour_id, "film_ready", now, path="/film")


async def returned(
    conn: Connection, url: str, programme_id: UUID, tour_id: UUID, now: datetime, reasons: str
) -> None:
    """The reviewer returned it, with reasons."""
    await _company(conn, url, programme_id, tour_id, "tour_returned", now, reasons=reasons)


async def published(
    conn: Connection, url: str, programme_id: UUID, tour_id: UUID, now: datetime
) -> None:
    """Classes can watch it."""
    await _company(conn, url, programme_id, tour_id, "tour_published", now)


async def review_asked(
    conn: Connection, url: str, programme_id: UUID, tour_id: UUID, now: datetime
) -> None:
    """A tour waits for its reviewers."""
    tour = await tours.one_by_id(conn, programme_id, tour_id)
    for person in await reviews.reviewers_of(conn, tour):
        await mail.tell(
            conn,
            person,
            "review_asked",
            programme_id=programme_id,
            once_key=_once("review_asked", tour, person.id, now),
            title=tour.title,
            company=tour.company_name,
            link=f"{url}/reviews/{tour_id}",
        )


async def _company(
    conn: Connection,
    url: str,
    programme_id: UUID,
    tour_id: UUID,
    kind: str,
    now: datetime,
    *,
    path: str = "",
    reasons: str = "",
) -> None:
    tour = await tours.one_by_id(conn, programme_id, tour_id)
    for person in await roles.editors(conn, Scope(programme_id), tour.company_id):
        await mail.tell(
            conn,
            person,
            kind,
            programme_id=programme_id,
            once_key=_once(kind, tour, person.id, now),
            title=tour.title,
            reasons=reasons,
            link=f"{url}/studio/tours/{tour_id}{path}",
            public_link=f"{url}{tour.path}",
        )


def _once(kind: str, tour: Tour, person_id: UUID, now: datetime) -> str:
    return f"{kind}:{tour.id}:{person_id}:{now.isoformat()}"
