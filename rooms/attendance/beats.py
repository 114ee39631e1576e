"""Beats: what a device says every two seconds. `beat_collector.py` has them written once a second.

A beat is acknowledged when the transaction that holds it has committed. Everything about it can
come twice, late or out of order: watched ranges are a union, `seen_until` only grows, events have
numbers. Nothing a device says about time is believed beyond what the server saw itself.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
import msgspec

from rooms.agenda import session_ends
from rooms.attendance import results, visits
from rooms.attendance.moves import Event
from rooms.attendance.ranges import Range, merge_beats, union
from rooms.attendance.rule import SeatKind
from rooms.attendance.visits import Stretch
from rooms.connection import Connection
from rooms.errors import NotThere, RoomError

log = logging.getLogger(__name__)

# Kept on the device this long without network.
KEPT_FOR = timedelta(days=7)
# A post that was made this long ago was kept, not sent.
LATE_AFTER = timedelta(seconds=10)
# Room for the events of one beat in an event's number, and for the server's own at the end.
NUMBERS_PER_BEAT = 10

Ms = Annotated[int, msgspec.Meta(ge=0, le=7 * 24 * 3600 * 1000)]
Said = Literal["connected", "media_flowing", "media_stopped", "shown", "hidden"]


class Beat(msgspec.Struct, frozen=True):
    """One beat as it comes over the wire. Times in milliseconds; `ago_ms` before being sent."""

    connection: UUID
    number: Annotated[int, msgspec.Meta(ge=0, le=2**40)]
    ago_ms: Ms = 0
    ranges_ms: Annotated[list[tuple[Ms, Ms]], msgspec.Meta(max_length=64)] = []
    position_ms: Ms = 0
    is_playing: bool = False
    media_wanted: bool = False
    media_flowed: bool = False
    events: Annotated[list[Said], msgspec.Meta(max_length=NUMBERS_PER_BEAT - 2)] = []
    is_leaving: bool = False


class Post(msgspec.Struct, frozen=True):
    """What one request carries: the oldest unacknowledged beats first."""

    beats: Annotated[list[Beat], msgspec.Meta(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class Place:
    """The seat behind a token and what its session allows."""

    programme_id: UUID
    seat_id: UUID
    session_id: UUID
    session_class_id: UUID
    kind: SeatKind
    is_waiting: bool
    is_session_over: bool
    is_end_guessed: bool
    """It ended itself because nothing was heard: what was kept without network knows better."""
    created_at: datetime
    until: datetime | None
    film_ms: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where the classroom screen is in the film."""

    session_id: UUID
    position_ms: int
    is_playing: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Now:
    """What a device is told back: its seat, and where the class is.

    `unplaced`: connections of which nothing was written, because they belong to another seat or
    were silent for too long. Their beats are not safe: they are sent again as a new connection.
    """

    session_id: UUID
    state: str
    kind: str
    is_waiting: bool
    has_beamer: bool
    is_playing: bool
    position_ms: int
    headcount: int | None
    phones: int
    waiting: int
    unplaced: tuple[UUID, ...] = ()


# --- deciding, without I/O ---------------------------------------------------------------------


def admit(place: Place, beats: Iterable[Beat], now: datetime) -> list[Stretch]:
    """What of these beats is believed: one stretch per connection.

    Dropped: what is older than seven days or after the seat's or the session's end. A time
    before the seat was made becomes that moment; film outside the film is cut off.
    """
    found: dict[UUID, Stretch] = {}
    for beat in beats:
        at = _moment(place, beat, now)
        if at is None:
            continue
        said = _stretch(place, beat, at)
        known = found.get(beat.connection)
        found[beat.connection] = said if known is None else merged(known, said)
    return list(found.values())


def _moment(place: Place, beat: Beat, now: datetime) -> datetime | None:
    """When the beat was made; None for one that does not count."""
    at = max(now - timedelta(milliseconds=beat.ago_ms), place.created_at)
    is_old = beat.ago_ms > KEPT_FOR / timedelta(milliseconds=1)
    return None if is_old or _is_over(place, at) else at


def watched_until(place: Place, beats: Iterable[Beat], now: datetime) -> datetime | None:
    """The last moment at which these beats saw film; a page that only lies open sees none."""
    moments = [_moment(place, beat, now) for beat in beats if beat.ranges_ms]
    return max((at for at in moments if at is not None), default=None)


def _is_over(place: Place, at: datetime) -> bool:
    return place.until is not None and at > place.until


def _stretch(place: Place, beat: Beat, at: datetime) -> Stretch:
    is_late = timedelta(milliseconds=beat.ago_ms) > LATE_AFTER
    spoken: list[str] = [*beat.events, *(["disconnected"] if beat.is_leaving else [])]
    said: list[Range] = [(start, end) for start, end in beat.ranges_ms]
    return Stretch(
        programme_id=place.programme_id,
        seat_id=place.seat_id,
        connection=beat.connection,
        first_at=at,
        last_at=at,
        watched=merge_beats([said], place.film_ms),
        media_wanted=beat.media_wanted,
        media_flowed=beat.media_flowed,
        is_late=is_late,
        last_beat=beat.number,
        is_leaving=beat.is_leaving,
        events=tuple(
            Event(beat.number * NUMBERS_PER_BEAT + i, at, kind) for i, kind in enumerate(spoken)
        ),
    )


def merged(one: Stretch, other: Stretch) -> Stretch:
    """Two stretches of one connection as one."""
    last = max(one, other, key=lambda stretch: stretch.last_beat)
    return replace(
        last,
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
        watched=union(one.watched, other.watched),
        media_wanted=one.media_wanted or other.media_wanted,
        media_flowed=one.media_flowed or other.media_flowed,
        is_late=one.is_late or other.is_late,
        events=(*one.events, *other.events),
    )


def position_of(place: Place, beats: list[Beat], now: datetime) -> Position | None:
    """The classroom screen's newest word on where it is; only the screen's, only a fresh one."""
    newest = max(beats, key=lambda beat: (-beat.ago_ms, beat.number))
    is_fresh = timedelta(milliseconds=newest.ago_ms) <= LATE_AFTER
    if place.kind is not SeatKind.BEAMER or not is_fresh or _is_over(place, now):
        return None
    return Position(
        place.session_id,
        min(newest.position_ms, place.film_ms),
        newest.is_playing and not newest.is_leaving,
        now - timedelta(milliseconds=newest.ago_ms),
    )


# --- writing -----------------------------------------------------------------------------------

Batch = list[tuple[bytes, UUID, list[Beat]]]


async def write(conn: Connection, batch: Batch, now: datetime) -> list[Now | RoomError]:
    """Writes a batch in one go; one answer per post, in order."""
    places = await _places(conn, batch)
    posts = [(_of(places, token, session_id), beats) for token, session_id, beats in batch]
    told = [(place, admit(place, beats, now) if place else []) for place, beats in posts]
    placed = await visits.record(conn, _joined(said for _, said in told))
    await _move_positions(conn, _positions(posts, now))
    await session_ends.end_later(conn, _later_ends(posts, now))
    # What a device kept without network comes after the end: the result is derived anew.
    for session_class_id in _changed_after(told):
        await results.rebuild(conn, session_class_id, now)
    states = await _states(conn, [place.seat_id for place in places.values()], now)
    answers = [_answer(place, said, states, placed) for place, said in told]
    _log_unplaced(answers)
    return answers


def _of(places: dict[bytes, Place], token_hash: bytes, session_id: UUID) -> Place | None:
    place = places.get(token_hash)
    return place if place is not None and place.session_id == session_id else None


def _changed_after(told: list[tuple[Place | None, list[Stretch]]]) -> list[UUID]:
    return sorted(
        {place.session_class_id for place, said in told if place and place.is_session_over and said}
    )


def _joined(told: Iterable[list[Stretch]]) -> list[Stretch]:
    """One stretch per connection; one that two seats claim in the same second is the first's."""
    found: dict[UUID, Stretch] = {}
    for stretch in chain.from_iterable(told):
        known = found.get(stretch.connection)
        if known is None or known.seat_id == stretch.seat_id:
            found[stretch.connection] = merged(known, stretch) if known else stretch
    return list(found.values())


def _positions(posts: list[tuple[Place | None, list[Beat]]], now: datetime) -> list[Position]:
    said = [position_of(place, beats, now) for place, beats in posts if place is not None]
    return list({one.session_id: one for one in said if one is not None}.values())


def _later_ends(
    posts: list[tuple[Place | None, list[Beat]]], now: datetime
) -> dict[UUID, datetime]:
    """Sessions whose end was guessed, with the moment until which they are known to have gone."""
    found: dict[UUID, datetime] = {}
    for place, beats in posts:
        if place is None or not place.is_end_guessed:
            continue
        if at := watched_until(place, beats, now):
            found[place.session_id] = max(at, found.get(place.session_id, at))
    return found


def _answer(
    place: Place | None,
    said: list[Stretch],
    states: dict[UUID, Now],
    placed: set[tuple[UUID, UUID]],
) -> Now | RoomError:
    if place is None or place.seat_id not in states:
        return NotThere("seat")
    lost = [one.connection for one in said if (one.seat_id, one.connection) not in placed]
    return replace(states[place.seat_id], unplaced=tuple(lost))


def _log_unplaced(answers: list[Now | RoomError]) -> None:
    lost = sum(len(one.unplaced) for one in answers if isinstance(one, Now))
    if lost:
        log.info("%s connections begin anew: nothing of theirs was written", lost)


async def _places(conn: Connection, batch: Batch) -> dict[bytes, Place]:
    rows = await conn.fetch(
        """
        select s.token_hash, s.programme_id, s.id as seat_id, c.session_id,
            s.session_class_id, s.kind, s.is_waiting, n.state = 'ended' as is_session_over,
            n.end_reason is not distinct from 'idle' as is_end_guessed, s.created_at,
            least(s.ended_at, case when n.end_reason = 'idle' then n.started_at + $2::interval
                else n.ended_at end) as until,
            v.duration_ms as film_ms
        from seats s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        join sessions n on (n.programme_id, n.id) = (c.programme_id, c.session_id)
        join video_versions v on (v.programme_id, v.id) = (n.programme_id, n.version_id)
        where s.token_hash = any($1::bytea[])
        """,
        list({token_hash for token_hash, _, _ in batch}),
        KEPT_FOR,
    )
    return {row["token_hash"]: _place(row) for row in rows}


def _place(row: asyncpg.Record) -> Place:
    values = {**row, "kind": SeatKind(row["kind"])}
    del values["token_hash"]
    return Place(**values)


async def _move_positions(conn: Connection, positions: list[Position]) -> None:
    if not positions:
        return
    await conn.execute(
        """
        update sessions s
        set position_ms = p.position_ms, is_playing = p.is_playing, position_at = p.at
        from unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::timestamptz[])
            as p (id, position_ms, is_playing, at)
        where s.id = p.id and s.state = 'running'
            and (s.position_at is null or s.position_at <= p.at)
        """,
        [position.session_id for position in positions],
        [position.position_ms for position in positions],
        [position.is_playing for position in positions],
        [position.at for position in positions],
    )


async def _states(conn: Connection, seat_ids: list[UUID], now: datetime) -> dict[UUID, Now]:
    """What each device is told: the screen's place in the film as it is by now, and the counts."""
    rows = await conn.fetch(
        """
        with asked as (
            select s.id as seat_id, s.kind, s.is_waiting, c.id as class_id, c.session_id,
                c.programme_id, s.ended_at is not null as is_seat_over,
                coalesce(c.confirmed, c.declared) as headcount
            from seats s
            join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
            where s.id = any($1::uuid[])
        ), counts as (
            select s.session_class_id,
                count(distinct s.id) filter (where s.kind <> 'beamer' and not s.is_waiting
                    and v.id is not null) as phones,
                count(distinct s.id) filter (where s.is_waiting) as waiting,
                count(distinct s.id) filter (where s.kind = 'beamer') > 0 as has_beamer
            from seats s
            left join visits v on (v.programme_id, v.seat_id) = (s.programme_id, s.id)
                and v.ended_at is null and v.seen_until > $2::timestamptz - interval '10 seconds'
            where (s.programme_id, s.session_class_id) in (select programme_id, class_id from asked)
                and s.ended_at is null
            group by s.session_class_id
        )
        select a.seat_id, a.session_id, a.kind, a.is_waiting, a.headcount,
            case when a.is_seat_over then 'left' else n.state end as state,
            n.is_playing and n.position_at > $2::timestamptz - interval '15 seconds' as is_playing,
            n.position_ms + case when n.is_playing
                then least(extract(epoch from $2 - n.position_at) * 1000, 15000) else 0 end
                as position_ms,
            coalesce(k.phones, 0) as phones, coalesce(k.waiting, 0) as waiting,
            coalesce(k.has_beamer, false) as has_beamer
        from asked a
        join sessions n on (n.programme_id, n.id) = (a.programme_id, a.session_id)
        left join counts k on k.session_class_id = a.class_id
        """,
        seat_ids,
        now,
    )
    return {row["seat_id"]: _now(row) for row in rows}


def _now(row: asyncpg.Record) -> Now:
    return Now(
        **{
            **{name: row[name] for name in Now.__dataclass_fields__ if name != "unplaced"},
            "position_ms": int(row["position_ms"]),
            "is_playing": bool(row["is_playing"]),
        }
    )
