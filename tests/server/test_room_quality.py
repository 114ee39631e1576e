"""What pages say of how well the stage comes in: each word kept, none of who is gone."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from rooms.live import protocol, seat_quality
from rooms.live.seat_quality import Noted
from server.room_quality import RoomQuality

NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)
GOOD = protocol.Pong(1, is_flowing=True, is_shown=True, is_audible=True, rung="udp", quality="good")


class Rows:
    """The table. `meanwhile`: what happens while it is written; `is_away`: nothing is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: set[UUID] = set()
        self.is_away = False
        self.meanwhile = lambda: None
        monkeypatch.setattr(seat_quality, "note", self._note)

    async def _note(
        self, _: Any, noted: Sequence[Noted], gone: Collection[UUID], now: datetime
    ) -> None:
        self.meanwhile()
        if self.is_away:
            raise OSError("the database is away")
        self.kept |= {one.connection for one in noted}
        self.kept -= set(gone)

    async def keep(self, quality: RoomQuality) -> None:
        """Half a second passes."""
        await quality.keep(cast(Any, None), NOW)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Rows:
    return Rows(monkeypatch)


async def test_who_comes_back_at_once_is_kept(rows: Rows) -> None:
    quality, page = RoomQuality(), uuid4()
    quality.say(page, GOOD)
    await rows.keep(quality)
    quality.forget(page)
    quality.say(page, GOOD)
    await rows.keep(quality)
    assert rows.kept == {page}


async def test_who_goes_while_it_is_written_leaves_no_row(rows: Rows) -> None:
    quality, page = RoomQuality(), uuid4()
    quality.say(page, GOOD)
    rows.meanwhile = lambda: quality.forget(page)
    await rows.keep(quality)
    rows.meanwhile = lambda: None
    await rows.keep(quality)
    assert rows.kept == set()


async def test_who_went_while_the_database_was_away_is_forgotten_later(rows: Rows) -> None:
    quality, page = RoomQuality(), uuid4()
    quality.say(page, GOOD)
    await rows.keep(quality)
    quality.forget(page)
    rows.is_away = True
    with pytest.raises(OSError, match="away"):
        await rows.keep(quality)
    rows.is_away = False
    await rows.keep(quality)
    assert rows.kept == set()
