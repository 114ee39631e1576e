"""What one viewer is sent a second time: packets it lost, and repeats that probe its line.

A probe sends what the viewer has already, beside what it gets, as fast as a larger picture would
come. It throws the repeats away; how its line took them it reports like everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from media.live.fanout import Fanout, Outlet
from media.live.layers import Choice
from media.live.packets import LARGEST_PAYLOAD_BYTES, Packet, write_rtx
from media.live.peer import Peer

# Retransmissions a viewer may ask for; beyond it a keyframe is cheaper.
RTX_PER_S = 400.0
RTX_BURST = 400.0
# A line is probed in steps of this length; more would be a burst of its own.
PROBE_EVERY_S = 0.02
# Repeats of one step: what a trial for 4 Mbit/s takes.
MOST_REPEATS = 10
# Lines of a process that are probed at once: each costs packets of its own, which nobody shares.
MOST_PROBED = 20


class Bucket:
    """What may come on average and at once; time is an argument."""

    __slots__ = ("_at", "_burst", "_left", "_per_s")

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._at = float("-inf")

    def takes(self, now: float) -> bool:
        """Whether one more may come now."""
        if self._at != float("-inf"):
            self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Repeats:
    """Of one viewer: what it may ask for is counted over all its lines."""

    def __init__(
        self,
        peer: Peer,
        counted: Counter[str],
        clock: Callable[[], float],
        probed: set[Outlet],
    ) -> None:
        self._peer = peer
        self._counted = counted
        self._clock = clock
        self._probed = probed  # of all viewers
        self._asked = Bucket(RTX_PER_S, RTX_BURST)
        self._owed: dict[Outlet, float] = {}  # bytes, by the probe of each of this viewer's lines

    def lost(self, outlet: Outlet, fanout: Fanout, seqs: Sequence[int], now: float) -> None:
        """Sends what the viewer asks for again, as far as it is there and may be asked."""
        for seq in seqs:
            self._counted["nack"] += 1
            if not self._asked.takes(now):
                self._counted["rtx_dropped"] += 1
                return
            packet = fanout.feed.recent.get((seq - outlet.offsets.seq) & 0xFFFF)
            if packet is None or packet.seq < outlet.since_seq or fanout.is_held:
                self._counted["rtx_missing"] += 1
            elif outlet.is_repaired(fanout.feed.codec):
                self._counted["rtx"] += 1
                self._send(packet, outlet, fanout, now)

    def may_probe(self) -> bool:
        """Whether one more line of the process may be probed just now."""
        return len(self._probed) < MOST_PROBED

    def probe(self, outlet: Outlet, choice: Choice) -> None:
        """Begins a probe, which goes on for as long as the choice wants it."""
        if outlet.fanout is not None and outlet not in self._owed:
            self._counted["probes"] += 1
            self._owed[outlet] = 0.0
            self._probed.add(outlet)
            self._step_later(outlet, outlet.fanout, choice)

    def _step_later(self, outlet: Outlet, fanout: Fanout, choice: Choice) -> None:
        fanout.feed.later(PROBE_EVERY_S, lambda: self._step(outlet, choice))

    def _step(self, outlet: Outlet, choice: Choice) -> None:
        fanout, now = outlet.fanout, self._clock()
        if (
            not choice.probe_bps
            or fanout is None
            or fanout.is_held
            or not outlet.is_repaired(fanout.feed.codec)  # another codec has come meanwhile
            or self._peer.why
        ):
            del self._owed[outlet]
            self._probed.discard(outlet)
            return
        owed = self._owed[outlet] + choice.probe_bps / 8 * PROBE_EVERY_S
        for packet in fanout.newest(MOST_REPEATS, outlet.since_seq):
            if owed < len(packet.payload):
                break
            owed -= len(packet.payload)
            self._counted["probe_packets"] += 1
            self._send(packet, outlet, fanout, now)
        self._owed[outlet] = min(owed, LARGEST_PAYLOAD_BYTES)
        self._step_later(outlet, fanout, choice)

    def _send(self, packet: Packet, outlet: Outlet, fanout: Fanout, now: float) -> None:
        """Raises nothing; only for an outlet whose viewer takes repairs of this codec."""
        outlet.rtx_seq = (outlet.rtx_seq + 1) & 0xFFFF
        again = write_rtx(
            packet,
            outlet.payload_types[fanout.feed.codec][1] or 0,
            outlet.rtx_ssrc,
            outlet.rtx_seq,
            outlet.offsets,
            outlet.send_time_id,
            now,
        )
        self._peer.send_rtp(again)
