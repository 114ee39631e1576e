"""deploy/coturn.conf in Debian's coturn: Chromium watches and presents through TLS alone."""

import asyncio
from pathlib import Path

import pytest

from media.live.messages import Ack, Listen, Role
from tests.media.live.conftest import live, room  # noqa: F401 - fixtures
from tests.media.live.rooms import Room
from tests.support.chromium import own_chromium
from tests.support.live.peers import publishing, watching
from tests.support.live.relay import (
    OPENSSL,
    TURNSERVER,
    coturn,
    relayed,
    servers,
    until,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        TURNSERVER is None or OPENSSL is None,
        reason="coturn or openssl is not installed (Debian has both)",
    ),
]

# The relay's certificate is of this test's own making.
TRUSTS = "--ignore-certificate-errors"


async def test_a_picture_comes_through_the_relay_alone(room: Room, tmp_path: Path) -> None:  # noqa: F811
    await room.control.ask(Listen())
    async with coturn(tmp_path) as port, own_chromium(TRUSTS) as browser:
        page = await relayed(browser)
        async with publishing(room.publisher()):
            await page.connect("watch", servers(tmp_path, f"127.0.0.1:{port}"), room.viewer())
            await until(lambda: page.has_frames(30), within_s=30)
            await until(lambda: _came_by_relay(room, "viewer"), within_s=10)
            way = await page.way()
    assert (way.kind, way.over) == ("relay", "tls")


async def test_a_presenter_is_seen_through_the_relay_alone(room: Room, tmp_path: Path) -> None:  # noqa: F811
    await room.control.ask(Listen())
    async with coturn(tmp_path) as port, own_chromium(TRUSTS) as browser:
        page = await relayed(browser)
        await page.connect("publish", servers(tmp_path, f"127.0.0.1:{port}"), room.publisher())
        await until(lambda: page.has_frames(1), within_s=30)
        async with watching(room.viewer()) as seen:
            await seen.sees(30, within_s=30)
            assert seen.sounds > 0
        await until(lambda: _came_by_relay(room, "publisher"), within_s=10)
        way = await page.way()
    assert (way.kind, way.over) == ("relay", "tls")


async def _came_by_relay(room: Room, role: Role) -> bool:  # noqa: F811
    """What attendance is told, batch after batch."""
    for told in tuple(room.control.told):
        if told.batch:
            await room.control.ask(Ack(told.batch))
    return any(
        one.role == role and one.rung == "turn"
        for told in room.control.told
        for one in told.presence
    )


async def test_it_relays_to_nobody_it_was_not_told_of(room: Room, tmp_path: Path) -> None:  # noqa: F811
    async with coturn(tmp_path, allows=False) as port, own_chromium(TRUSTS) as browser:
        page = await relayed(browser)
        async with publishing(room.publisher()):
            await page.connect("watch", servers(tmp_path, f"127.0.0.1:{port}"), room.viewer())
            await asyncio.sleep(5)
            assert not await page.has_frames(1)
