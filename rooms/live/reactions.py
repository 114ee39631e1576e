"""Reactions: said to all processes, counted, kept nowhere."""

import json
from typing import get_args
from uuid import UUID

from rooms.connection import Connection
from rooms.live.protocol import Reaction

CHANNEL = "room_reactions"


async def say(conn: Connection, room_id: UUID, counts: dict[str, int]) -> None:
    """Tells every process how many came in at one."""
    payload = json.dumps({"room": str(room_id), "counts": counts})
    await conn.execute("select pg_notify($1, $2)", CHANNEL, payload)


def read(payload: str) -> tuple[UUID | None, dict[Reaction, int]]:
    """The room and its counts; nothing of a payload that is none of ours."""
    try:
        said = json.loads(payload)
        room_id, counts = UUID(said["room"]), dict(said["counts"])
    except (ValueError, KeyError, TypeError):
        return None, {}
    known = {kind: counts[kind] for kind in get_args(Reaction) if isinstance(counts.get(kind), int)}
    return room_id, known
