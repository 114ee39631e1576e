"""Commands that change rooms, as they come in at this process: gathered for a tick, decided
together in one transaction for each room, answered once it is committed.

Any process may decide for any room: the lock on the room's row puts them in order. What a
command makes is told to everybody by the room's log, here as elsewhere (`room_hub.py`). A room
whose row somebody else holds keeps no other room waiting.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.errors import RoomError
from rooms.live import room_ticks
from rooms.live.room import Room
from rooms.live.room_ticks import Asked
from server.database import Pool
from server.live_rooms import DATABASE_AWAY
from server.owned import Owner
from server.room_work import Places, RoomWork
from server.ticks import Ticks

log = logging.getLogger(__name__)

TICK_S = 0.05
# A tick is over in hundredths of a second; more at once would not make it faster.
AT_ONCE, SLOW = 3, 1
# More than this at one room in this process is more than a tick decides in its time.
MOST_WAITING = 2_000
TRY_AGAIN = "try_again"

Answer = Callable[[str | None], None]


@dataclass(slots=True)
class _Waiting:
    programme_id: UUID
    asked: list[Asked]
    answers: list[Answer]


class RoomDesk(Owner):
    """`answer` of a command is called once, with the code of its refusal or None."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock
        self._waiting: dict[UUID, _Waiting] = {}
        self._ticks = Ticks(TICK_S)
        self._rooms: dict[UUID, Room] = {}  # as far as their logs were read here
        self.work = RoomWork(Places(AT_ONCE, SLOW), self._decided)
        super().__init__(self.work)

    def ask(self, programme_id: UUID, room_id: UUID, asked: Asked, answer: Answer) -> None:
        """Has a command decided in the next tick."""
        waiting = self._waiting.setdefault(room_id, _Waiting(programme_id, [], []))
        if len(waiting.asked) >= MOST_WAITING:
            answer(TRY_AGAIN)
            return
        waiting.asked.append(asked)
        waiting.answers.append(answer)
        self._ticks.ask()

    def look(self, programme_id: UUID, room_id: UUID) -> None:
        """Has what rows make of a room decided: who is there, how many classes."""
        self._waiting.setdefault(room_id, _Waiting(programme_id, [], []))
        self._ticks.ask()

    def keep(self, room_ids: Collection[UUID]) -> None:
        """Forgets rooms in which nobody is at this process."""
        self._rooms = {key: room for key, room in self._rooms.items() if key in room_ids}

    async def decide(self) -> None:
        """Begins, in the next tick, to decide what waits; each room by itself. What comes for a
        room whose tick is under way waits for its end."""
        await self._ticks.next()
        for room_id in self._waiting.keys() - self.work.rooms:
            self.work.begin(room_id, self._decide(room_id, self._waiting.pop(room_id)))

    def _decided(self, room_id: UUID) -> None:
        if room_id in self._waiting:
            self._ticks.ask()

    async def _decide(self, room_id: UUID, waiting: _Waiting) -> None:
        try:
            refusals = await self._tick(room_id, waiting)
            for answer, refusal in zip(waiting.answers, refusals, strict=True):
                answer(refusal)
        except Exception:
            log.exception("room %s: a fault in answering", room_id)

    async def _tick(self, room_id: UUID, waiting: _Waiting) -> list[str | None]:
        room = self._rooms.pop(room_id, None) or Room()
        try:
            async with (
                self.work.places.take(),
                self._pool.acquire() as conn,
                conn.transaction(),
            ):
                refusals = await room_ticks.tick(
                    conn, waiting.programme_id, room_id, room, waiting.asked, self._clock()
                )
        except DATABASE_AWAY as error:
            log.warning("room %s: a tick was lost: %s", room_id, type(error).__name__)
        except RoomError as error:
            log.warning("room %s: a tick was refused: %s", room_id, error.code)
        except Exception:
            log.exception("room %s: a fault in a tick", room_id)
        else:
            self._rooms[room_id] = room
            return refusals
        return [TRY_AGAIN] * len(waiting.answers)
