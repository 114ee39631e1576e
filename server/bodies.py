"""How long a request's body may take to come: one that only drips in is ended.

What counts is the time that is waited for the body, never what is done with it meanwhile.
"""

import asyncio

from starlette.requests import Request
from starlette.types import Message, Receive

from rooms.errors import RoomError

WAIT_S = 15.0
"""For a body of a few fields, however small the pieces it comes in."""

SLOWEST_BYTES_S = 2_000
"""A larger one gets a second more for so much that came: a phone at the edge of its network."""


def in_time(request: Request) -> Request:
    """The same request; its body is refused as `body_slow` when it does not come in time."""
    return Request(request.scope, _Waiting(request.receive))


class _Waiting:
    """`receive` of one request, with what is left of the wait."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left_s = WAIT_S
        self._is_whole = False

    async def __call__(self) -> Message:
        """The next part. Raises `RoomError` `body_slow`; after the last part waits as it did."""
        if self._is_whole:
            return await self._receive()
        if self._left_s <= 0:
            raise RoomError("body_slow")
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._left_s):
                message = await self._receive()
        except TimeoutError:
            self._left_s = 0.0
            raise RoomError("body_slow") from None
        self._left_s += len(message.get("body", b"")) / SLOWEST_BYTES_S - (clock() - began)
        self._is_whole = not message.get("more_body", False)
        return message
