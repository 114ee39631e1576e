"""Who sends: its tracks, their encodings as feeds, and the feedback it needs to send well."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from media.live import feedback
from media.live.arrivals import ArrivalTimes
from media.live.fanout import Fanout
from media.live.feed import Feed
from media.live.formats import Codec
from media.live.packets import Header, read_header
from media.live.peer import Peer
from media.live.reception import Reception
from media.live.sdp import (
    MID,
    REPAIRED_RID,
    RID,
    SEND_TIME,
    TRANSPORT_CC,
    Medium,
    Offer,
    published,
)
from media.live.sending import Filler

log = logging.getLogger(__name__)

# Nothing came for so long: a call, a locked screen, another app (Chromium's silence is 0.4 s).
STALLED_AFTER_S = 1.5
REPORT_EVERY_S = 1.0
# The original sequence number in front of a retransmitted payload (RFC 4588).
OSN_BYTES = 2
# Tracks of one publication: a camera and a microphone, or a screen and its sound, and to spare.
MOST_TRACKS = 4
# Layers of one track: Chromium sends three, OBS up to four.
MOST_LAYERS = 4
# Of one publication: each layer and what repairs it. A browser names a few; who makes up more gets
# none of them looked after.
MOST_STREAMS = 2 * MOST_TRACKS * MOST_LAYERS


@dataclass(slots=True, eq=False)
class Track:
    """One track on the stage: a slot, and a fan-out for each of its encodings, low to high."""

    medium: Medium
    codec: Codec
    slot: int = -1
    fanouts: list[Fanout] = field(default_factory=list)
    rank: dict[str, int] = field(default_factory=dict)  # rid -> its place among the encodings
    is_hushed: bool = False  # nothing of it goes out: hidden, or muted

    @property
    def kind(self) -> str:
        """`audio` or `video`."""
        return self.medium.kind

    def is_flowing(self, now: float) -> bool:
        """Whether anything of it came lately."""
        return any(one.feed.is_flowing(now, STALLED_AFTER_S) for one in self.fanouts)

    def has_come(self) -> bool:
        """Whether anything of it ever came."""
        return any(one.feed.packets for one in self.fanouts)

    def add(self, fanout: Fanout) -> None:
        """One more encoding, in its place."""
        self.fanouts.append(fanout)
        self.fanouts.sort(key=lambda one: self.rank.get(one.feed.rid, 0))

    def hush(self, is_hushed: bool, now: float) -> None:
        """Stops or resumes what goes out; viewers go on without a hole, from a keyframe."""
        self.is_hushed = is_hushed
        for fanout in self.fanouts:
            if is_hushed:
                fanout.hold()
            else:
                fanout.release()
                fanout.feed.want_keyframe(now)


@dataclass(slots=True)
class _Stream:
    """One SSRC: an encoding, or (`is_repair`) the retransmissions of one."""

    track: Track
    feed: Feed
    reception: Reception
    is_repair: bool = False


class Onlooker(Protocol):
    """What the stage wants to hear of a publisher."""

    def publisher_connected(self, publisher: Publisher) -> None:
        """It is there."""

    def encoding_came(self, publisher: Publisher, track: Track) -> None:
        """One more encoding of a track can be watched."""

    def publisher_gone(self, publisher: Publisher, why: str) -> None:
        """It has ended."""


class Publisher:
    """The receiving side of one publication. Pure but for what it sends through its peer."""

    def __init__(
        self,
        peer: Peer,
        offer: Offer,
        member: UUID,
        source: str,
        onlooker: Onlooker,
        *,
        filler: Filler,
        counted: Counter[str],
        clock: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self.peer = peer
        self.member = member
        self.source = source
        self.is_connected = False
        self.tracks = [_track(medium) for medium in published(offer, most_tracks=MOST_TRACKS)]
        self._onlooker = onlooker
        self._filler = filler
        self._counted = counted
        self._clock = clock
        self._later = later
        self._ssrc = secrets.randbits(32)  # ours, in the feedback we send
        self._streams: dict[int, _Stream] = {}
        self._arrivals = ArrivalTimes()
        self._extensions = _extensions(offer)
        self._report_at = 0.0
        peer.side = self

    # Side

    def connected(self) -> None:
        """Keys are there."""
        self.is_connected = True
        self._onlooker.publisher_connected(self)

    def moved(self) -> None:
        """Feedback goes wherever the peer is."""

    def gone(self, why: str) -> None:
        """Its feeds end."""
        self.is_connected = False
        for stream in self._streams.values():
            stream.feed.close()
        self._streams = {}
        self._onlooker.publisher_gone(self, why)

    def rtp(self, packet: memoryview, length: int) -> None:
        """One packet: whose it is, what it tells of the network, and on it goes."""
        header = read_header(packet, length)
        if header is None:
            self._counted["malformed"] += 1
            return
        now = self._clock()
        transport_cc = header.extensions.get(self._extensions.get(TRANSPORT_CC, 0))
        if transport_cc is not None and transport_cc[1] == 2:
            at = transport_cc[0]
            self._arrivals.note(packet[at] << 8 | packet[at + 1], now)
        stream = self._streams.get(header.ssrc) or self._meet(header, packet)
        if stream is None:
            self._counted["unknown_ssrc"] += 1
            return
        self._counted["received"] += 1
        self._counted["received_bytes"] += header.payload_end - header.payload_at
        if stream.is_repair:
            self._repaired(stream, header, packet, now)
        else:
            if stream.reception.note(header.seq, header.timestamp, now):
                self._ask_again(stream, now)
            payload = bytes(packet[header.payload_at : header.payload_end])
            sent = self._sent(header, packet) if stream.track.kind == "audio" else None
            self._pass(stream, header, payload, now, sent)

    def rtcp(self, packet: bytes) -> None:
        """Sender reports tell how its clocks belong together."""
        now = self._clock()
        for report in feedback.read(packet):
            if isinstance(report, feedback.SenderReport):
                stream = self._streams.get(report.ssrc)
                if stream is not None and not stream.is_repair:
                    stream.reception.note_report(report.ntp, now)
                    stream.feed.note_report(report.ntp_s, report.timestamp)

    def _sent(self, header: Header, packet: memoryview) -> int | None:
        """When it left, as abs-send-time; None where it does not say so."""
        at, size = header.extensions.get(self._extensions.get(SEND_TIME, 0), (0, 0))
        return int.from_bytes(packet[at : at + 3], "big") if size == 3 else None

    def _pass(
        self, stream: _Stream, header: Header, payload: bytes, now: float, sent: int | None = None
    ) -> None:
        if not stream.track.is_hushed:
            stream.feed.push(header, payload, now, sent)

    def _repaired(self, stream: _Stream, header: Header, packet: memoryview, now: float) -> None:
        """A retransmission becomes what it repairs; an empty one only tried the line."""
        at = header.payload_at
        if header.payload_end - at < OSN_BYTES:
            return
        header.seq = packet[at] << 8 | packet[at + 1]
        stream.reception.note(header.seq, header.timestamp, now, is_repair=True)
        payload = bytes(packet[at + OSN_BYTES : header.payload_end])
        self._pass(stream, header, payload, now)

    # Who is who (RFC 8843, 9.2; RFC 8852)

    def _meet(self, header: Header, packet: memoryview) -> _Stream | None:
        """The first packet of an SSRC: told by its extensions, the offer, or its payload type."""
        rid = self._text(REPAIRED_RID, header, packet)
        is_repair = rid is not None
        if rid is None:
            rid = self._text(RID, header, packet)
        track = self._track_of(header, packet)
        if track is None or len(self._streams) >= MOST_STREAMS:
            return None
        if track.codec.rtx == header.payload_type:
            is_repair = True
        elif track.codec.payload_type != header.payload_type:
            return None
        stream = (
            self._repair_of(track, header.ssrc, rid)
            if is_repair
            else self._encoding(track, header.ssrc, rid or "")
        )
        if stream is not None:
            self._streams[header.ssrc] = stream
        return stream

    def _track_of(self, header: Header, packet: memoryview) -> Track | None:
        mid = self._text(MID, header, packet)
        for track in self.tracks:
            if mid is not None:
                if track.medium.mid == mid:
                    return track
            elif header.ssrc in track.medium.ssrcs or header.ssrc in track.medium.fid:
                return track
        if mid is not None:
            return None
        wanted = header.payload_type
        found = [t for t in self.tracks if wanted in (t.codec.payload_type, t.codec.rtx)]
        return found[0] if found else None

    def _text(self, uri: str, header: Header, packet: memoryview) -> str | None:
        place = header.extensions.get(self._extensions.get(uri, 0))
        if place is None:
            return None
        at, size = place
        return bytes(packet[at : at + size]).decode("ascii", "replace")

    def _encoding(self, track: Track, ssrc: int, rid: str) -> _Stream | None:
        rids = track.medium.rids
        known = {one.feed.rid for one in track.fanouts}
        if rid in known or len(known) >= MOST_LAYERS or (rids and rid not in rids):
            return None
        feed = Feed(
            track.codec.name,
            track.codec.clock_rate,
            ssrc,
            rid,
            later=self._later,
            clock=self._clock,
        )
        feed.ask_keyframe = lambda: self._ask_keyframe(ssrc)
        fanout = Fanout(feed, self._filler, self._counted)
        fanout.is_held = track.is_hushed
        feed.add(fanout)
        track.add(fanout)
        stream = _Stream(track, feed, Reception(track.codec.clock_rate))
        self._onlooker.encoding_came(self, track)
        return stream

    def _repair_of(self, track: Track, ssrc: int, rid: str | None) -> _Stream | None:
        media_ssrc = track.medium.fid.get(ssrc)
        for stream in self._streams.values():
            is_it = (
                stream.feed.rid == rid
                if rid is not None
                else stream.feed.ssrc == media_ssrc
                if media_ssrc is not None
                else len(track.fanouts) == 1
            )
            if stream.track is track and not stream.is_repair and is_it:
                return _Stream(track, stream.feed, stream.reception, is_repair=True)
        return None

    # Feedback

    def _ask_keyframe(self, ssrc: int) -> None:
        self._counted["keyframes_asked"] += 1
        self.peer.send_rtcp(feedback.keyframe_wanted(self._ssrc, ssrc))

    def tick(self, now: float) -> None:
        """Every 50 ms: what arrived when, and what is missing; every second: a receiver report."""
        if not self.is_connected:
            return
        media = [stream for stream in self._streams.values() if not stream.is_repair]
        if not media:
            return
        for packet in self._arrivals.feedback(self._ssrc, media[0].feed.ssrc, now):
            self.peer.send_rtcp(packet)
        for stream in media:
            self._ask_again(stream, now)
        if now >= self._report_at:
            self._report_at = now + REPORT_EVERY_S
            blocks = [stream.reception.block(stream.feed.ssrc, now) for stream in media]
            self.peer.send_rtcp(feedback.receiver_report(self._ssrc, blocks))

    def _ask_again(self, stream: _Stream, now: float) -> None:
        wanted = stream.reception.wanted(now)
        if stream.reception.lost_track:
            stream.reception.lost_track = False
            stream.feed.want_keyframe(now)
        if wanted and stream.track.kind == "video":
            self._counted["nack_sent"] += len(wanted)
            self.peer.send_rtcp(feedback.nack(self._ssrc, stream.feed.ssrc, wanted))


def _track(medium: Medium) -> Track:
    return Track(medium, medium.codecs[0], rank={rid: k for k, rid in enumerate(medium.rids)})


def _extensions(offer: Offer) -> dict[str, int]:
    """uri -> id; in a bundle an id means the same in every medium (RFC 8843, 9.1)."""
    return {uri: name for medium in offer.media for uri, name in medium.extensions.items()}
