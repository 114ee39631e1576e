"""A tick of a room: under the lock on its row, its log is read on, commands are decided in the
order they came, and what they make is written; all of it or nothing.

The caller owns the transaction and acknowledges after it. Whatever ends it in an error, the
caller throws the room away: it has taken in what was not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from rooms.agenda import webinar_doors, webinars
from rooms.agenda.webinar_states import State
from rooms.agenda.webinars import Webinar
from rooms.attendance import keeping, seats
from rooms.attendance.rule import unix_ms
from rooms.connection import Connection
from rooms.errors import NotThere, Refused, RoomError
from rooms.live import (
    evidence,
    log,
    on_air,
    presenters,
    protocol,
    questions,
    room_facts,
    rooms,
    standing,
)
from rooms.live.room import Line, Room
from rooms.live.room_state import Facts, Who
from rooms.safety import incidents, personal_data
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it came in. `scope`: of who is signed in; a seat's has nobody."""

    who: Who
    scope: Scope
    command: protocol.StateCommand


@dataclass(slots=True)
class Tick:
    """One tick under way. `refusals`: a code for each command, None where it was done."""

    conn: Connection
    scope: Scope
    room_id: UUID
    room: Room
    facts: Facts
    now: datetime
    refusals: list[str | None] = field(default_factory=list)
    _lines: list[Line] = field(default_factory=list)
    _known: dict[Who, Who] = field(default_factory=dict)  # as she came → as she is in this tick
    _texts: dict[UUID, str] = field(default_factory=dict)

    @property
    def now_ms(self) -> int:
        """The moment as the log's lines have it."""
        return unix_ms(self.now)

    async def run(self, asked: Sequence[Asked]) -> None:
        """Decides all of them, in order, and writes what they made."""
        self._lines += self.room.see(self.facts, self.now_ms)
        for one in asked:
            try:
                await self._take(one)
            except RoomError as error:
                self.refusals.append("not_allowed" if isinstance(error, NotThere) else error.code)
            else:
                self.refusals.append(None)
        await self._write()

    async def _take(self, asked: Asked) -> None:
        who = self.facts.now(await self._by_now(asked.who))
        match asked.command:
            case protocol.Ask():
                await self._ask(who, asked.command)
            case protocol.SetPhase() | protocol.TakeOver():
                await self._lead(who, asked)
            case protocol.Report():
                await self._report(who, asked.command)
            case _:
                self._lines += self.room.take(asked.command, who, self.facts, self.now_ms)

    async def _by_now(self, who: Who) -> Who:
        """A power that was taken from her decides nothing any more."""
        if who.person is None or not standing.has_power(who):
            return who
        if who not in self._known:
            room = await rooms.shown(self.conn, self.scope.programme_id, self.room_id)
            role = await standing.role_of(self.conn, room, who.person)
            self._known[who] = standing.by_now(who, room, role)
        return self._known[who]

    async def _ask(self, who: Who, command: protocol.Ask) -> None:
        text = " ".join(command.text.split())
        if not text:
            raise Refused("bad_command")
        if await questions.is_elsewhere(self.conn, self.scope, self.room_id, command.question):
            raise Refused("not_allowed")
        held = personal_data.reasons(text)
        self._lines += self.room.take(command, who, self.facts, self.now_ms, held)
        self._texts.setdefault(command.question, text)

    async def _report(self, who: Who, command: protocol.Report) -> None:
        await self._write()  # the evidence reads what this tick has made so far
        told = await evidence.gather(
            self.conn, self.scope, self.room_id, self.room, self.facts, who, command, self.now
        )
        await incidents.report(self.conn, self.scope, told, self.now)

    # --- what changes more than the log --------------------------------------------------------

    async def _lead(self, who: Who, asked: Asked) -> None:
        """A moderator has a place among the presenters from when she leads."""
        if who.is_moderator and who.member is None:
            place = await presenters.take_place(self.conn, asked.scope, self.room_id, self.now)
            who = replace(who, member=place.member)
        decided = self.room.decide(asked.command, who, self.facts, self.now_ms)
        if decided and isinstance(asked.command, protocol.SetPhase):
            await self._write()
            async with self.conn.transaction():
                await self._follow(asked.scope, asked.command.to)
            await self._read_on()
            if self.room.phase == "ended":
                return
        self._lines += self.room.add(decided, self.now_ms)

    async def _follow(self, scope: Scope, to: protocol.Phase) -> None:
        """What the phase is to the webinar, or to an open room, and to everybody's attendance."""
        webinar = await webinars.of_room(self.conn, self.scope, self.room_id)
        if to == "paused":
            await on_air.end(self.conn, [self.room_id])
        if webinar is not None:
            await self._move_webinar(scope, webinar, to)
        elif to == "ended":
            await rooms.close(self.conn, scope, self.room_id, self.now)
        if to == "ended":
            room = await rooms.shown(self.conn, self.scope.programme_id, self.room_id)
            await keeping.close_room(self.conn, room, self.now)

    async def _move_webinar(self, scope: Scope, webinar: Webinar, to: protocol.Phase) -> None:
        if webinar.state is State.ANNOUNCED and to in {"lobby", "live"}:
            await webinar_doors.open_doors(self.conn, scope, webinar.id, self.now)
        if to == "live":
            await webinar_doors.go_live(self.conn, scope, webinar.id, self.now)
        elif to == "ended":
            await webinar_doors.end(self.conn, scope, webinar.id, self.now)

    # --- writing and reading on -----------------------------------------------------------------

    async def _write(self) -> None:
        lines, self._lines = self._lines, []
        await log.append_all(self.conn, self.scope, self.room_id, lines)
        await questions.keep(self.conn, self.scope, self.room_id, lines, self._texts)
        for line in lines:
            if line.happened.kind == "banned":
                seat = UUID(line.happened.data["seat"])
                await seats.ban(self.conn, self.scope, seat, self.now)

    async def _read_on(self) -> None:
        lines = await log.after(self.conn, self.scope, self.room_id, self.room.number)
        self.room.catch_up(log.line_of(one) for one in lines)


async def tick(
    conn: Connection,
    programme_id: UUID,
    room_id: UUID,
    room: Room,
    asked: Sequence[Asked],
    now: datetime,
) -> list[str | None]:
    """A code for each command, None where it was done. `room` is then where its log is."""
    scope = Scope(programme_id)
    if any(isinstance(one.command, protocol.SetPhase) for one in asked):
        # Its own page takes a webinar's row before its room's: in the same order here.
        webinar = await webinars.of_room(conn, scope, room_id)
        if webinar is not None:
            await webinars.hold(conn, scope, webinar.id)
    number = await _hold(conn, scope, room_id)
    if room.number < number:
        lines = await log.after(conn, scope, room_id, room.number)
        room.catch_up(log.line_of(one) for one in lines)
    room.number = max(room.number, number)  # what was purged has its numbers all the same
    facts = await room_facts.read(conn, scope, room_id, room.host, now)
    one = Tick(conn, scope, room_id, room, facts, now)
    await one.run(asked)
    return one.refusals


async def _hold(conn: Connection, scope: Scope, room_id: UUID) -> int:
    number: int | None = await conn.fetchval(
        "select last_number from rooms where programme_id = $1 and id = $2 for update",
        scope.programme_id,
        room_id,
    )
    if number is None:
        raise NotThere("room")
    return number
