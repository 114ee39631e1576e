"""An invitation to work on a webinar, by a link: to speak in it, or to type what is said.

Nobody needs an account to follow it. Asked again it is a new link, and the one before leads
nowhere any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rooms.agenda import webinar_states, webinars
from rooms.agenda.webinar_states import Verb
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.people import persons
from rooms.people.codes import hash_token, new_link_token
from rooms.scope import Scope

LASTS = timedelta(days=120)
NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Link:
    """Whom it is for, and its token, which is known now and never again; `hash` is kept."""

    webinar: Webinar
    email: str
    name: str
    token: str
    until: datetime

    @property
    def hash(self) -> bytes:
        """What the row holds of it."""
        return hash_token(self.token)


async def make(
    conn: Connection, scope: Scope, webinar_id: UUID, email: str, name: str, now: datetime
) -> Link:
    """A new link to a webinar, which is held for the rest of the transaction.

    Raises `Refused` `mail_form`, `person_name`, and as `invitable`.
    """
    webinar = await invitable(conn, scope, webinar_id)
    email, name = persons.checked_email(email), " ".join(name.split())[:NAME_LENGTH]
    if not name:
        raise Refused("person_name")
    return Link(webinar, email, name, new_link_token(), max(now, webinar.ends_at) + LASTS)


async def invitable(conn: Connection, scope: Scope, webinar_id: UUID) -> Webinar:
    """The webinar, held, for who may put people on it and take them off.

    Raises `NotThere` for whoever does not work on it, and as `webinar_states.move`.
    """
    await webinars.hold(conn, scope, webinar_id)
    webinar = await webinars.find(conn, scope, webinar_id)
    if not webinars.works_on(scope, webinar):
        raise NotThere("webinar")
    webinar_states.move(webinar.state, Verb.INVITE, webinars.actors(scope, webinar))
    return webinar
