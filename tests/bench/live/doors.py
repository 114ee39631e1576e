"""Where presenter and viewers go: a room of a live process, or a room of Janus.

A door is told to the load's processes as one word, since they are processes of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from tests.bench.live.janus import Session, own_address
from tests.support.live.control import Control, Refused
from tests.support.live.presenter import Presenter
from tests.support.live.viewer import Viewer

AGAIN_AFTER_S, TRIES = 1.0, 20


class Door(Protocol):
    """A room that can be entered."""

    def present(self, presenter: Presenter) -> Awaitable[None]:
        """Brings a presenter on the stage."""

    def watch(self, viewer: Viewer) -> Awaitable[None]:
        """Connects a viewer; its clock starts here."""

    def close(self) -> Awaitable[None]:
        """Lets go of the way in."""


class Ours:
    """A room of a live process, by its control socket."""

    def __init__(self, socket: str, room: str, epoch: str) -> None:
        self._socket = Path(socket)
        self._room, self._epoch = UUID(room), int(epoch)
        self._control: Control | None = None

    async def open(self) -> None:
        """Connects to the process."""
        self._control = await Control.connect(self._socket)

    async def present(self, presenter: Presenter) -> None:
        """Brings a presenter on the stage."""
        assert self._control is not None
        await presenter.connect(self._control.publisher(self._room, self._epoch, uuid4()))

    async def watch(self, viewer: Viewer) -> None:
        """Connects a viewer, who comes back as a page does when she is sent away."""
        assert self._control is not None
        exchange = self._control.viewer(self._room, self._epoch, uuid4())

        async def patient(offer: str) -> str:
            for _ in range(TRIES):
                try:
                    return await exchange(offer)
                except Refused as refusal:
                    if refusal.code != "live_overloaded":
                        raise
                await asyncio.sleep(AGAIN_AFTER_S)
            raise TimeoutError("sent away again and again")

        await viewer.connect(patient)

    async def close(self) -> None:
        """Disconnects from the process."""
        if self._control is not None:
            await self._control.close()


class Theirs:
    """A room of Janus."""

    def __init__(self, url: str, room: str) -> None:
        self._session = Session(url, int(room))

    async def open(self) -> None:
        """Makes a session."""
        await self._session.open()

    async def present(self, presenter: Presenter) -> None:
        """Brings a presenter on the stage."""
        presenter.wire.show(own_address())
        await presenter.connect(self._session.publish)

    async def watch(self, viewer: Viewer) -> None:
        """Connects a viewer."""
        viewer.began()
        viewer.wire.show(own_address())
        offer, answer = await self._session.subscribe()
        await viewer.answer(offer, answer)

    async def close(self) -> None:
        """Ends the session."""
        await self._session.close()


async def open_door(word: str) -> Door:
    """The door of a word: `live,SOCKET,ROOM,EPOCH` or `janus,URL,ROOM`."""
    kind, *rest = word.split(",")
    door = Ours(*rest) if kind == "live" else Theirs(*rest)
    await door.open()
    return door
