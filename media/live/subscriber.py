"""Who watches: one outlet for each line of its offer, and what it tells about its network."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from media.live import feedback
from media.live.fanout import Fanout, Outlet
from media.live.layers import Choice, steady
from media.live.messages import Wish
from media.live.peer import Peer
from media.live.publisher import Track
from media.live.repeats import Bucket, Repeats
from media.live.sdp import SEND_TIME, Medium, Offer, watched

REPORT_EVERY_S = 3.0
# A receiver puts sound and picture in step from its second report of both on: the first come soon.
# One that contradicts those before it is believed at the third (libwebrtc): they come soon as well.
FIRST_REPORTS, FIRST_EVERY_S = 4, 1.0
# RTCP a viewer may send us: Chromium sends one to four packets a second and line.
RTCP_PER_S = 100.0
RTCP_BURST = 200.0
# A viewer that reports nothing for so long gets nothing, whatever we send.
REPORTED_WITHIN_S = 6.0


Names = tuple[int, int]
"""The SSRC of a line, and that of its retransmissions: the same for every viewer of the room, so
that their copies of a packet are alike before encryption."""


class Onlooker(Protocol):
    """What the stage wants to hear of a subscriber."""

    def subscriber_connected(self, subscriber: Subscriber) -> None:
        """It is there."""

    def subscriber_flows(self, subscriber: Subscriber) -> None:
        """It says that media reached it, for the first time."""

    def subscriber_gone(self, subscriber: Subscriber, why: str) -> None:
        """It has ended."""


@dataclass(slots=True, eq=False)
class Line:
    """One m-line of the viewer's offer: where it is fed from, and which layer suits it."""

    kind: str
    outlet: Outlet
    choice: Choice
    track: Track | None = None  # what the stage gave it
    told_changes: int = 0  # of the sender's clock, up to the last report


class Subscriber:
    """The sending side of one viewer."""

    def __init__(
        self,
        peer: Peer,
        offer: Offer,
        member: UUID,
        wish: Wish,
        onlooker: Onlooker,
        *,
        names: Callable[[str, int], Names],
        counted: Counter[str],
        clock: Callable[[], float],
        probed: set[Outlet],
    ) -> None:
        now = clock()
        self.peer = peer
        self.member = member
        self.is_connected = False
        self.has_flowed = False
        self.lines = _lines(peer, offer, names, now)
        self._onlooker = onlooker
        self._counted = counted
        self._clock = clock
        self._by_ssrc = {line.outlet.ssrc: line for line in self.lines}
        self._rtcp = Bucket(RTCP_PER_S, RTCP_BURST)
        self._repeats = Repeats(peer, counted, clock, probed)
        self._reported_at = now
        # Spread over time: hundreds of viewers that came together do not report together.
        self._report_at = now + FIRST_EVERY_S * secrets.randbelow(1000) / 1000
        self._rounds = 0  # rounds of sender reports so far
        self.cname = secrets.token_hex(8)
        self.wants(wish)
        peer.side = self

    def wants(self, wish: Wish) -> None:
        """The viewer's own wish: auto, audio, low or high."""
        for line in self.lines:
            line.choice.wish = wish

    # Side

    def connected(self) -> None:
        """Keys are there."""
        self.is_connected = True
        self._onlooker.subscriber_connected(self)

    def moved(self) -> None:
        """Every fan-out has to look at the new path."""
        for fanout in self._fanouts():
            fanout.moved()

    def gone(self, why: str) -> None:
        """It leaves every fan-out."""
        self.is_connected = False
        for line in self.lines:
            detach(line)
        self._onlooker.subscriber_gone(self, why)

    def _fanouts(self) -> list[Fanout]:
        return [line.outlet.fanout for line in self.lines if line.outlet.fanout is not None]

    def rtp(self, packet: memoryview, length: int) -> None:
        """A viewer sends no media."""
        self._counted["unknown_ssrc"] += 1

    def rtcp(self, packet: bytes) -> None:
        """What it lost, what it wants, what its network carries."""
        now = self._clock()
        if not self._rtcp.takes(now):
            self._counted["rtcp_dropped"] += 1
            return
        self._counted["rtcp"] += 1
        urgent: dict[Line, None] = {}  # each once, however often a packet names it
        for report in feedback.read(packet):
            match report:
                case feedback.Nack():
                    urgent |= dict.fromkeys(self._lost(report, now))
                case feedback.KeyframeWanted():
                    self._wants_keyframe(report, now)
                case feedback.Estimate():
                    for line in self.lines:
                        line.choice.estimate(report.bps, now)
                case feedback.ReceiverReport() | feedback.SenderReport():
                    self._received(report.blocks, now)
        for line in urgent:
            self.adapt(line, now)

    def _received(self, blocks: Sequence[feedback.Block], now: float) -> None:
        for block in blocks:
            line = self._by_ssrc.get(block.ssrc)
            if line is None:
                continue
            self._reported_at = now
            line.choice.loss(block.fraction, now)
            if block.fraction:
                self._counted["reports_with_loss"] += 1
            if not self.has_flowed and line.outlet.fanout is not None:
                self.has_flowed = True
                self._onlooker.subscriber_flows(self)

    def _wants_keyframe(self, report: feedback.KeyframeWanted, now: float) -> None:
        for ssrc in report.media_ssrcs:
            line = self._by_ssrc.get(ssrc)
            if line is not None:
                self._counted["pli"] += 1
                for fanout in (line.outlet.fanout, line.outlet.next):
                    if fanout is not None:
                        fanout.feed.want_keyframe(now)

    def _lost(self, report: feedback.Nack, now: float) -> list[Line]:
        """Sends again what may be; the line, if its layer has to be looked at again at once."""
        line = self._by_ssrc.get(report.media_ssrc)
        if line is None or line.outlet.fanout is None:
            return []
        is_urgent = line.choice.asked_again(len(report.seqs), now)
        self._repeats.lost(line.outlet, line.outlet.fanout, report.seqs, now)
        return [line] if is_urgent else []

    def is_flowing(self, now: float) -> bool:
        """Whether media reaches it: something is sent, and it goes on reporting."""
        is_sent = any(
            line.outlet.fanout is not None and line.outlet.fanout.feed.is_flowing(now)
            for line in self.lines
        )
        return (
            self.has_flowed
            and self.is_connected
            and is_sent
            and now - self._reported_at < REPORTED_WITHIN_S
        )

    # What it gets

    def assign(self, line: Line, track: Track | None, now: float) -> None:
        """The stage gives this line another track, or none."""
        if line.track is track:
            return
        if line.track is not None:
            detach(line)
        line.track = track
        if self.is_connected:
            self.adapt(line, now)

    def tick(self, now: float) -> None:
        """Every half second: the layer that suits each line, and sender reports now and then."""
        if not self.is_connected:
            return
        is_wrong = False
        for line in self.lines:
            if line.track is not None:
                self.adapt(line, now)
                is_wrong = is_wrong or _is_told_wrong(line)
        if now >= self._report_at or is_wrong:
            self._rounds = int(self._report(now)) + (0 if is_wrong else self._rounds)
            is_new = self._rounds <= FIRST_REPORTS
            self._report_at = now + (FIRST_EVERY_S if is_new else REPORT_EVERY_S)

    def adapt(self, line: Line, now: float) -> None:
        """Goes over to the layer that suits now, at that layer's next keyframe."""
        track, outlet = line.track, line.outlet
        if track is None or _is_settled(line, track):
            return
        if not track.fanouts or not outlet.carries(track.codec.name):
            return
        place = self._place(line, track, now) if line.kind == "video" else 0
        if place is None:
            detach(line)
            return
        if line.choice.probe_bps:
            self._repeats.probe(outlet, line.choice)
        wanted = track.fanouts[place]
        if wanted is outlet.next or (wanted is outlet.fanout and outlet.next is None):
            return
        if wanted is outlet.fanout:
            assert outlet.next is not None
            outlet.next.refuse(outlet)
            return
        wanted.expect(outlet)
        if line.kind == "video":
            wanted.feed.want_keyframe(now)

    def _place(self, line: Line, track: Track, now: float) -> int | None:
        """The number of the encoding that suits it now; None for none."""
        feeds = [fanout.feed for fanout in track.fanouts]
        rates = [feed.bitrate_bps(now) for feed in feeds]
        line.choice.can_probe = line.outlet.is_repaired(track.codec.name)
        line.choice.may_probe = line.outlet.fanout is not None and self._repeats.may_probe()
        pictures_s = [feed.pictures_s(now) for feed in feeds]
        moving = steady(rates, pictures_s, line.choice.layer)
        return line.choice.pick(moving, self._other_bps(line, now), now)

    def _other_bps(self, line: Line, now: float) -> int:
        return sum(
            other.outlet.fanout.feed.bitrate_bps(now)
            for other in self.lines
            if other is not line and other.outlet.fanout is not None
        )

    def _report(self, now: float) -> bool:
        """Sender reports by the publisher's clock: sound and picture of one publisher keep step.

        False when there was nothing to report.
        """
        has_reported = False
        for line in self.lines:
            outlet = line.outlet
            if outlet.fanout is None:
                continue
            newest, sender = outlet.fanout.feed.newest, outlet.fanout.feed.sender
            line.told_changes = sender.changes
            ntp = None if newest is None else sender.ntp_of(newest.timestamp)
            if newest is None or ntp is None:
                continue
            passed = now - newest.arrived
            timestamp = newest.timestamp + round(passed * outlet.fanout.feed.clock_rate)
            packets, octets = outlet.sent()
            report = feedback.sender_report(
                outlet.ssrc,
                ntp + passed,
                (timestamp + outlet.offsets.timestamp) & 0xFFFFFFFF,
                packets,
                octets,
                self.cname,
            )
            self.peer.send_rtcp(report)
            has_reported = True
        return has_reported


def _is_told_wrong(line: Line) -> bool:
    """What was reported of the sender's clock has turned out to be wrong."""
    fanout = line.outlet.fanout
    return fanout is not None and fanout.feed.sender.changes != line.told_changes


def _is_settled(line: Line, track: Track) -> bool:
    """It has the only encoding there is: nothing to choose, twice a second for each viewer."""
    outlet, fanouts = line.outlet, track.fanouts
    has_only = outlet.next is None and len(fanouts) == 1 and fanouts[0] is outlet.fanout
    return has_only and (line.kind == "audio" or line.choice.wish != "audio")


def detach(line: Line) -> None:
    """The line gets nothing from now on."""
    for fanout in (line.outlet.next, line.outlet.fanout):
        if fanout is not None:
            fanout.leave(line.outlet)


def _lines(peer: Peer, offer: Offer, names: Callable[[str, int], Names], now: float) -> list[Line]:
    lines: list[Line] = []
    for medium in watched(offer):
        n = sum(line.kind == medium.kind for line in lines)
        lines.append(_line(peer, medium, names(medium.kind, n), now))
    return lines


def _line(peer: Peer, medium: Medium, names: Names, now: float) -> Line:
    payload_types = {codec.name: (codec.payload_type, codec.rtx) for codec in medium.codecs[::-1]}
    outlet = Outlet(
        peer=peer,
        ssrc=names[0],
        rtx_ssrc=names[1],
        payload_types=payload_types,
        send_time_id=_send_time_id(medium),
    )
    return Line(medium.kind, outlet, Choice(now))


def _send_time_id(medium: Medium) -> int:
    """What the answer says; ours is written in the one-byte form, which ends at 14."""
    number = medium.extensions.get(SEND_TIME, 0) if medium.kind == "video" else 0
    return number if number <= 14 else 0
