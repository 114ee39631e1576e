"""Whether somebody who is signed in moderates a room, as its socket decides too."""

from datetime import datetime

from rooms.live import room_facts, rooms
from rooms.live.entering import Entered
from rooms.live.room_state import Who
from rooms.scope import Scope
from server.database import Connection


async def moderates(conn: Connection, scope: Scope, entered: Entered, now: datetime) -> bool:
    """Now: a teacher too, while hers is the only class. In a closed room nobody does."""
    room, person_id = entered.room, scope.person_id
    if not room.is_open or person_id is None:
        return False
    who = Who(person_id, rooms.is_moderator(entered.role, room, person_id), person=person_id)
    facts = await room_facts.read(conn, scope, room.id, None, now)
    return facts.moderates(facts.now(who))
