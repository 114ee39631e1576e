"""The socket of a room: one page's connection, from its hello to its end. `rooms/PROTOCOL.md`.

The page asks little and answers the server's ping, which is its beat; it is told what happens.
Everything about it is bounded: what waits to be sent, what it may ask, how long it may be silent.
"""

import asyncio
import contextlib
import logging
from typing import Any
from uuid import UUID, uuid4

import msgspec
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from media.errors import LiveError
from media.live.messages import Done, Want
from rooms.agenda import captioners, registrations
from rooms.attendance import person_visits, seats
from rooms.connection import Connection
from rooms.errors import NotThere, RoomError
from rooms.live import captions, players, presenters, protocol, rights, rooms, standing
from rooms.live import log as room_log
from rooms.live.entering import Entered
from rooms.live.keeping import Collector
from rooms.live.outbox import Outbox
from rooms.live.presence import Beat, Page
from rooms.live.room_ticks import Asked
from rooms.scope import Scope
from server import captioning, errors, room_orders, turn
from server.allowance import Allowance
from server.context import Knock
from server.live_rooms import DATABASE_AWAY, LiveRooms
from server.room_desk import TRY_AGAIN, RoomDesk
from server.room_guests import check_may_watch, scope_of, visitor, watches_as, who_is
from server.room_hub import RoomHub
from server.room_lines import NOT_UNDERSTOOD, RESUME, TOO_MANY, TRY_LATER, Line
from server.room_wire import way_of

log = logging.getLogger(__name__)

HELLO_WITHIN_S = 5.0
DATABASE_WITHIN_S = 5.0
# A live process that hangs keeps nobody out of the room.
LIVE_WITHIN_S = 1.0
# Said to a page that does not read, it is never heard.
GOODBYE_WITHIN_S = 1.0
TOO_BIG = 1009
# What a page may ask. One pong is due every two seconds.
BURST, PER_S = 40, 5
REACTIONS_AT_ONCE, REACTIONS_PER_S = 4, 2
# A page that is left by its reader says so. A close without a code looks like a cut line.
GOODBYES = frozenset({1000, 1001})


class Hangup(Exception):
    """The conversation ends, with this close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def serve(knock: Knock) -> None:
    """`/rooms/{id}/socket`: a page's connection until it ends.

    Who may not come in gets the status of `GET /rooms/{id}` in place of a socket.
    """
    try:
        async with asyncio.timeout(DATABASE_WITHIN_S), knock.transaction() as conn:
            entered = await visitor(
                conn, knock.websocket, knock.settings, knock.viewer, knock.id(), knock.now
            )
        if entered.room.is_open:
            check_may_watch(entered)
    except RoomError as error:
        await _deny(knock, error.code, 404 if isinstance(error, NotThere) else None)
    except DATABASE_AWAY:
        await _deny(knock, "server_fault", 503)
    else:
        await knock.websocket.accept()
        await _Conversation(knock, entered).serve()


async def _deny(knock: Knock, code: str, status: int | None) -> None:
    status = status or errors.STATUS_BY_CODE.get(code, 403)
    body = {"error": code, "message": errors.sentence(knock.language, code, {})}
    with contextlib.suppress(RuntimeError):  # a server that cannot deny in words says 403
        await knock.websocket.send_denial_response(JSONResponse(body, status))
        return
    await knock.websocket.close()


class _Conversation:
    """One connection. Its tasks live as long as `serve` does."""

    def __init__(self, knock: Knock, entered: Entered) -> None:
        self.socket: WebSocket = knock.websocket
        self.knock = knock
        self.entered = entered
        self.who = who_is(entered, knock.viewer)  # as she came
        self.hub: RoomHub = knock.floor.rooms["hub"]
        self.desk: RoomDesk = self.hub.desk
        self.live: LiveRooms = knock.floor.rooms["live"]
        self.pages: Collector = knock.floor.rooms["pages"]
        self.clock = asyncio.get_running_loop().time
        self.allowance = Allowance(self.clock(), BURST, PER_S)
        self.reactions = Allowance(self.clock(), REACTIONS_AT_ONCE, REACTIONS_PER_S)
        self.ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.doubted = asyncio.Event()
        self.page: Page | None = None  # its visit, where there is a seat; set after the hello
        self.goodbye = 0  # the code the page closed with

    async def serve(self) -> None:
        """Returns when the connection has ended; closes it unless the page did."""
        try:
            code = await self._converse()
        except Hangup as hangup:
            code = hangup.code
        except WebSocketDisconnect:
            return
        if not self.goodbye:
            await self._close(code)

    async def _converse(self) -> int:
        if not self.entered.room.is_open:
            closed = protocol.Closed("room_closed", self.entered.room.last_number)
            await self.socket.send_text(protocol.written(closed))
            return 1000
        hello = await self._hello()
        connection = await self._open_visit(hello)
        line = Line(
            connection, self.entered.room.id, self._end, self.doubted.set, self.clock(), self.who,
            Outbox(way_of(self.socket.scope), self.hub.round), sign_in=self._sign_in(),
        )  # fmt: skip
        try:
            await self._welcome(line, hello)
            return await self._talk(line)
        finally:
            self.hub.leave(line)
            if line.is_removed:
                await self._cut(line)
            if self.page is not None:
                self.pages.leave(self.page, is_goodbye=self.goodbye in GOODBYES)

    def _sign_in(self) -> UUID | None:
        viewer = self.knock.viewer
        is_hers = scope_of(viewer) is not None and self.entered.role != "captioner"
        return viewer.sign_in_id if viewer is not None and is_hers else None

    async def _cut(self, line: Line) -> None:
        """Its picture ends with its place, and so does all else that its visitor watches by."""
        room, creator = self.entered.room, watches_as(self.entered, self.knock.viewer)
        await room_orders.cut(self.live, room.programme_id, room.id, line.connection)
        await room_orders.cut_creator(self.live, room.programme_id, room.id, creator)

    def _end(self, code: int) -> None:
        if not self.ending.done():
            self.ending.set_result(code)

    async def _close(self, code: int) -> None:
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(GOODBYE_WITHIN_S):
                await self.socket.close(code)

    # --- beginning -----------------------------------------------------------------------------

    async def _hello(self) -> protocol.Hello:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                command = protocol.read(await self._frame())
        except (TimeoutError, msgspec.DecodeError):
            raise Hangup(NOT_UNDERSTOOD) from None
        if not isinstance(command, protocol.Hello):
            raise Hangup(NOT_UNDERSTOOD)
        return command

    async def _open_visit(self, hello: protocol.Hello) -> UUID:
        """The connection's name: of its visit where there is a seat, or she came by herself."""
        seat = self.entered.seat
        try:
            async with asyncio.timeout(DATABASE_WITHIN_S), self.knock.transaction() as conn:
                if seat is None:
                    page = await self._open_own(conn, hello.connection)
                else:
                    page = await self.pages.open(conn, seat, hello.connection)
                if page is None:
                    return await _own_name(conn, hello.connection)
        except DATABASE_AWAY:
            raise Hangup(TRY_LATER) from None
        self.page = page
        return page.connection

    async def _open_own(self, conn: Connection, connection: UUID | None) -> Page | None:
        """The visit of somebody who registered herself for this webinar; None for all others."""
        room, scope = self.entered.room, scope_of(self.knock.viewer)
        if scope is None or scope.person_id is None or room.cast is None:
            return None
        key = (room.programme_id, room.cast.webinar_id, scope.person_id)
        if not await registrations.is_guest(conn, *key):
            return None
        self.pages = self.knock.floor.rooms["guests"]
        now = self.knock.now
        return self.pages.take_up(
            Page(await person_visits.open_one(conn, *key, connection, now), now)
        )

    async def _welcome(self, line: Line, hello: protocol.Hello) -> None:
        room = self.entered.room
        if not self.hub.join(line, room.programme_id, room.last_number):
            raise Hangup(TRY_LATER)
        with contextlib.suppress(LiveError, TimeoutError):  # its next word tells the epoch
            async with asyncio.timeout(LIVE_WITHIN_S):
                await self.live.know(room.programme_id, room.id)
        scope = Scope(room.programme_id)
        try:
            async with asyncio.timeout(DATABASE_WITHIN_S), self.knock.transaction() as conn:
                # in this order: what happens in between is in the second and not in the first
                number = (await rooms.shown(conn, room.programme_id, room.id)).last_number
                logged = await room_log.since(conn, scope, room.id, min(hello.since, number))
                await self.hub.know(conn, line)
                last = max(number, logged[-1].number if logged else 0)
                line.welcome(protocol.written(self._welcoming(line, last)), number, logged)
                await self.hub.show(conn, line)
        except DATABASE_AWAY:
            raise Hangup(TRY_LATER) from None

    def _welcoming(self, line: Line, number: int) -> protocol.Welcome:
        stage, viewers = self.hub.stage_of(line.room_id)
        seat = self.entered.seat
        servers = turn.ice_servers(self.knock.settings, self.knock.now)
        return protocol.Welcome(
            connection=line.connection,
            number=number,
            epoch=self.live.epoch(line.room_id),
            title=self.entered.room.title,
            role=self.entered.role,
            stage=stage,
            viewers=viewers,
            seat_kind=seat.kind.value if seat is not None else None,
            ice_servers=tuple(
                protocol.IceServer(one.urls, one.username, one.credential) for one in servers
            ),
            is_moderator=self.hub.moderates(line),
            part=line.who.part,
            parts=tuple(sorted(line.who.parts)),
            is_before_live=self.entered.is_before_live,
        )

    # --- talking -------------------------------------------------------------------------------

    async def _talk(self, line: Line) -> int:
        """Reads, writes and doubts side by side until one of them, or the hub, ends it."""
        if self.entered.role == "captioner":  # who was taken off on her way in was told nothing
            self.doubted.set()
        works = (self._read(line), self._write(line), self._find_out(line))
        tasks = [asyncio.create_task(work) for work in works]
        waited: set[asyncio.Future[Any]] = {*tasks, self.ending}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for what in ended:
            if isinstance(what, Hangup):
                self._end(what.code)
            elif isinstance(what, Exception) and not isinstance(what, WebSocketDisconnect):
                log.error("room %s: a socket ends by a fault", line.room_id, exc_info=what)
        return self.ending.result() if self.ending.done() else RESUME

    async def _read(self, line: Line) -> None:
        while True:
            frame = await self._frame()
            line.heard_at = self.clock()
            if not self.allowance.take(line.heard_at):
                raise Hangup(TOO_MANY)
            try:
                await self._do(line, protocol.read(frame))
            except msgspec.DecodeError:
                line.tell(protocol.written(protocol.Refused(code="bad_command")), "refused")

    async def _do(self, line: Line, command: protocol.Command) -> None:
        match command:
            case protocol.Pong():
                rung = None if command.rung == "none" else command.rung
                if self.page is not None:
                    beat = Beat(self.knock.now, command.is_shown, command.is_audible, rung)
                    self.page.beat(beat)
                    self.hub.quality.say(line.connection, command)
            case protocol.Want():
                await self._want(line, command)
            case protocol.Hello():
                line.tell(protocol.written(protocol.Refused(code="hello_twice")), "refused")
            case protocol.React():
                if self.reactions.take(line.heard_at):
                    self.hub.reactions.react(line, command.kind)
            case protocol.TypeCaption():
                await self._caption(line, command)
            case _ if not line.last:  # its end waits for answers, and for no new ones
                self._ask(line, command)

    def _ask(self, line: Line, command: protocol.StateCommand) -> None:
        """Has a command decided; its answer comes once it is kept."""
        room = self.entered.room
        scope = scope_of(self.knock.viewer) or Scope(room.programme_id)

        def answer(refusal: str | None) -> None:
            done = protocol.Done(command.request)
            refused = protocol.Refused(refusal or "", command.request)
            line.answer(done if refusal is None else refused)

        line.asked += 1
        self.desk.ask(room.programme_id, room.id, Asked(line.who, scope, command), answer)

    async def _caption(self, line: Line, command: protocol.TypeCaption) -> None:
        """Keeps what is said, and tells it, at once: her lines stay in their order."""
        line.asked += 1
        refusal = await self._why_not_captioned(command)
        done = protocol.Done(command.request)
        refused = protocol.Refused(refusal or "", command.request)
        line.answer(done if refusal is None else refused)

    async def _why_not_captioned(self, command: protocol.TypeCaption) -> str | None:
        captioner, room = self.entered.captioner, self.entered.room
        if captioner is None:
            return "not_allowed"
        try:
            async with asyncio.timeout(DATABASE_WITHIN_S), self.knock.transaction() as conn:
                now = self.knock.now
                await captions.say(conn, captioner, room.id, command.line, command.text, now)
        except RoomError as error:
            return error.code
        except DATABASE_AWAY:
            return TRY_AGAIN
        return None

    async def _want(self, line: Line, command: protocol.Want) -> None:
        room = self.entered.room
        ask = Want(room.id, line.connection, command.wish)
        with contextlib.suppress(LiveError):  # nothing is watched yet: the offer says it too
            await self.live.ask(room.programme_id, room.id, lambda _: ask, Done)

    async def _write(self, line: Line) -> None:
        """What it is told beside the rounds, up to its end."""
        while (frame := await line.outbox.next()) is not None:
            await self.socket.send_text(frame)
        raise Hangup(1000)

    async def _find_out(self, line: Line) -> None:
        """Each time its place is doubted: goes on, comes back anew, or learns that it is over."""
        while True:
            await self.doubted.wait()
            self.doubted.clear()
            try:
                async with asyncio.timeout(DATABASE_WITHIN_S), self.knock.transaction() as conn:
                    why = await self._why_over(conn)
            except DATABASE_AWAY:
                raise Hangup(RESUME) from None
            if why is not None:
                is_seats = self.entered.seat is not None
                line.is_removed |= why != "room_closed" and (is_seats or why != "signed_out")
                line.end(protocol.Closed(why))
            elif self.entered.seat is not None:
                raise Hangup(RESUME)  # the visit is over, the place is not: another visit

    async def _why_over(self, conn: Connection) -> protocol.Why | None:
        room, seat = self.entered.room, self.entered.seat
        if not (await rooms.shown(conn, room.programme_id, room.id)).is_open:
            return "room_closed"
        if seat is not None:
            if await players.enter(conn, seat.id, room.id) is not None:
                return None
            return "signed_out" if await seats.went_with_sign_in(conn, seat.id) else "session_over"
        if self.entered.role == "captioner":
            token = captioning.token_in(self.knock.websocket)
            types = await captioners.of_room(conn, token, room.id, self.knock.now)
            return None if types is not None else "removed"
        sign_in = self._sign_in()
        if sign_in is not None and await rights.ended_sign_ins(conn, [sign_in]):
            return "signed_out"
        return None if await self._is_still_hers(conn) else "removed"

    async def _is_still_hers(self, conn: Connection) -> bool:
        """Whether a person is in the room what she was when this page came."""
        scope, who = scope_of(self.knock.viewer), self.who
        if scope is None or scope.person_id is None:
            return False
        room = await rooms.shown(conn, scope.programme_id, self.entered.room.id)
        role = await standing.role_of(conn, room, scope.person_id)
        if role is None or standing.by_now(who, room, role) != who:
            return False
        is_guest = self.pages is self.knock.floor.rooms["guests"]
        has_place = who.member is None or await presenters.place_of(conn, scope, room.id)
        return is_guest or bool(has_place)

    async def _frame(self) -> bytes:
        """The next frame. Raises `WebSocketDisconnect`, `Hangup` for one that is too big."""
        message = await self.socket.receive()
        if message["type"] == "websocket.disconnect":
            self.goodbye = message.get("code") or 1005
            raise WebSocketDisconnect(self.goodbye)
        text: str | None = message.get("text")
        data: bytes = message.get("bytes") or b"" if text is None else text.encode()
        if len(data) > protocol.FRAME_BYTES:
            raise Hangup(TOO_BIG)
        return data


async def _own_name(conn: Connection, wanted: UUID | None) -> UUID:
    """A page without a seat keeps its name, unless a visit is kept under it."""
    if wanted is None or await players.seat_of(conn, wanted) is not None:
        return uuid4()
    return wanted
