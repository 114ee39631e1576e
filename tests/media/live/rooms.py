"""An open room of a live process, and the ways into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from media.live.messages import Answered, Source
from tests.support.live.control import Control
from tests.support.live.presenter import Exchange, Presenter
from tests.support.live.process import LiveProcess
from tests.support.live.viewer import Viewer
from tests.support.processes import until


@dataclass
class Room:
    """One room, under its first epoch."""

    live: LiveProcess
    control: Control
    id: UUID = field(default_factory=uuid4)
    epoch: int = 1

    async def open(self) -> Room:
        """Lets it be there."""
        await self.control.open_room(self.id, self.epoch)
        return self

    def publisher(self, source: Source = "camera") -> Exchange:
        """A way onto the stage, for somebody new."""
        return self.control.publisher(self.id, self.epoch, uuid4(), source)

    def viewer(self) -> Exchange:
        """A way to watch, for somebody new."""
        return self.control.viewer(self.id, self.epoch, uuid4())

    @asynccontextmanager
    async def presenting(self, *, over: str = "udp") -> AsyncIterator[Presenter]:
        """A presenter who sends the load's stream."""
        presenter = Presenter()
        try:
            await presenter.connect(self.publisher(), over=over)
            presenter.start()
            yield presenter
        finally:
            await presenter.close()

    @asynccontextmanager
    async def watching(
        self, viewer: Viewer | None = None, *, over: str = "udp"
    ) -> AsyncIterator[Viewer]:
        """A viewer who has its first picture."""
        viewer = viewer or Viewer()
        try:
            await viewer.connect(self.viewer(), over=over)
            await viewer.first_picture()
            yield viewer
        finally:
            await viewer.close()

    async def publish(self, offer: str) -> Answered:
        """The answer to any offer that wants to send."""
        return await self.control.publish(self.id, self.epoch, uuid4(), offer)

    async def subscribe(self, offer: str) -> Answered:
        """The answer to any offer that wants to watch."""
        return await self.control.subscribe(self.id, self.epoch, uuid4(), offer)

    async def counted(self, name: str) -> float:
        """One of the process' counters; 0 when it never counted."""
        return (await self.control.stats()).process.get(name, 0.0)


async def gets(viewer: Viewer, packets: int = 100, *, within_s: float = 10.0) -> float:
    """Waits until so many more packets came; the longest silence between two of them."""
    wanted, viewer.longest_gap_s = viewer.packets + packets, 0.0
    await until(lambda: viewer.packets >= wanted, within_s=within_s)
    return viewer.longest_gap_s
