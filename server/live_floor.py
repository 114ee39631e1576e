"""What a web process holds of live rooms while it lives: lines to live processes, hub, presence."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from media.live.address import address_for
from rooms.attendance import person_visits
from rooms.live.keeping import Collector
from server.allowance import Allowances
from server.config import Settings
from server.database import Pool
from server.live_presence import LivePresence
from server.live_rights import LiveRights
from server.live_rooms import LiveRooms
from server.room_desk import RoomDesk
from server.room_hub import RoomHub

log = logging.getLogger(__name__)

AFTER_A_FAULT_S = 1.0
# Offers of one seat, person, captioner, sign-in or key: who looks for a way makes a handful.
OFFERS_AT_ONCE, OFFERS_PER_S = 30, 0.5


@asynccontextmanager
async def live_floor(
    settings: Settings, dsn: str, pool: Pool, clock: Callable[[], datetime]
) -> AsyncIterator[dict[str, Any]]:
    """`live`: `LiveRooms`; `hub`: `RoomHub`; `pages`: the `Collector` of seats' beats, `guests`: of
    those who come by themselves; `offers`: how many each may make.
    """
    hub = RoomHub(pool, dsn, clock)
    hub.desk = RoomDesk(pool, clock)
    live = LiveRooms(pool, clock, address_for(settings.home, settings.live_port), hub)
    hub.live, hub.presence = live, LivePresence(pool, clock, live)
    rights = LiveRights(pool, live, hub.open)
    pages = Collector(pool, clock, hub.lost)
    guests = Collector(pool, clock, hub.lost, person_visits.move)
    async with live, hub, hub.desk, asyncio.TaskGroup() as group:
        for one in (pages, guests):
            group.create_task(one.run(), name="beats of rooms")
        steps = (
            hub.stages.tell, hub.stages.name, hub.stages.tell_viewers, hub.read, hub.ping,
            hub.ears.listen, hub.presence.write, hub.desk.decide, hub.look, hub.tell_figures,
            hub.reactions.say, hub.presence.miss, hub.stages.make_cuts,
            rights.look,
        )  # fmt: skip
        tasks = [group.create_task(_for_ever(step), name=step.__qualname__) for step in steps]
        try:
            offers = Allowances(OFFERS_AT_ONCE, OFFERS_PER_S)
            yield {
                "live": live,
                "hub": hub,
                "pages": pages,
                "guests": guests,
                "offers": offers,
            }
        finally:
            for task in tasks:
                task.cancel()
            pages.close()
            guests.close()


async def _for_ever(step: Callable[[], Awaitable[None]]) -> None:
    """One step after the other. A fault in one room must not silence all others."""
    while True:
        try:
            await step()
        except Exception:
            log.exception("a fault in the rooms of this process")
            await asyncio.sleep(AFTER_A_FAULT_S)
