"""Moderators of a webinar: put on and taken off by who leads it."""

from datetime import datetime
from uuid import UUID

from rooms.agenda import webinar_links, webinars
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.live import presenters, standing
from rooms.live.standing import TakenOff
from rooms.scope import Scope


async def put(
    conn: Connection, scope: Scope, webinar_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Puts somebody of the programme on it, once.

    Raises `NotThere` for a webinar she does not lead and for whoever has no role in the
    programme, and as `webinar_links.invitable`.
    """
    webinar = await _led(conn, scope, webinar_id)
    await webinars.add_moderator(conn, scope, webinar.id, person_id, now)
    if webinar.room_id is not None:
        await presenters.welcome_back(conn, scope, webinar.room_id, person_id, now)


async def remove(
    conn: Connection, scope: Scope, webinar_id: UUID, person_id: UUID, now: datetime
) -> TakenOff | None:
    """Takes her off; her pages lose what they could do there (`rooms/live/standing.py`).

    Returns what the live core is to cut off. Raises as `put`, and `Refused` `moderator_last`:
    somebody is to answer for it.
    """
    webinar = await _led(conn, scope, webinar_id)
    if person_id not in webinar.moderator_ids:
        raise NotThere("moderator")
    if len(webinar.moderator_ids) == 1:
        raise Refused("moderator_last")
    await conn.execute(
        """
        delete from webinar_moderators
        where programme_id = $1 and webinar_id = $2 and person_id = $3
        """,
        scope.programme_id,
        webinar.id,
        person_id,
    )
    if webinar.room_id is None:
        return None
    return await standing.leave_stage(conn, scope, webinar.room_id, person_id, now)


async def _led(conn: Connection, scope: Scope, webinar_id: UUID) -> Webinar:
    webinar = await webinar_links.invitable(conn, scope, webinar_id)
    if not webinars.leads(scope, webinar):
        raise NotThere("webinar")
    return webinar
