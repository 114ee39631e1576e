"""Live captions: what is said, typed line by line; told at once, gone a quarter of an hour later.

A line is a row before it is an answer, and the same notification brings it to every process. It
stands in no log: a log is kept, and nothing of a session is recorded. It waits for no tick either:
its reader follows the picture with it.
"""

import json
from datetime import datetime
from uuid import UUID

import msgspec

from rooms.agenda.captioners import Captioner
from rooms.attendance.rule import unix_ms
from rooms.connection import Connection
from rooms.errors import Refused
from rooms.live.caption_board import KEPT_FOR, MOST_TOLD
from rooms.live.protocol import Caption
from rooms.scope import Scope

CHANNEL = "room_captions"


async def say(
    conn: Connection, captioner: Captioner, room_id: UUID, line: UUID, text: str, now: datetime
) -> None:
    """Keeps a line and tells all processes at the commit. The same line again is corrected; without
    a text it is taken back. Raises `Refused` `not_allowed` once she was taken off.
    """
    row = await conn.fetchrow(
        """
        insert into live_captions as c (programme_id, room_id, id, captioner_id, language, text, at)
        select k.programme_id, w.room_id, $4, k.id, k.language, $5, $6
        from captioners k
        join webinars w on (w.programme_id, w.id) = (k.programme_id, k.webinar_id)
        where k.programme_id = $1 and k.id = $2 and k.removed_at is null and w.room_id = $3
        on conflict (programme_id, room_id, id) do update set text = excluded.text, number = default
            where c.captioner_id = excluded.captioner_id
        returning c.id, c.language, c.text, c.at, c.number
        """,
        captioner.programme_id,
        captioner.id,
        room_id,
        line,
        " ".join(text.split()),
        now,
    )
    if row is None:
        raise Refused("not_allowed")
    caption = Caption(**{**row, "at": unix_ms(row["at"])})
    await _tell(conn, {"room": str(room_id), "caption": msgspec.to_builtins(caption)})


async def tell_removed(conn: Connection, room_id: UUID, captioner_id: UUID) -> None:
    """Tells all processes that a captioner was taken off."""
    await _tell(conn, {"room": str(room_id), "removed": str(captioner_id)})


async def _tell(conn: Connection, said: dict[str, object]) -> None:
    payload = json.dumps(said, ensure_ascii=False)
    await conn.execute("select pg_notify($1, $2)", CHANNEL, payload)


def read(payload: str) -> tuple[UUID | None, Caption | UUID | None]:
    """The room, and the line or the captioner who was taken off; nothing of another payload."""
    try:
        said = json.loads(payload)
        room_id = UUID(said["room"])
        if "removed" in said:
            return room_id, UUID(said["removed"])
        return room_id, msgspec.convert(said["caption"], Caption)
    except (ValueError, KeyError, TypeError):  # msgspec's own is a ValueError
        return None, None


async def recent(conn: Connection, scope: Scope, room_id: UUID, now: datetime) -> list[Caption]:
    """The last lines, the oldest first."""
    rows = await conn.fetch(
        """
        select * from (
            select id, language, text, at, number from live_captions
            where programme_id = $1 and room_id = $2 and at > $3
            order by at desc, number desc limit $4
        ) as newest order by at, number
        """,
        scope.programme_id,
        room_id,
        now - KEPT_FOR,
        MOST_TOLD,
    )
    return [Caption(**{**row, "at": unix_ms(row["at"])}) for row in rows]


async def drop_old(conn: Connection, now: datetime) -> int:
    """Lines that had their quarter of an hour, in any room; how many."""
    done = await conn.execute("delete from live_captions where at < $1", now - KEPT_FOR)
    return int(done.rpartition(" ")[2])
