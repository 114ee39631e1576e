"""Packets of a picture wait for its last one, and for nothing else."""

import struct
from typing import Any

from media.live import dtls, srtp
from media.live.bursts import HELD_S, Bursts
from media.live.peer import Peer
from media.live.port import Binding, Port
from media.live.sending import MOST_TOGETHER
from tests.support.live.wiring import keyed_in

PICTURE, SOUND = 7, 8


def rtp(seq: int, *, ssrc: int = PICTURE, marker: bool = False) -> memoryview:
    return memoryview(struct.pack("!BBHLL", 0x80, 96 | marker << 7, seq, 0, ssrc) + b"payload")


class Line:
    """What was dealt with: (sequence number, when it came, when it was dealt with)."""

    def __init__(self) -> None:
        self.now = 100.0
        self.dealt: list[tuple[int, float, float]] = []
        self.bursts = Bursts(self._deal)
        self.bursts.ssrcs = frozenset({PICTURE})

    def _deal(self, packet: memoryview | bytes, came: float) -> None:
        self.dealt.append((int.from_bytes(packet[2:4], "big"), came, self.now))

    def comes(self, packet: memoryview, after_s: float = 0.002) -> None:
        self.now += after_s
        if not self.bursts.holds(packet, len(packet), self.now):
            self._deal(packet, self.now)

    @property
    def seqs(self) -> list[int]:
        return [seq for seq, _, _ in self.dealt]


def test_a_picture_is_dealt_with_when_it_is_whole_as_of_when_it_came() -> None:
    line = Line()
    for seq in range(4):
        line.comes(rtp(seq))
        assert line.seqs == []
    line.comes(rtp(4, marker=True))
    assert line.seqs == [0, 1, 2, 3, 4]
    came = [round(came - 100, 3) for _, came, _ in line.dealt]
    assert came == [0.002, 0.004, 0.006, 0.008, 0.01]
    assert {dealt for _, _, dealt in line.dealt} == {line.now}


def test_what_is_held_is_a_copy() -> None:
    line, buffer = Line(), bytearray(rtp(1))
    line.comes(memoryview(buffer))
    buffer[:] = bytes(rtp(99))
    line.comes(rtp(2, marker=True))
    assert line.seqs == [1, 2]


def test_sound_waits_for_nothing_and_lets_go_what_does() -> None:
    line = Line()
    line.comes(rtp(1))
    line.comes(rtp(500, ssrc=SOUND))
    assert line.seqs == [1, 500]


def test_no_more_is_held_than_leaves_together() -> None:
    line = Line()
    for seq in range(MOST_TOGETHER):
        line.comes(rtp(seq), after_s=0.0005)
    assert line.seqs == list(range(MOST_TOGETHER))


def test_a_picture_that_comes_slowly_is_not_waited_for() -> None:
    line = Line()
    line.comes(rtp(1))
    line.comes(rtp(2), after_s=HELD_S)
    assert line.seqs == [1, 2]


def test_nothing_is_held_where_few_watch_nor_what_is_no_packet() -> None:
    line = Line()
    line.comes(rtp(1)[:11])
    assert len(line.dealt) == 1
    line.bursts.ssrcs = frozenset()
    line.comes(rtp(2))
    assert len(line.dealt) == 2


def test_whatever_is_held_can_be_let_go() -> None:
    line = Line()
    line.comes(rtp(1))
    line.bursts.end()
    line.bursts.end()
    assert line.seqs == [1]


class Side:
    """What a connection hands on: (sequence number, payload, when it came)."""

    def __init__(self) -> None:
        self.got: list[tuple[int, bytes, float]] = []

    def rtp(self, packet: memoryview, length: int, now: float) -> None:
        self.got.append((int.from_bytes(packet[2:4], "big"), bytes(packet[12:length]), now))


class Connection:
    """A connection with keys, to which packets come through one buffer, as from the port."""

    def __init__(self) -> None:
        self.port, self.now, self.side = Port(Binding((), 0)), 100.0, Side()
        self.port.clock = lambda: self.now
        self.peer = Peer(self.port, dtls.new_certificate(), (), ())
        self.peer.srtp, self._theirs = keyed_in()
        side: Any = self.side
        self.peer.side = side
        self.peer.bursts.ssrcs = frozenset({PICTURE})
        self._buffer, self._view = srtp.new_buffer(srtp.PACKET_BYTES)

    def comes(self, packet: memoryview, *, is_forged: bool = False) -> None:
        self.now += 0.002
        data = self._theirs.protect(bytes(packet))
        data = bytes(packet) + bytes(16) if is_forged else data
        self._view[: len(data)] = data
        self.peer.media(self._buffer, self._view, len(data))


def test_what_was_held_is_decrypted_when_it_is_dealt_with() -> None:
    line = Connection()
    for seq in (1, 2):
        line.comes(rtp(seq))
    assert line.side.got == []
    line.comes(rtp(3, marker=True))
    assert [(seq, payload) for seq, payload, _ in line.side.got] == [
        (seq, b"payload") for seq in (1, 2, 3)
    ]
    assert [round(came - 100, 3) for _, _, came in line.side.got] == [0.002, 0.004, 0.006]


def test_a_forgery_that_was_held_is_dropped_and_counted() -> None:
    line = Connection()
    line.comes(rtp(1))
    line.comes(rtp(2), is_forged=True)
    line.comes(rtp(3, marker=True))
    assert [seq for seq, _, _ in line.side.got] == [1, 3]
    assert line.port.counted["forged"] == 1


def test_nothing_that_was_held_outlives_the_connection() -> None:
    line = Connection()
    line.comes(rtp(1))
    line.peer.srtp = None
    line.peer.bursts.end()
    assert line.side.got == []


def test_what_was_let_go_of_deals_with_nothing() -> None:
    line = Line()
    line.comes(rtp(1))
    line.bursts.let_go()
    line.bursts.end()
    assert line.seqs == []
