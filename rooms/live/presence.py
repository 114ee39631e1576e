"""Presence in a room, without I/O: from pongs and the live core's word to what is written.

A page's answer to the server's ping is its beat; a moment counts while the page is seen or heard.
The live core says what flowed, also while no web process listened. All of it can come twice or
late: moments are a union, events have numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from rooms.attendance.moves import Event, Move
from rooms.attendance.ranges import Range, Ranges, union
from rooms.attendance.rule import EPOCH, SeatKind, unix_ms

# Three pings: a page that answers later was away for a while, and the rule judges that hole.
GOES_ON_WITHIN = timedelta(seconds=6)
# Numbers of what the live core tells lie above every number a page's own events can have.
_LIVE_NUMBERS = 1 << 62
_RESOURCE_BITS = 40
_NUMBER_BITS = 20
NUMBERS_PER_BEAT = 10

Rung = Literal["udp", "tcp", "turn"]


def moment(ms: int) -> datetime:
    """A moment from milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)


# --- what pages say ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Beat:
    """A pong as it arrived: by the server's clock, never by the page's."""

    at: datetime
    is_shown: bool
    is_audible: bool
    rung: Rung | None = None

    @property
    def counts(self) -> bool:
        """Whether somebody can be watching or listening."""
        return self.is_shown or self.is_audible


@dataclass(slots=True)
class Page:
    """One connection's beats until they are written. `seen_at`: of the last beat, or the hello.

    `kind`: of its seat, as the page knows it.
    """

    connection: UUID
    seen_at: datetime
    kind: SeatKind = SeatKind.OWN
    is_there: bool = True
    _move: Move | None = field(default=None, init=False)

    def beat(self, beat: Beat) -> None:
        """Takes a pong. The time since the one before counts when the page was there at both."""
        goes_on = beat.at - self.seen_at <= GOES_ON_WITHIN
        since = self.seen_at if goes_on and self.is_there and beat.counts else beat.at
        number = unix_ms(beat.at) * NUMBERS_PER_BEAT
        kind = "shown" if beat.counts else "hidden"
        changed = beat.counts != self.is_there
        self._add(
            Move(
                connection=self.connection,
                first_at=since,
                last_at=beat.at,
                present=_span(since, beat.at) if beat.counts else (),
                rung=beat.rung,
                is_away=not beat.counts,
                last_beat=unix_ms(beat.at),
                events=(Event(number, beat.at, kind),) if changed else (),
            )
        )
        self.seen_at, self.is_there = beat.at, beat.counts

    def leave(self, at: datetime) -> None:
        """The page said goodbye. What it saw since its last beat is not known."""
        number = unix_ms(at) * NUMBERS_PER_BEAT + 1
        self._add(
            Move(
                connection=self.connection,
                first_at=self.seen_at,
                last_at=self.seen_at,
                is_leaving=True,
                is_away=not self.is_there,
                last_beat=unix_ms(at),
                events=(Event(number, self.seen_at, "disconnected"),),
            )
        )

    def take(self) -> Move | None:
        """What there is to write, once."""
        move, self._move = self._move, None
        return move

    def give_back(self, move: Move) -> None:
        """It could not be written; it is written with what comes next."""
        self._move = merged(move, self._move) if self._move else move

    def _add(self, move: Move) -> None:
        self._move = merged(self._move, move) if self._move else move


def _span(start: datetime, end: datetime) -> Ranges:
    return union([(unix_ms(start), unix_ms(end))])


def merged(one: Move, other: Move) -> Move:
    """Two moves of one connection as one; what the later beat says of the page stands.

    Of two in the same millisecond `other` is the later.
    """
    is_after = (other.last_beat, other.last_at) >= (one.last_beat, one.last_at)
    last = other if is_after else one
    return replace(
        last,
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
        present=union(one.present, other.present),
        media_flowed=one.media_flowed or other.media_flowed,
        rung=last.rung or one.rung or other.rung,
        is_away=last.is_away if last.is_away is not None else _known(one, other),
        events=tuple(dict.fromkeys((*one.events, *other.events))),
    )


def _known(one: Move, other: Move) -> bool | None:
    return one.is_away if one.is_away is not None else other.is_away


# --- what the live core says ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a peer connection; `number` counts within `resource` from 1."""

    room: UUID
    member: UUID
    resource: str
    role: Literal["publisher", "viewer"]
    number: int
    at: int
    kind: Literal["connected", "media_flowing", "media_stopped", "gone"]
    rung: Rung = "udp"


@dataclass(frozen=True, slots=True)
class Flowed:
    """Media of a peer connection flowed from `since` until `until` without a hole."""

    room: UUID
    member: UUID
    role: Literal["publisher", "viewer"]
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Told:
    """One batch of the live core. `stages`: who is on the stage, of each room where it changed."""

    happened: tuple[Happened, ...] = ()
    flowed: tuple[Flowed, ...] = ()
    stages: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Writes:
    """What a batch makes: one move per viewer's connection, and the moments on air per room."""

    moves: tuple[Move, ...]
    on_air: Mapping[UUID, Ranges]


def writes_of(told: Told) -> Writes:
    """What is to be written. The same batch again makes the same."""
    moves: dict[UUID, Move] = {}
    for move in _moves(told):
        known = moves.get(move.connection)
        moves[move.connection] = merged(known, move) if known else move
    spans: dict[UUID, Ranges] = {}
    for room, span in _spans(told):
        spans[room] = union(spans.get(room, ()), [span])
    return Writes(tuple(moves.values()), spans)


def _moves(told: Told) -> Iterable[Move]:
    for one in told.happened:
        if one.role == "viewer":
            yield _happened(one)
    for seen in told.flowed:
        if seen.role == "viewer":
            yield _flowed(seen)


_KINDS = {
    "media_flowing": "media_flowing",
    "media_stopped": "media_stopped",
    "gone": "media_stopped",
}


def _happened(one: Happened) -> Move:
    at = moment(one.at)
    kind = _KINDS.get(one.kind)
    return Move(
        connection=one.member,
        first_at=at,
        last_at=at,
        media_flowed=one.kind == "media_flowing",
        rung=one.rung,
        events=(Event(event_number(one.resource, one.number), at, kind),) if kind else (),
    )


def _flowed(seen: Flowed) -> Move:
    return Move(
        connection=seen.member,
        first_at=moment(seen.since),
        last_at=moment(seen.until),
        present=union([(seen.since, seen.until)]),
        media_flowed=True,
    )


def event_number(resource: str, number: int) -> int:
    """The number of a peer connection's event within its visit, which may hold several of them."""
    mark = int.from_bytes(sha256(resource.encode()).digest()[: _RESOURCE_BITS // 8])
    return _LIVE_NUMBERS + (mark << _NUMBER_BITS) + (number & ((1 << _NUMBER_BITS) - 1))


def _spans(told: Told) -> Iterable[tuple[UUID, Range]]:
    """When publishers' media flowed. Its first moment makes a span of a millisecond."""
    for one in told.happened:
        if one.role == "publisher" and one.kind == "media_flowing":
            yield one.room, (one.at, one.at + 1)
    for seen in told.flowed:
        if seen.role == "publisher":
            yield seen.room, (seen.since, seen.until)
