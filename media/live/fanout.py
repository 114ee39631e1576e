"""One packet to all viewers of a feed: rewrite, encrypt, send as one batch. The hot path.

Viewers whose copies look alike (the same payload type, the same offsets) form a group: the packet
is written once for the group, then copied and encrypted for each of them. As long as nobody has
switched layers everybody is in one group. The order of viewers is worked out anew only when one
comes, goes or switches.

A fault of ours in here costs everybody the picture up to the next keyframe, which is asked for.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from media.live import srtp
from media.live.gathering import Gathering
from media.live.packets import (
    LARGEST_PAYLOAD_BYTES,
    Offsets,
    Packet,
    splice,
    write_header,
)
from media.live.paths import UdpPath
from media.live.sending import MOST_IN_ONE_CALL, Batch, Filler
from media.live.template import TEMPLATES, Alike, stamp

if TYPE_CHECKING:
    from media.live.feed import Feed
    from media.live.peer import Peer

log = logging.getLogger(__name__)

# Where nothing tells how far apart two feeds are in time: one picture at 30 a second.
USUAL_GAP_S = 1 / 30

LOGGED_EVERY_S = 10.0
"""A fault that comes again with every packet is told no more often."""

_view = memoryview(bytearray(srtp.PACKET_BYTES))  # for what goes to one viewer alone


@dataclass(slots=True, eq=False)
class Outlet:
    """One viewer's end of one slot. Its SSRC stays when what it carries changes.

    `payload_types`: codec -> (payload type, that of its retransmissions or None), from the offer.
    """

    peer: Peer
    ssrc: int
    rtx_ssrc: int
    payload_types: dict[str, tuple[int, int | None]]
    send_time_id: int = 0
    offsets: Offsets = field(default_factory=Offsets)
    fanout: Fanout | None = None  # what it gets packets from
    next: Fanout | None = None  # what it goes over to at that one's next keyframe
    last: Packet | None = None  # the newest packet it got before it left a fan-out
    since_seq: int = 0  # of the present feed: what it may ask for again starts here
    rtx_seq: int = 0
    _packets: int = 0
    _octets: int = 0

    def sent(self) -> tuple[int, int]:
        """Packets and octets of payload it was sent, retransmissions apart (RFC 3550, 6.4.1)."""
        packets, octets = self._packets, self._octets
        if self.fanout is not None:
            packets += self.fanout.packets
            octets += self.fanout.octets
        return packets, octets

    def count_from(self, fanout: Fanout, sign: int) -> None:
        """Counts what a fan-out has sent out (-1, on joining) or in (+1, on leaving)."""
        self._packets += sign * fanout.packets
        self._octets += sign * fanout.octets

    def carries(self, codec: str) -> bool:
        """Whether the viewer can play it."""
        return codec in self.payload_types

    def is_repaired(self, codec: str) -> bool:
        """Whether the viewer takes retransmissions of it."""
        return codec in self.payload_types and self.payload_types[codec][1] is not None


@dataclass(frozen=True, slots=True)
class _Group:
    """Viewers whose copies are alike; their places in the batch are next to each other."""

    alike: Alike
    first: int
    contexts: Any


class Fanout:
    """A feed's reader that sends each packet to every viewer of it. Never blocks, never raises."""

    def __init__(self, feed: Feed, filler: Filler, counted: Counter[str]) -> None:
        self.feed = feed
        self._filler = filler
        self._counted = counted
        self._last: Packet | None = None  # the newest that went out
        self._outlets: dict[Outlet, None] = {}  # in the order they came
        self._waiting: dict[Outlet, None] = {}  # until the next keyframe
        self._batches: list[tuple[Batch, list[_Group]]] = []
        self._over_tcp: list[Outlet] = []
        self._is_stale = False
        self._since_seq = -1  # the latest place at which anybody came in
        self._gathering = Gathering(feed, self._send_together)
        self._logged_at = float("-inf")  # when a fault was told last
        self.is_held = False
        self.packets = 0
        self.octets = 0

    def __len__(self) -> int:
        return len(self._outlets)

    def newest(self, most: int, since_seq: int) -> Iterator[Packet]:
        """What went out last, from the newest back to `since_seq`, at most so many packets."""
        if self._last is None:
            return
        for seq in range(self._last.seq, max(since_seq, self._last.seq - most + 1) - 1, -1):
            packet = self.feed.recent.get(seq & 0xFFFF)
            if packet is not None and packet.payload:
                yield packet

    # Who is in

    def expect(self, outlet: Outlet) -> None:
        """The outlet goes over to this feed: at its next keyframe, at once where all are alike.

        What it gets now it goes on getting until then.
        """
        if outlet.next is not None:
            outlet.next.refuse(outlet)
        outlet.next = self
        self._waiting[outlet] = None

    def refuse(self, outlet: Outlet) -> None:
        """The outlet no longer waits for this feed."""
        self._waiting.pop(outlet, None)
        if outlet.next is self:
            outlet.next = None

    def leave(self, outlet: Outlet) -> None:
        """The outlet gets nothing of this feed from now on."""
        if outlet in self._outlets:
            self._gathering.leave()  # after a fault in there everybody is out
        self.refuse(outlet)
        if outlet in self._outlets:
            del self._outlets[outlet]
            outlet.last = self._last
            outlet.count_from(self, +1)
            outlet.fanout = None
            self._is_stale = True

    def hold(self) -> None:
        """Nothing goes out until `release`; then all go on without a hole in the numbers."""
        if self.is_held:
            return
        self.is_held = True
        self._gathering.leave()
        self._let_all_wait()

    def _let_all_wait(self) -> None:
        for outlet in tuple(self._outlets):
            self.leave(outlet)
            self.expect(outlet)

    def release(self) -> None:
        """Goes on after `hold`, pictures with a keyframe."""
        self.is_held = False

    def moved(self) -> None:
        """A viewer is reached over another path, or has its keys now."""
        self._is_stale = True

    def close(self) -> None:
        """Everybody leaves, whoever waits too; what it held for them goes with them."""
        for outlet in (*self._outlets, *self._waiting):
            self.leave(outlet)
        self._last = None
        self._batches = []
        self._over_tcp = []
        self._gathering.close()

    # The hot path

    def take(self, packet: Packet) -> None:
        """Sends the packet to every viewer, now or with those that follow it at once."""
        try:
            self._take(packet)
        except Exception:
            self._start_again()

    def _take(self, packet: Packet) -> None:
        if self.is_held or len(packet.payload) > LARGEST_PAYLOAD_BYTES:
            return
        if self._waiting and (packet.starts_key or not self.feed.has_keys):
            self._gathering.leave()
            self._let_in(packet)
        if not self._outlets:
            return
        if packet.seq < self._since_seq:
            self._send_late(packet)
            return
        if self._last is None or packet.seq > self._last.seq:
            self._last = packet
        self.packets += 1
        self.octets += len(packet.payload)
        self._gathering.add(packet, len(self._outlets))

    def _send_together(self, packets: list[Packet]) -> None:
        """Raises nothing."""
        try:
            self._send(packets)
        except Exception:
            self._start_again()

    def _start_again(self) -> None:
        """After a fault. Which numbers it used up nobody knows: all count as sent.

        No number may be encrypted twice, so everybody goes on behind them, at a keyframe.
        """
        now = self.feed.now()
        self._counted["fanout_faults"] += 1
        if now - self._logged_at >= LOGGED_EVERY_S:
            self._logged_at = now
            log.exception("sending %08x failed: its viewers wait for a keyframe", self.feed.ssrc)
        self._gathering.drop()
        self._batches = []
        self._over_tcp = []
        self._let_all_wait()
        if self.feed.has_keys:
            self.feed.want_keyframe(now)

    def _send(self, packets: list[Packet]) -> None:
        if self._is_stale:
            self._arrange()
        self._count_wait(packets)
        lost = sum(self._send_batch(packets, batch, groups) for batch, groups in self._batches)
        for outlet in self._over_tcp:
            for packet in packets:
                self._send_alone(packet, outlet)
        copies = len(self._outlets) * len(packets)
        payload_bytes = sum(len(packet.payload) for packet in packets) // len(packets)
        self._counted["sent"] += copies - lost
        self._counted["sent_bytes"] += (copies - lost) * payload_bytes
        if lost:
            self._counted["send_lost"] += lost

    def _count_wait(self, packets: list[Packet]) -> None:
        """How long they were held back on purpose, by the pacer and here."""
        now = self.feed.now()
        self._counted["passed_on"] += len(packets)
        self._counted["waited_us"] += sum(round((now - each.arrived) * 1e6) for each in packets)

    def _send_batch(self, packets: list[Packet], batch: Batch, groups: list[_Group]) -> int:
        sizes = [0] * len(groups)
        for row, packet in enumerate(packets):
            for k, group in enumerate(groups):
                size = self._fill(packet, group, batch.lengths, row)
                if not row:
                    sizes[k] = size
        return batch.send(len(packets), sizes)

    def _fill(self, packet: Packet, group: _Group, lengths: memoryview, row: int) -> int:
        """Makes the group's copies of one packet; the size of each, encrypted."""
        template, tag_bytes = TEMPLATES[row], group.alike.tag_bytes
        length = template.write(packet, group.alike, self.feed.now())
        failed = self._filler.fill(
            template.memory, length, group.contexts, group.first, lengths, tag_bytes, row
        )
        if failed:
            self._counted["not_encrypted"] += failed
        return length + tag_bytes

    def _send_late(self, packet: Packet) -> None:
        """A packet from before somebody came in, which arrived after: for the others only.

        To the newcomer its number means a packet of what it had before, and no number may ever be
        encrypted twice with different contents (RFC 7714, 8.1).
        """
        for outlet in self._outlets:
            if outlet.since_seq <= packet.seq and outlet.peer.path is not None:
                self._send_alone(packet, outlet)

    def _send_alone(self, packet: Packet, outlet: Outlet) -> None:
        payload_type, _ = outlet.payload_types[self.feed.codec]
        length = write_header(
            _view, packet, payload_type, outlet.ssrc, outlet.offsets, outlet.send_time_id
        )
        if outlet.send_time_id:
            stamp(_view, self.feed.now())
        outlet.peer.send_rtp(_view[:length])

    # Arranging

    def _let_in(self, packet: Packet) -> None:
        """Everybody who waits goes over at this packet."""
        for outlet in tuple(self._waiting):
            if outlet.fanout is not None:
                outlet.fanout.leave(outlet)
            self.refuse(outlet)
            outlet.offsets = _going_on(outlet, packet, self.feed)
            outlet.fanout = self
            outlet.since_seq = packet.seq
            self._since_seq = max(self._since_seq, packet.seq)
            outlet.count_from(self, -1)
            self._outlets[outlet] = None
            self._is_stale = True
            self._counted["switches"] += 1

    def _arrange(self) -> None:
        """Works out batches and groups anew."""
        self._over_tcp = []
        by_socket: dict[int, dict[Alike, list[Outlet]]] = {}
        for outlet in self._outlets:
            path, keys = outlet.peer.path, outlet.peer.srtp
            if keys is None or path is None:
                continue
            if not isinstance(path, UdpPath):
                self._over_tcp.append(outlet)
                continue
            payload_type, _ = outlet.payload_types[self.feed.codec]
            alike = Alike(
                payload_type, outlet.ssrc, outlet.offsets, outlet.send_time_id, keys.tag_bytes
            )
            by_socket.setdefault(path.fd, {}).setdefault(alike, []).append(outlet)
        self._batches = [
            self._batch(fd, part)
            for fd, groups in by_socket.items()
            for part in _parts(groups, MOST_IN_ONE_CALL)
        ]
        self._is_stale = False

    def _batch(self, fd: int, groups: dict[Alike, list[Outlet]]) -> tuple[Batch, list[_Group]]:
        names: list[bytes] = []
        made = []
        for alike, outlets in groups.items():
            sessions = [outlet.peer.srtp.send for outlet in outlets if outlet.peer.srtp]
            contexts = self._filler.contexts(sessions)
            made.append(_Group(alike, len(names), contexts))
            names += [
                outlet.peer.path.name for outlet in outlets if isinstance(outlet.peer.path, UdpPath)
            ]
        return Batch(fd, names, [len(outlets) for outlets in groups.values()]), made


def _parts(groups: dict[Alike, list[Outlet]], most: int) -> Iterable[dict[Alike, list[Outlet]]]:
    """The groups in parts of at most `most` outlets; a group may be cut."""
    part: dict[Alike, list[Outlet]] = {}
    room = most
    for alike, outlets in groups.items():
        at = 0
        while at < len(outlets):
            taken = outlets[at : at + room]
            part[alike] = taken
            at += len(taken)
            room -= len(taken)
            if not room:
                yield part
                part, room = {}, most
    if part:
        yield part


def _going_on(outlet: Outlet, packet: Packet, feed: Feed) -> Offsets:
    """The offsets with which a viewer goes on without a hole; the feed's own at the start."""
    last = outlet.last
    if last is None:
        return Offsets()
    gap_s = packet.arrived - last.arrived
    gap = round((gap_s if gap_s > 0 else USUAL_GAP_S) * feed.clock_rate)
    return splice(outlet.offsets, last, packet, gap)
