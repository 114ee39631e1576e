"""The spans on air: the time in a room in which there was something to watch.

A span is moved on while publishers' media flows and ends where it was last seen, whatever ended
it: a crash leaves nothing open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rooms.attendance.ranges import Range, Ranges, intersection, union
from rooms.attendance.rule import unix_ms
from rooms.connection import Connection
from rooms.live import log
from rooms.live.presence import moment
from rooms.scope import Scope

# The live core lets a hole of two seconds pass, and tells once a second.
GOES_ON_WITHIN = timedelta(seconds=4)
# Silent for longer: nobody told us the end.
LOST_AFTER = timedelta(seconds=10)
# News older than this tells what was, and opens nothing.
IS_NEWS_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch on air; `ended_at` None while it goes on."""

    id: int
    started_at: datetime
    seen_until: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A room whose row is held, so that its spans and its log are written by one.

    Of a webinar's room nothing is on air `not_before` it is live; until then, and in a pause, it
    `is_rehearsal`.
    """

    scope: Scope
    room_id: UUID
    session_id: UUID
    is_open: bool
    not_before: datetime | None
    is_rehearsal: bool


async def spans(conn: Connection, scope: Scope, session_id: UUID) -> list[Span]:
    """All of a room's session, in order."""
    rows = await conn.fetch(
        """
        select id, started_at, seen_until, ended_at from on_air
        where programme_id = $1 and session_id = $2 order by started_at, id
        """,
        scope.programme_id,
        session_id,
    )
    return [Span(**row) for row in rows]


async def time_of(conn: Connection, scope: Scope, room_id: UUID) -> Ranges:
    """When a room was on air, in milliseconds since 1970; what goes on to where it was seen."""
    rows = await conn.fetch(
        """
        select a.started_at, a.seen_until from on_air a
        join sessions s on (s.programme_id, s.id) = (a.programme_id, a.session_id)
        where s.programme_id = $1 and s.room_id = $2
        """,
        scope.programme_id,
        room_id,
    )
    return union((unix_ms(row["started_at"]), unix_ms(row["seen_until"])) for row in rows)


async def on_air_among(conn: Connection, room_ids: list[UUID]) -> frozenset[UUID]:
    """Those of these rooms, which the caller may see, that are on air now."""
    rows = await conn.fetch(
        """
        select s.room_id from on_air a
        join sessions s on (s.programme_id, s.id) = (a.programme_id, a.session_id)
        where s.room_id = any($1::uuid[]) and a.ended_at is null
        """,
        room_ids,
    )
    return frozenset(row["room_id"] for row in rows)


async def see(conn: Connection, seen: Mapping[UUID, Ranges], now: datetime) -> None:
    """Moves the spans of rooms on by what was seen; the same again changes nothing.

    A room that is not there is passed over: the live core may know one that a backup does not.
    What its presenters try before a webinar is live is nobody's to see, and counts nothing.
    """
    for room_id in sorted(seen):
        place = await _hold(conn, room_id)
        for span in _aired(place, seen[room_id]) if place else ():
            assert place is not None
            await _see(conn, place, span, now)


def _aired(place: _Place, seen: Ranges) -> Ranges:
    """Of what was seen, what others could see."""
    if place.is_rehearsal or not seen:
        return ()
    if place.not_before is None:
        return seen
    first = unix_ms(place.not_before)
    return intersection(seen, [(first, max(first, seen[-1][1]))])


async def end(conn: Connection, room_ids: list[UUID]) -> None:
    """Nobody publishes in these rooms any more: what goes on ends where it was last seen."""
    for room_id in sorted(room_ids):
        place = await _hold(conn, room_id)
        if place is not None:
            await _end_open(conn, place)


async def end_silent(conn: Connection, now: datetime) -> None:
    """Ends what nobody told us the end of. For the sweep, over all rooms."""
    rows = await conn.fetch(
        """
        select s.room_id from on_air a
        join sessions s on (s.programme_id, s.id) = (a.programme_id, a.session_id)
        where a.ended_at is null and a.seen_until < $1
        """,
        now - LOST_AFTER,
    )
    for room_id in sorted(row["room_id"] for row in rows):
        place = await _hold(conn, room_id)
        if place is not None:
            await _end_open(conn, place, seen_before=now - LOST_AFTER)


async def _hold(conn: Connection, room_id: UUID) -> _Place | None:
    row = await conn.fetchrow(
        """
        select r.programme_id, s.id as session_id, r.closed_at is null as is_open,
            case when r.phase = 'live' then greatest(w.live_at, r.phase_at) else w.live_at end
                as not_before,
            (w.id is not null and w.live_at is null) or coalesce(r.phase <> 'live', false)
                as is_rehearsal
        from rooms r
        join sessions s on (s.programme_id, s.room_id) = (r.programme_id, r.id)
        left join webinars w on (w.programme_id, w.room_id) = (r.programme_id, r.id)
        where r.id = $1 for update of r
        """,
        room_id,
    )
    if row is None:
        return None
    return _Place(
        Scope(row["programme_id"]),
        room_id,
        row["session_id"],
        row["is_open"],
        row["not_before"],
        row["is_rehearsal"],
    )


async def _see(conn: Connection, place: _Place, span: Range, now: datetime) -> None:
    start, until = moment(span[0]), moment(span[1])
    found = await spans(conn, place.scope, place.session_id)
    goes_on = next((one for one in found if one.ended_at is None), None)
    if goes_on is not None and _touches(goes_on, start, until):
        await _stretch(conn, goes_on, start, until)
        return
    told = next((one for one in reversed(found) if _tells_nothing_new(one, start, until)), None)
    if told is not None:
        await _stretch(conn, told, start, until)
        return
    is_now = place.is_open and now - until <= IS_NEWS_WITHIN
    if is_now and goes_on is not None and goes_on.seen_until < start:
        await _end_open(conn, place)
    await _begin(conn, place, start, until, is_now=is_now and not _is_past(goes_on, start))


def _is_past(goes_on: Span | None, start: datetime) -> bool:
    return goes_on is not None and start <= goes_on.seen_until


def _touches(span: Span, start: datetime, until: datetime) -> bool:
    return start <= span.seen_until + GOES_ON_WITHIN and until >= span.started_at - GOES_ON_WITHIN


def _tells_nothing_new(span: Span, start: datetime, until: datetime) -> bool:
    """What came late about a span that has ended: within a second of what is known."""
    is_late = until <= span.seen_until + timedelta(seconds=1)
    return span.ended_at is not None and is_late and _touches(span, start, until)


async def _stretch(conn: Connection, span: Span, start: datetime, until: datetime) -> None:
    await conn.execute(
        """
        update on_air set started_at = least(started_at, $2), seen_until = greatest(seen_until, $3),
            ended_at = case when ended_at is not null then greatest(seen_until, $3) end
        where id = $1
        """,
        span.id,
        start,
        until,
    )


async def _begin(
    conn: Connection, place: _Place, start: datetime, until: datetime, *, is_now: bool
) -> None:
    await conn.execute(
        """
        insert into on_air (programme_id, session_id, started_at, seen_until, ended_at)
        values ($1, $2, $3, $4, case when $5 then null else $4::timestamptz end)
        """,
        place.scope.programme_id,
        place.session_id,
        start,
        until,
        is_now,
    )
    if is_now:
        await log.append(conn, place.scope, place.room_id, "on_air", start)


async def _end_open(
    conn: Connection, place: _Place, *, seen_before: datetime | None = None
) -> None:
    at: datetime | None = await conn.fetchval(
        """
        update on_air set ended_at = seen_until
        where programme_id = $1 and session_id = $2 and ended_at is null
            and ($3::timestamptz is null or seen_until < $3) returning seen_until
        """,
        place.scope.programme_id,
        place.session_id,
        seen_before,
    )
    if at is not None and place.is_open:
        await log.append(conn, place.scope, place.room_id, "off_air", at)
