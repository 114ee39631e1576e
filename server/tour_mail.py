"""Letters about a tour: to its company on its way to publication, to who is to look at it.

Written in the transaction of what they tell, so that neither happens without the other. The key
of each holds the moment it tells of: a repeat of the same job sends nothing twice.
"""

from datetime import datetime
from uuid import UUID

from media.videos import Version
from rooms.connection import Connection
from rooms.people import roles
from rooms.scope import Scope
from rooms.tours import reviews, tours
from rooms.tours.tours import Tour
from server import errors, mail


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


async def film_failed(
    conn: Connection, url: str, version: Version, tour_id: UUID, code: str, attempt: UUID
) -> None:
    """The film could not be made, and why. `attempt`: its lease, so that each is told once."""
    tour = await tours.one_by_id(conn, version.programme_id, tour_id)
    for person in await roles.editors(conn, Scope(version.programme_id), tour.company_id):
        params = version.error_params
        await mail.tell(
            conn,
            person,
            "film_failed",
            programme_id=version.programme_id,
            once_key=f"film_failed:{version.id}:{attempt}:{person.id}",
            title=tour.title,
            filename=version.filename,
            reason=errors.sentence(person.language, code, params),
            link=f"{url}/studio/tours/{tour_id}/film",
        )


async def rights_ended(
    conn: Connection, url: str, programme_id: UUID, tour_id: UUID, now: datetime
) -> None:
    """The declaration ran out: the tour was taken off."""
    await _company(conn, url, programme_id, tour_id, "rights_ended", now, path="/declaration")


async def rights_ending(conn: Connection, url: str, tour: Tour) -> None:
    """The declaration runs out soon; told once for each end date."""
    for person in await roles.editors(conn, Scope(tour.programme_id), tour.company_id):
        await mail.tell(
            conn,
            person,
            "rights_ending",
            programme_id=tour.programme_id,
            once_key=f"rights_ending:{tour.id}:{tour.rights_until}:{person.id}",
            title=tour.title,
            until=tour.rights_until,
            link=f"{url}/studio/tours/{tour.id}/declaration",
        )


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
