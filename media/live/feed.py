"""One encoding of a track on its way from a publisher to everything that takes it.

A feed knows neither sockets nor codecs' insides: it sorts out what came twice, notes where a
decoder can start, keeps the last packets, spreads bursts, and hands every packet to each of its
readers. Viewers, a recording and a broadcast are all readers.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from media.live.codecs import NOTHING, describer, is_b_slice, is_video, widen
from media.live.pacer import Pacer
from media.live.packets import (
    LARGEST_PAYLOAD_BYTES,
    Header,
    Packet,
    RecentPackets,
    Unwrapped,
)
from media.live.sender_clock import SenderClock

log = logging.getLogger(__name__)

KEYFRAME_EVERY_S = 0.5
"""A publisher is asked for a keyframe at most this often, however many viewers want one."""

RECENT_PACKETS = 1024

PICTURES_OVER_S = 2
"""Their rate is an average: an encoder that is short of power gives its largest pictures in fits
and starts."""


class Reader(Protocol):
    """Takes the packets of a feed, in the order the feed passes them on.

    `take` never waits and never raises; what a reader holds is bounded, and it counts what it
    loses. Packets come as the network brought them: late ones, gaps and empty payloads (padding
    that was sent to try the line) are the reader's to deal with.
    """

    def take(self, packet: Packet) -> None: ...


class Feed:
    """`later(delay_s, callback)` calls back from the event loop; `clock` is its clock, in seconds.

    `ssrc` and `rid` are what the publisher calls this encoding; `rid` is empty without simulcast.
    """

    def __init__(
        self,
        codec: str,
        clock_rate: int,
        ssrc: int,
        rid: str,
        *,
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float],
    ) -> None:
        self.codec = codec
        self.clock_rate = clock_rate
        self.ssrc = ssrc
        self.rid = rid
        self.has_keys = is_video(codec)  # sound can be joined at any packet
        self.now = clock
        self.sender = SenderClock(clock_rate)
        self.recent = RecentPackets(RECENT_PACKETS)
        self.newest: Packet | None = None  # the highest seq passed on; `recent` may know more
        self.readers: Sequence[Reader] = ()
        self.ask_keyframe: Callable[[], None] = _nobody  # set by the publisher
        # what came in, counted; octets are payload without padding, as RTCP counts them
        self.packets = 0
        self.octets = 0
        self.duplicates = 0
        self.late = 0  # so late that its place in the cache was taken
        self.oversized = 0
        self.keyframes = 0
        self.keyframes_asked = 0
        self.failed_readers = 0
        self.has_b_frames = False
        self.later = later
        self._describe = describer(codec)
        self._looks_for_b_frames = codec.upper() == "H264"
        self._seqs = Unwrapped(16)
        self._rate = _Count(1)
        self._pictures = _Count(PICTURES_OVER_S)
        self._arrived = float("-inf")
        self._pacer = Pacer()
        self._paced: deque[Packet] = deque()
        self._is_releasing = False  # a call to _release is on its way
        self._is_closed = False
        self._asked_at = float("-inf")
        self._is_key_wanted = False
        self._is_asking_later = False

    # --- in --------------------------------------------------------------------------------------

    def push(self, header: Header, payload: bytes, now: float, sent: int | None = None) -> None:
        """One packet from the publisher, decrypted; `payload` without padding.

        `sent`: its abs-send-time, where it is known and matters (`SenderClock`).
        """
        recent = self.recent
        seq = self._seqs.extend(header.seq)
        newest = recent.newest
        if newest is not None and seq <= newest.seq and self._is_known(seq, newest.seq):
            return
        packet = self._packet(seq, header, payload, now)
        size = len(packet.payload)
        if size > LARGEST_PAYLOAD_BYTES:
            self.oversized += 1
            return
        self.packets += 1
        self.octets += size
        self._rate.add(size, now)
        if size:  # padding tells no time
            packet.timestamp = self.sender.came(seq, packet.timestamp, now, sent)
        self._arrived = now
        recent.put(packet)
        if packet.marker and self.has_keys:
            self._pictures.add(1, now)
        if packet.starts_key:
            self.keyframes += 1
            self._is_key_wanted = False
        elif self._is_key_wanted and not self._is_asking_later:
            self.want_keyframe(now)
        if self._paced:
            self._release_due(now)
        if self._pacer.offer(now, size, self.has_keys):
            self._pass_on(packet)
        else:
            self._paced.append(packet)
            self._release_later(now)

    def _is_known(self, seq: int, newest: int) -> bool:
        if self.recent.get(seq & 0xFFFF) is not None:
            self.duplicates += 1
            return True
        if seq <= newest - RECENT_PACKETS:
            self.late += 1
            return True
        return False

    def _packet(self, seq: int, header: Header, payload: bytes, now: float) -> Packet:
        described = self._describe(payload) if payload else NOTHING
        if described.narrow_at:
            payload, described = widen(payload, described, self._wide(described.picture_id))
        elif not payload and self.recent.newest is not None:
            # padding stands between two pictures: numbering goes on from the last one
            newest = self.recent.newest
            described = NOTHING._replace(picture_id=newest.picture_id, tl0=newest.tl0)
        if self._looks_for_b_frames and is_b_slice(payload):
            self.has_b_frames, self._looks_for_b_frames = True, False
        return Packet(
            seq,
            header.timestamp,
            header.marker,
            payload,
            now,
            described.starts_key,
            described.picture_id,
            described.picture_id_at,
            described.tl0,
            described.tl0_at,
        )

    def _wide(self, narrow: int) -> int:
        """The 15-bit PictureID nearest to the newest one that ends in these 7 bits."""
        newest = self.recent.newest
        if newest is None or newest.picture_id < 0:
            return narrow
        ahead = ((narrow - newest.picture_id + 64) & 0x7F) - 64
        return (newest.picture_id + ahead) & 0x7FFF

    # --- out -------------------------------------------------------------------------------------

    def add(self, reader: Reader) -> None:
        """From the next packet on it takes all; once, however often it is added."""
        if reader not in self.readers:
            self.readers = (*self.readers, reader)

    def remove(self, reader: Reader) -> None:
        """From now on it takes nothing, not even of the packet that is being handed out."""
        self.readers = tuple(kept for kept in self.readers if kept is not reader)

    def close(self) -> None:
        """Nothing comes out any more; readers are told nothing.

        It lets go of its packets and of its publisher, which holds it: neither waits to be found
        by a collection.
        """
        self._is_closed = True
        self.readers = ()
        self.recent = RecentPackets(1)
        self.newest = None
        self.ask_keyframe = _nobody
        self._paced.clear()
        self._pacer = Pacer()

    def _pass_on(self, packet: Packet) -> None:
        newest = self.newest
        if newest is None or packet.seq > newest.seq:
            self.newest = packet
        readers = self.readers
        for reader in readers:
            if self.readers is not readers and reader not in self.readers:
                continue  # removed by a reader before it
            try:
                reader.take(packet)
            except Exception:
                log.exception("a reader of %08x failed and is removed", self.ssrc)
                self.failed_readers += 1
                self.remove(reader)

    def _release_due(self, now: float) -> None:
        for _ in range(self._pacer.release(now)):
            if self._paced:
                self._pass_on(self._paced.popleft())

    def _release_later(self, now: float) -> None:
        at = self._pacer.next_at(now)
        if at is not None and not self._is_releasing:
            self._is_releasing = True
            self.later(max(0.0, at - now), self._release)

    def _release(self) -> None:
        self._is_releasing = False
        now = self.now()
        self._release_due(now)
        self._release_later(now)

    # --- keyframes -------------------------------------------------------------------------------

    def want_keyframe(self, now: float) -> None:
        """A reader cannot go on without one (PLI, FIR, or it starts here).

        The publisher is asked at once, or when it may be asked again; and then again, while it
        sends but no keyframe comes.
        """
        if self._is_closed:
            return
        self._is_key_wanted = True
        wait = self._asked_at + KEYFRAME_EVERY_S - now
        if wait <= 0:
            self._asked_at = now
            self.keyframes_asked += 1
            self.ask_keyframe()
            wait = KEYFRAME_EVERY_S
        if not self._is_asking_later:
            self._is_asking_later = True
            self.later(wait, self._ask_again)

    def _ask_again(self) -> None:
        self._is_asking_later = False
        now = self.now()
        if self._is_key_wanted and self.is_flowing(now):
            self.want_keyframe(now)

    # --- what is known of it ---------------------------------------------------------------------

    def bitrate_bps(self, now: float) -> int:
        """Payload of the last second."""
        return self._rate.sum(now) * 8

    def pictures_s(self, now: float) -> float:
        """How many come to their end in a second; 0 for sound."""
        return self._pictures.sum(now) / PICTURES_OVER_S

    def is_flowing(self, now: float, within: float = 1.5) -> bool:
        """Whether anything came in the last `within` seconds."""
        return now - self._arrived <= within

    def note_report(self, ntp: float, rtp: int) -> None:
        """A sender report: at `ntp` (seconds since 1900) its clock stood at timestamp `rtp`."""
        newest = self.newest
        known = None if newest is None else (newest.timestamp, newest.arrived)
        self.sender.note_report(ntp, rtp, known)


def _nobody() -> None:
    """Whom a feed without a publisher asks."""


class _Count:
    """How much came in the last seconds, kept by tenths."""

    __slots__ = ("_tenth", "_tenths")

    def __init__(self, seconds: int) -> None:
        self._tenths = [0] * (seconds * 10 + 1)
        self._tenth = 0  # the one being filled

    def add(self, amount: int, now: float) -> None:
        tenth = int(now * 10)
        if tenth != self._tenth:
            self._turn_to(tenth)
        self._tenths[tenth % len(self._tenths)] += amount

    def sum(self, now: float) -> int:
        """Of the whole tenths before the present one."""
        tenth = int(now * 10)
        if tenth != self._tenth:
            self._turn_to(tenth)
        return sum(self._tenths) - self._tenths[tenth % len(self._tenths)]

    def _turn_to(self, tenth: int) -> None:
        tenths = self._tenths
        for passed in range(max(self._tenth + 1, tenth - len(tenths) + 1), tenth + 1):
            tenths[passed % len(tenths)] = 0
        self._tenth = tenth
