"""Seats: one device in one session class, known by a random token and nothing else.

The token is new per session, so that two lessons cannot be linked. A device that comes back with
its token sits where it sat; without it, it is another device.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.attendance import visits
from rooms.attendance.rule import SeatKind
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.people.codes import hash_token, new_seat_token
from rooms.scope import Scope

# Phones that may sit down unasked beyond the pupils told: assistants, a second try.
SPARE_SEATS = 3
# Where nobody has said how many pupils there are.
UNTOLD_PUPILS = 40


@dataclass(frozen=True, slots=True)
class Seat:
    """One device. `is_waiting`: beyond the headcount, until the teacher says yes."""

    programme_id: UUID
    id: UUID
    session_id: UUID
    session_class_id: UUID
    kind: SeatKind
    is_waiting: bool
    created_at: datetime
    ended_at: datetime | None


async def behind(conn: Connection, token: str | None) -> Seat | None:
    """The seat of a device's token, whichever session it is in; None when it has none."""
    if not token:
        return None
    row = await conn.fetchrow(
        """
        select s.programme_id, s.id, c.session_id, s.session_class_id, s.kind, s.is_waiting,
            s.created_at, s.ended_at
        from seats s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        where s.token_hash = $1
        """,
        hash_token(token),
    )
    return _seat(row) if row else None


def _seat(row: asyncpg.Record) -> Seat:
    return Seat(**{**row, "kind": SeatKind(row["kind"])})


async def in_session(conn: Connection, token: str | None, session_id: UUID) -> Seat:
    """The device's open seat in this session; raises `NotThere`."""
    seat = await behind(conn, token)
    if seat is None or seat.session_id != session_id or seat.ended_at is not None:
        raise NotThere("seat")
    return seat


async def sit(
    conn: Connection, programme_id: UUID, session_class_id: UUID, token: str | None, now: datetime
) -> tuple[Seat, str]:
    """A seat for a phone or laptop, with its token: the one it has here, else a new one.

    Beside a classroom screen it is a companion; without one it watches by itself. Raises
    `NotThere` when there is no such class in a session, `Refused` `seat_banned` for a device that
    was removed from it.
    """
    session_class = await _lock(conn, programme_id, session_class_id)
    kept = await behind(conn, token)
    if kept and token and kept.session_class_id == session_class_id and kept.ended_at is None:
        return kept, token
    if kept and kept.session_class_id == session_class_id and await _is_banned(conn, kept):
        raise Refused("seat_banned")
    kind = SeatKind.COMPANION if session_class["has_beamer"] else SeatKind.OWN
    is_full = session_class["phones"] >= _room_for(session_class)
    is_waiting = is_full or session_class["has_banned"]
    return await _make(conn, programme_id, session_class["id"], kind, is_waiting, now)


async def _is_banned(conn: Connection, seat: Seat) -> bool:
    found = await conn.fetchval(
        "select 1 from seats where programme_id = $1 and id = $2 and banned_at is not null",
        seat.programme_id,
        seat.id,
    )
    return found is not None


def _room_for(session_class: asyncpg.Record) -> int:
    told = session_class["declared"] or session_class["expected"] or UNTOLD_PUPILS
    return int(told) + SPARE_SEATS


async def _lock(conn: Connection, programme_id: UUID, session_class_id: UUID) -> asyncpg.Record:
    """One newcomer at a time, so that thirty at once cannot race past the headcount."""
    await conn.execute(
        "select 1 from session_classes where programme_id = $1 and id = $2 for update",
        programme_id,
        session_class_id,
    )
    row = await conn.fetchrow(
        """
        select c.id, c.expected, c.declared,
            count(s.id) filter (where s.kind <> 'beamer' and not s.is_waiting) as phones,
            count(s.id) filter (where s.kind = 'beamer') > 0 as has_beamer,
            exists (select from seats b where (b.programme_id, b.session_class_id)
                = (c.programme_id, c.id) and b.banned_at is not null) as has_banned
        from session_classes c
        left join seats s on (s.programme_id, s.session_class_id) = (c.programme_id, c.id)
            and s.ended_at is null
        where c.programme_id = $1 and c.id = $2 group by c.programme_id, c.id
        """,
        programme_id,
        session_class_id,
    )
    if row is None:
        raise NotThere("session_class")
    return row


async def _make(
    conn: Connection,
    programme_id: UUID,
    session_class_id: UUID,
    kind: SeatKind,
    is_waiting: bool,
    now: datetime,
) -> tuple[Seat, str]:
    token = new_seat_token()
    await conn.execute(
        """
        insert into seats (programme_id, session_class_id, kind, is_waiting, token_hash, created_at)
        values ($1, $2, $3, $4, $5, $6)
        """,
        programme_id,
        session_class_id,
        kind.value,
        is_waiting,
        hash_token(token),
        now,
    )
    made = await behind(conn, token)
    assert made is not None
    return made, token


async def become_beamer(
    conn: Connection,
    programme_id: UUID,
    session_class_id: UUID,
    token: str | None,
    now: datetime,
    sign_in_id: UUID | None = None,
) -> tuple[Seat, str]:
    """The classroom screen's seat. Whoever calls this has seen its teacher's word for it;
    `sign_in_id`: by which a classroom PC has that word; whoever ends that ends the seat. Raises
    `NotThere` where it was ended meanwhile.

    A screen that was there before hands over: film position and headcount stand on the
    session and its class. When the first one comes, phones become companions; who watches beside
    a screen has chosen that, and goes on.
    """
    session_class = await _lock(conn, programme_id, session_class_id)
    if sign_in_id is not None:
        await _hold(conn, sign_in_id)
    kept = await behind(conn, token)
    if kept and token and _is_screen_of(kept, session_class_id):
        return kept, token
    await _end_beamers(conn, programme_id, session_class["id"], now)
    await visits.close_of_left_seats(conn, session_class["id"], "taken_over")
    if not session_class["has_beamer"]:
        await _accompany(conn, programme_id, session_class["id"], now)
    made = await _make(conn, programme_id, session_class["id"], SeatKind.BEAMER, False, now)
    await conn.execute(
        "update seats set sign_in_id = $3 where programme_id = $1 and id = $2",
        programme_id,
        made[0].id,
        sign_in_id,
    )
    return made


async def _hold(conn: Connection, sign_in_id: UUID) -> None:
    """Whoever ends this sign-in waits until the seat it brings is there to be ended too."""
    found = await conn.fetchval(
        "select 1 from sign_ins where id = $1 and ended_at is null for share", sign_in_id
    )
    if found is None:
        raise NotThere("sign_in")


async def go_with(conn: Connection, sign_in_ids: Collection[UUID], now: datetime) -> None:
    """Some sign-ins were ended: so are the seats they brought. What was measured there stays."""
    rows = await conn.fetch(
        """
        update seats set ended_at = $2 where sign_in_id = any($1::uuid[]) and ended_at is null
        returning session_class_id
        """,
        list(sign_in_ids),
        now,
    )
    for session_class_id in sorted({row["session_class_id"] for row in rows}):
        await visits.close_of_left_seats(conn, session_class_id, "left")


async def stay_with(
    conn: Connection, sign_in_ids: Collection[UUID], new_sign_in_id: UUID | None
) -> None:
    """What some sign-ins brought goes on by another one; None: by itself."""
    await conn.execute(
        """
        update seats set sign_in_id = $2
        where sign_in_id = any($1::uuid[]) and ended_at is null
        """,
        list(sign_in_ids),
        new_sign_in_id,
    )


async def went_with_sign_in(conn: Connection, seat_id: UUID) -> bool:
    """Whether a seat is over because the sign-in that brought it was ended."""
    found: bool = await conn.fetchval(
        """
        select exists (select from seats s join sign_ins i on i.id = s.sign_in_id
            where s.id = $1 and s.ended_at >= i.ended_at)
        """,
        seat_id,
    )
    return found


def _is_screen_of(seat: Seat, session_class_id: UUID) -> bool:
    is_open = seat.session_class_id == session_class_id and seat.ended_at is None
    return is_open and seat.kind is SeatKind.BEAMER


async def _end_beamers(
    conn: Connection, programme_id: UUID, session_class_id: UUID, now: datetime
) -> None:
    await conn.execute(
        """
        update seats set ended_at = $3
        where programme_id = $1 and session_class_id = $2 and kind = 'beamer' and ended_at is null
        """,
        programme_id,
        session_class_id,
        now,
    )


async def _accompany(
    conn: Connection, programme_id: UUID, session_class_id: UUID, now: datetime
) -> None:
    """What was measured of them stays; from here on the class is judged by its screen.

    Where a film may be watched at home too, a phone that has watched may be there: it goes on.
    """
    await conn.execute(
        """
        update seats s set kind = 'companion'
        from session_classes c
        join sessions n on (n.programme_id, n.id) = (c.programme_id, c.session_id)
        where (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
            and s.programme_id = $1 and s.session_class_id = $2
            and s.kind = 'own' and s.ended_at is null
            and (n.home_until is null or n.home_until <= $3
                or not exists (select 1 from visits v where v.programme_id = s.programme_id
                    and v.seat_id = s.id and not isempty(v.watched)))
        """,
        programme_id,
        session_class_id,
        now,
    )


async def has_beamer(conn: Connection, seat: Seat) -> bool:
    """Whether the class has a classroom screen now."""
    found = await conn.fetchval(
        """
        select 1 from seats where programme_id = $1 and session_class_id = $2
            and kind = 'beamer' and ended_at is null limit 1
        """,
        seat.programme_id,
        seat.session_class_id,
    )
    return found is not None


async def watch_here(conn: Connection, seat: Seat, is_wanted: bool) -> None:
    """A pupil's choice beside the screen: the film on this device, or only what goes with it."""
    if seat.kind is SeatKind.BEAMER:
        raise Conflict("seat_is_screen")
    await conn.execute(
        "update seats set kind = $3 where programme_id = $1 and id = $2 and kind <> 'beamer'",
        seat.programme_id,
        seat.id,
        (SeatKind.OWN if is_wanted else SeatKind.COMPANION).value,
    )


async def let_in(conn: Connection, scope: Scope, session_class_id: UUID) -> None:
    """The teacher's yes to all who wait."""
    await conn.execute(
        """
        update seats set is_waiting = false
        where programme_id = $1 and session_class_id = $2 and is_waiting and ended_at is null
        """,
        scope.programme_id,
        session_class_id,
    )


async def ban(conn: Connection, scope: Scope, seat_id: UUID, now: datetime) -> None:
    """Removes a device from its session for good: its token opens nothing there any more.

    Without its token it would be another device: from now on newcomers of its class wait.
    """
    await conn.execute(
        """
        update seats set banned_at = $3, ended_at = coalesce(ended_at, $3)
        where programme_id = $1 and id = $2 and banned_at is null
        """,
        scope.programme_id,
        seat_id,
        now,
    )
    session_class_id: UUID | None = await conn.fetchval(
        "select session_class_id from seats where programme_id = $1 and id = $2",
        scope.programme_id,
        seat_id,
    )
    if session_class_id is not None:
        await visits.close_of_left_seats(conn, session_class_id, "left")


async def turn_away(conn: Connection, scope: Scope, session_class_id: UUID, now: datetime) -> None:
    """The teacher's no to all who wait; they may come back and wait again."""
    await conn.execute(
        """
        update seats set ended_at = $3
        where programme_id = $1 and session_class_id = $2 and is_waiting and ended_at is null
        """,
        scope.programme_id,
        session_class_id,
        now,
    )


@dataclass(frozen=True, slots=True)
class Room:
    """Who is here now, as counts. Here: an open visit seen within the last ten seconds."""

    phones: int
    waiting: int
    has_beamer: bool


async def here_now(conn: Connection, scope: Scope, session_class_id: UUID, now: datetime) -> Room:
    """Counts of devices that beat lately."""
    row = await conn.fetchrow(
        """
        with open as (
            select s.kind, s.is_waiting from seats s
            where s.programme_id = $1 and s.session_class_id = $2 and s.ended_at is null
                and exists (select 1 from visits v where v.programme_id = s.programme_id
                    and v.seat_id = s.id and v.ended_at is null
                    and v.seen_until > $3::timestamptz - interval '10 seconds'))
        select count(*) filter (where kind <> 'beamer' and not is_waiting) as phones,
            count(*) filter (where kind = 'beamer') > 0 as has_beamer,
            (select count(*) from seats s where s.programme_id = $1 and s.session_class_id = $2
                and s.is_waiting and s.ended_at is null) as waiting
        from open
        """,
        scope.programme_id,
        session_class_id,
        now,
    )
    assert row is not None
    return Room(row["phones"], row["waiting"], row["has_beamer"])


async def version_to_watch(
    conn: Connection, hashed: bytes, video_id: UUID, now: datetime
) -> UUID | None:
    """The one version of this film that the session shows in which the device with this token's
    hash sits; None when it shows another film, is over, or its rights have ended.

    A session that runs keeps the version it started with, whatever has replaced it; a planned
    one prepares the version its published tour has now.
    """
    found: UUID | None = await conn.fetchval(
        """
        select case when n.state = 'planned' then f.current_version_id else n.version_id end
        from seats s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        join sessions n on (n.programme_id, n.id) = (c.programme_id, c.session_id)
        join tours t on (t.programme_id, t.id) = (n.programme_id, n.tour_id)
        join videos f on (f.programme_id, f.id) = (t.programme_id, t.video_id)
        where s.token_hash = $1 and f.id = $2 and s.ended_at is null and not s.is_waiting
            and (n.state = 'running' or n.state = 'planned' and t.state = 'published')
            and (t.rights_until is null or t.rights_until > ($3 at time zone n.zone)::date)
            and (n.home_until is null or n.home_until > $3 or s.kind = 'beamer')
        """,
        hashed,
        video_id,
        now,
    )
    return found


async def is_shown(conn: Connection, token: str | None, tour_id: UUID, now: datetime) -> bool:
    """Whether this device sits in a session of this tour that is planned or runs.

    For what lies beside the film: it stays while the lesson lasts, whatever becomes of the tour.
    """
    if not token:
        return False
    found = await conn.fetchval(
        """
        select 1 from seats s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        join sessions n on (n.programme_id, n.id) = (c.programme_id, c.session_id)
        where s.token_hash = $1 and n.tour_id = $2 and s.ended_at is null
            and not s.is_waiting and n.state in ('planned', 'running')
            and (n.home_until is null or n.home_until > $3 or s.kind = 'beamer')
        """,
        hash_token(token),
        tour_id,
        now,
    )
    return found is not None
