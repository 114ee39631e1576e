"""Sound and picture stay in step when a microphone was stopped: a call, or "hide"."""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import dataclass, field

import pytest

from tests.media.live.rooms import Room
from tests.support.live.descriptions import OPUS, VP8
from tests.support.live.presenter import Presenter
from tests.support.live.viewer import Viewer
from tests.support.live.wire import is_rtcp
from tests.support.processes import until

NTP_1970 = 2_208_988_800
IN_STEP_S = 0.080
SILENT_S = 2.5
# A gap of sound after which it has come back.
GAP_S = 1.0
RATES = {"audio": 48_000, "video": 90_000}
KINDS = {OPUS: "audio", VP8: "video"}


@dataclass
class Told:
    """What a receiver goes by: the last report of one stream, and what its packets say."""

    rate: int
    reports: list[tuple[float, int]] = field(default_factory=list)  # (seconds since 1970, rtp)

    def moment(self, timestamp: int) -> float:
        """When this was recorded, by the last report."""
        at, rtp = self.reports[-1]
        ahead = ((timestamp - rtp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return at + ahead / self.rate


class Recording(Presenter):
    """The end of its packets says when they were recorded: that they are late changes nothing."""

    def _stamp(self, payload_type: int) -> int:
        return round(self._captured[payload_type] * 1e9)


class Listening(Viewer):
    """Notes how far sound is from the picture, whenever a packet of sound comes."""

    def __init__(self) -> None:
        super().__init__()
        self.told = {kind: Told(rate) for kind, rate in RATES.items()}
        self.apart: list[tuple[float, float]] = []  # (when it came, seconds too early)
        self.heard_at = 0.0
        self.came_back_at = 0.0
        self._picture_s: float | None = None  # how wrong the last picture's moment is told

    def took(self, packet: bytes) -> None:
        super().took(packet)
        if is_rtcp(packet):
            self._report(packet)
            return
        kind = KINDS.get(packet[1] & 0x7F)
        if kind is None or not all(told.reports for told in self.told.values()):
            return
        off_s = self.told[kind].moment(int.from_bytes(packet[4:8], "big")) - _recorded_at(packet)
        if kind == "video":
            self._picture_s = off_s
        elif self._picture_s is not None:
            now = time.monotonic()
            if self.heard_at and now - self.heard_at > GAP_S:
                self.came_back_at = now
            self.heard_at = now
            self.apart.append((now, off_s - self._picture_s))

    def _report(self, packet: bytes) -> None:
        if packet[1] != 200:
            return
        ssrc, seconds, part, rtp = struct.unpack_from("!LLLL", packet, 4)
        kind = "video" if ssrc == self.video else "audio"
        self.told[kind].reports.append((seconds - NTP_1970 + part / 2**32, rtp))

    def apart_after(self, since_s: float) -> list[float]:
        """How far apart they were from so long after the sound came back."""
        return [abs(apart) for at, apart in self.apart if at >= self.came_back_at + since_s]


def _recorded_at(packet: bytes) -> float:
    (at_ns,) = struct.unpack("!Q", packet[-8:])
    return float(at_ns / 1e9)


@pytest.mark.parametrize(
    ("says_when", "wrong_for_s"),
    [(True, 0.0), (False, 1.5)],  # without abs-send-time: it settles, and the next report tells
)
async def test_a_microphone_that_was_stopped_is_in_step_again(
    room: Room, says_when: bool, wrong_for_s: float
) -> None:
    presenter = Recording(says_when=says_when)
    try:
        await presenter.connect(room.publisher())
        presenter.start()
        async with room.watching(Listening()) as viewer:
            assert isinstance(viewer, Listening)
            await until(lambda: len(viewer.apart) > 75, within_s=20)
            assert max(abs(apart) for _, apart in viewer.apart[-50:]) <= IN_STEP_S
            before = viewer.told["audio"].reports[-1]
            presenter.stop_microphone(SILENT_S)
            await until(lambda: viewer.came_back_at > 0, within_s=20)
            await asyncio.sleep(wrong_for_s + 1.5)
    finally:
        await presenter.close()
    found = viewer.apart_after(wrong_for_s)
    assert len(found) > 25
    assert max(found) <= IN_STEP_S + late(presenter), found
    if says_when:
        assert contradicts(viewer.told["audio"], before) <= IN_STEP_S + late(presenter)


def late(presenter: Presenter) -> float:
    """What this process was late by at both ends of the silence: a busy machine's part in it."""
    return sum(presenter.late_s)


def contradicts(told: Told, before: tuple[float, int]) -> float:
    """How far the latest report is from what one before it said, in seconds."""
    at, rtp = before
    ahead = ((told.reports[-1][1] - rtp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
    return abs(at + ahead / told.rate - told.reports[-1][0])
