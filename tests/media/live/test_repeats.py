"""What a viewer is sent a second time: what it lost, and what probes its line."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from media.live.fanout import Outlet
from media.live.layers import Choice
from media.live.packets import Header, read_header
from media.live.repeats import MOST_PROBED, PROBE_EVERY_S, RTX_BURST, Repeats
from tests.support.live.wiring import RTX_SSRC, Source, Wired, outlet, wired

PICTURE_BYTES = 1000


class Rig:
    """One viewer of one feed, whose repeats are caught."""

    def __init__(self, end: Wired) -> None:
        self.end = end
        self.source = Source()
        self.outlet: Outlet = outlet(end)
        self.counted: Counter[str] = Counter()
        self.probed: set[Outlet] = set()
        self.choice: Any = Choice(self.source.now)
        peer: Any = SimpleNamespace(send_rtp=end.send_rtp, why="")
        self.peer = peer
        self.repeats = Repeats(peer, self.counted, lambda: self.source.now, self.probed)
        self.source.fanout.expect(self.outlet)
        self.source.send(is_key=True, size=PICTURE_BYTES)
        self.source.send(size=PICTURE_BYTES, times=20)

    def probe(self, seconds: float, bps: int) -> list[int]:
        """The numbers of what is repeated meanwhile, as the viewer knows them."""
        self.choice.probe_bps = bps
        self.repeats.probe(self.outlet, self.choice)
        self.source.pass_time(seconds)
        return self.again()

    def again(self) -> list[int]:
        """What was repeated since it was asked last."""
        found = []
        for packet in self.end.alone:
            header = read_header(packet, len(packet))
            assert header is not None
            assert (header.ssrc, header.payload_type) == (RTX_SSRC, 97)
            found.append(int.from_bytes(packet[header.payload_at : header.payload_at + 2], "big"))
        self.end.alone.clear()
        return found


def test_a_probe_repeats_as_much_as_is_wanted_of_what_came_last() -> None:
    with wired(1) as [end]:
        rig = Rig(end)
        newest = rig.source.newest.seq & 0xFFFF
        found = rig.probe(2.0, 800_000)
        assert len(found) * (PICTURE_BYTES + 7) * 8 / 2.0 > 0.9 * 800_000
        assert len(found) * PICTURE_BYTES * 8 / 2.0 < 1.05 * 800_000
        assert set(found) <= set(range(newest - 9, newest + 1))
        assert rig.counted["probe_packets"] == len(found)
        assert rig.counted["probes"] == 1


def test_a_probe_ends_when_it_is_not_wanted_any_more_and_may_begin_again() -> None:
    with wired(1) as [end]:
        rig = Rig(end)
        assert rig.probe(0.5, 800_000)
        rig.choice.probe_bps = 0
        rig.source.pass_time(2 * PROBE_EVERY_S)
        rig.again()
        rig.source.pass_time(1.0)
        assert rig.again() == []
        assert rig.probe(0.5, 800_000)
        assert rig.counted["probes"] == 2


def test_only_so_many_lines_of_a_process_are_probed_at_once() -> None:
    with wired(1) as [end]:
        rig = Rig(end)
        rig.probed.update(outlet(end) for _ in range(MOST_PROBED - 1))
        assert rig.repeats.may_probe()
        assert rig.probe(0.5, 800_000)
        assert not rig.repeats.may_probe()
        assert rig.probe(0.5, 800_000)  # and goes on
        rig.choice.probe_bps = 0
        rig.source.pass_time(2 * PROBE_EVERY_S)
        assert rig.repeats.may_probe()


def test_a_probe_ends_with_its_viewer_and_while_the_picture_is_held() -> None:
    for ends in ("peer", "outlet", "hold"):
        with wired(1) as [end]:
            rig = Rig(end)
            assert rig.probe(0.5, 800_000)
            if ends == "peer":
                rig.peer.why = "left"
            elif ends == "outlet":
                rig.source.fanout.leave(rig.outlet)
            else:
                rig.source.fanout.hold()
            rig.source.pass_time(1.0)
            assert rig.again() == [], ends
            assert rig.source.calls == [], ends
            assert not rig.probed, ends


def test_a_probe_ends_with_a_codec_the_viewer_takes_no_repeats_of() -> None:
    with wired(1) as [end]:
        rig = Rig(end)
        rig.outlet.payload_types["H264"] = (102, None)
        assert rig.probe(0.5, 800_000)
        other = Source(codec="H264")
        other.now = rig.source.now
        other.fanout.expect(rig.outlet)
        other.feed.push(Header(True, 102, 1, 0, 7, 0, 0, {}), bytes([0x67]) + bytes(500), other.now)
        assert rig.outlet.fanout is other.fanout
        rig.source.pass_time(1.0)
        other.pass_time(1.0)
        assert rig.again() == []
        assert rig.source.calls == other.calls == []


def test_nothing_from_before_the_viewer_came_is_repeated() -> None:
    with wired(1) as [end]:
        rig = Rig(end)
        rig.source.fanout.leave(rig.outlet)
        rig.source.fanout.expect(rig.outlet)
        rig.source.send(is_key=True, size=PICTURE_BYTES)
        first = rig.source.newest.seq
        found = rig.probe(0.5, 4_000_000)
        assert set(found) == {(first + rig.outlet.offsets.seq) & 0xFFFF}


def test_what_a_viewer_asks_for_is_bounded() -> None:
    with wired(1) as [end]:
        rig = Rig(end)
        newest = rig.source.newest.seq & 0xFFFF
        for _ in range(1000):
            rig.repeats.lost(rig.outlet, rig.source.fanout, [newest], rig.source.now)
        assert len(rig.again()) == RTX_BURST
        assert rig.counted["rtx_dropped"] == 1000 - RTX_BURST
        rig.source.pass_time(1.0)
        rig.repeats.lost(rig.outlet, rig.source.fanout, [newest, 60_000], rig.source.now)
        assert rig.again() == [newest]
        assert rig.counted["rtx_missing"] == 1
