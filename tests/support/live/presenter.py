"""A presenter without a camera: sends the load's stream, paced as a browser paces its own."""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable

from tests.support.live import descriptions
from tests.support.live.descriptions import MID, OPUS, TRANSPORT_CC, VP8, VP8_RTX, Line, Sent
from tests.support.live.stream import (
    FRAMES_PER_S,
    SOUND_BYTES,
    SOUND_PER_S,
    Frame,
    described,
    frames,
    payload_of,
    sent_at,
)
from tests.support.live.wire import Wire, is_rtcp, sender_report

Exchange = Callable[[str], Awaitable[str]]
"""Brings an offer to the other side and its answer back."""

PACE_BPS = 2.5 * 1_500_000  # a browser lets a burst out at 2.5 times its bitrate
LATE_S = 0.003  # held up for longer, it does not run after what it missed
MOST_BEHIND_S = 0.1
KEPT_PACKETS = 1024
CONNECT_WITHIN_S = 20.0


class Presenter:
    """Sends picture and sound until closed; answers keyframe requests and retransmissions.

    `is_paced`: packets of a picture follow each other as a browser spaces them, else all at once.
    `says_when`: packets of sound carry abs-send-time, as a browser's do.
    """

    def __init__(
        self, group: list[Frame] | None = None, *, is_paced: bool = True, says_when: bool = True
    ) -> None:
        self.wire = Wire(self._take)
        self.sent = Sent()
        self.packets = 0
        self.key_requests = 0
        self.retransmitted = 0
        self.twcc_feedback = 0
        self._frames = group or frames()
        self._is_paced = is_paced
        self._says_when = says_when
        self._silent_s = 0.0
        self.late_s: list[float] = []  # of the packets of sound around a silence
        self._wants_key = False
        self._seq = {OPUS: random.getrandbits(15), VP8: random.getrandbits(15), VP8_RTX: 0}
        self._transport_seq = 0
        self._timestamps = {OPUS: 0, VP8: 0}
        self._captured = {OPUS: 0.0, VP8: 0.0}  # when: seconds since 1970
        self._counts = {OPUS: [0, 0], VP8: [0, 0]}
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT_PACKETS)
        self._extensions: dict[int, dict[str, int]] = {}
        self._mids: dict[int, bytes] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self, exchange: Exchange, *, over: str = "udp") -> None:
        """Offers, connects; nothing is sent yet."""
        offer = descriptions.presenter_offer(
            self.wire.identity, self.sent, says_when=self._says_when
        )
        remote = descriptions.read(await exchange(offer))
        self._learn(OPUS, remote.line("audio"))
        self._learn(VP8, remote.line("video"))
        async with asyncio.timeout(CONNECT_WITHIN_S):
            await self.wire.connect(remote, over=over)

    def _learn(self, payload_type: int, line: Line) -> None:
        self._extensions[payload_type] = line.extensions
        self._mids[payload_type] = line.mid.encode()

    def start(self) -> None:
        """Sends from now on."""
        self._tasks = [
            asyncio.create_task(run) for run in (self._sound(), self._picture(), self._reports())
        ]

    async def close(self) -> None:
        """Stops and says goodbye."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.wire.close()

    def stop_microphone(self, seconds: float) -> None:
        """A call: no sound for so long, and then its timestamps go on where they stopped."""
        self._silent_s = seconds

    async def _sound(self) -> None:
        began = time.monotonic()
        number = 0
        while True:
            body = bytes([0xFC, 0xFF, 0xFE]) + bytes(SOUND_BYTES - 3)
            if self._silent_s:
                began += await self._silence(began + number / SOUND_PER_S)
            self._capture(OPUS, number * 960, began + number / SOUND_PER_S)
            self._send(OPUS, self.sent.audio, body, marker=number == 0)
            number = _next(number, time.monotonic() - began, SOUND_PER_S)
            await _until(began + number / SOUND_PER_S)

    async def _silence(self, due: float) -> float:
        """Waits from when the next packet was due; for how long it was."""
        silent_s, self._silent_s = self._silent_s, 0.0
        self.late_s.append(time.monotonic() - due)
        await asyncio.sleep(due + silent_s - time.monotonic())
        self.late_s.append(time.monotonic() - due - silent_s)
        return silent_s

    def _capture(self, payload_type: int, timestamp: int, at: float) -> None:
        """What is sent next was recorded at this moment of `time.monotonic`."""
        self._timestamps[payload_type] = timestamp
        self._captured[payload_type] = at + time.time() - time.monotonic()

    async def _picture(self) -> None:
        began, at, number = time.monotonic(), 0, 0
        while True:
            if self._wants_key:
                at, self._wants_key = 0, False
            frame = self._frames[at]
            self._capture(VP8, number * 90_000 // FRAMES_PER_S, began + number / FRAMES_PER_S)
            await self._frame(frame, number)
            at = (at + 1) % len(self._frames)
            number = _next(number, time.monotonic() - began, FRAMES_PER_S)
            await _until(began + number / FRAMES_PER_S)

    async def _frame(self, frame: Frame, picture: int) -> None:
        due = time.monotonic()
        for n, piece in enumerate(frame.pieces):
            body = described(piece, is_first=n == 0, picture=picture, tl0=picture)
            self._send(VP8, self.sent.video, body, marker=n == len(frame.pieces) - 1)
            due = max(due, time.monotonic() - LATE_S) + len(body) * 8 / PACE_BPS
            if self._is_paced:
                await _until(due)

    def _send(self, payload_type: int, ssrc: int, body: bytes, *, marker: bool) -> None:
        seq = self._seq[payload_type] = (self._seq[payload_type] + 1) & 0xFFFF
        payload = body + sent_at(self._stamp(payload_type))
        timestamp = self._timestamps[payload_type]
        packet = self._packet(payload_type, ssrc, seq, timestamp, payload, marker=marker)
        if payload_type == VP8:
            self._kept.append((seq, packet))
        self.wire.send(packet)
        self.packets += 1
        counts = self._counts[payload_type]
        counts[0] += 1
        counts[1] += len(payload)

    def _stamp(self, payload_type: int) -> int:
        """What the end of a packet says: when it is sent, in nanoseconds since 1970."""
        return time.time_ns()

    def _packet(
        self, payload_type: int, ssrc: int, seq: int, timestamp: int, payload: bytes,
        *, marker: bool,
    ) -> bytes:  # fmt: skip
        extension = self._extension(VP8 if payload_type == VP8_RTX else payload_type)
        head = struct.pack(
            "!BBHLL", 0x90 if extension else 0x80, payload_type | marker << 7, seq,
            timestamp & 0xFFFFFFFF, ssrc,
        )  # fmt: skip
        return head + extension + payload

    def _extension(self, payload_type: int) -> bytes:
        """The header extensions that were agreed on (RFC 8285, one byte each)."""
        ids, body = self._extensions[payload_type], b""
        if TRANSPORT_CC in ids:
            self._transport_seq = (self._transport_seq + 1) & 0xFFFF
            body += struct.pack("!BH", ids[TRANSPORT_CC] << 4 | 1, self._transport_seq)
        if descriptions.ABS_SEND_TIME in ids:
            now = int((time.time() % 64) * 2**18)
            body += bytes([ids[descriptions.ABS_SEND_TIME] << 4 | 2]) + now.to_bytes(3, "big")
        if MID in ids:
            mid = self._mids[payload_type]
            body += bytes([ids[MID] << 4 | (len(mid) - 1)]) + mid
        body += bytes(-len(body) % 4)
        return struct.pack("!HH", 0xBEDE, len(body) // 4) + body if body else b""

    async def _reports(self) -> None:
        """Sender reports, once a second: where the clock of each stands now, as browsers say it."""
        while True:
            await asyncio.sleep(1.0)
            for payload_type, ssrc in ((OPUS, self.sent.audio), (VP8, self.sent.video)):
                packets, octets = self._counts[payload_type]
                now = time.time()
                since_s = now - self._captured[payload_type]
                ticks = round(since_s * (48_000 if payload_type == OPUS else 90_000))
                timestamp = (self._timestamps[payload_type] + ticks) & 0xFFFFFFFF
                self.wire.send(sender_report(ssrc, now, timestamp, packets, octets))

    def _take(self, packet: bytes) -> None:
        """What the other side asks: RTCP packets, often several in one datagram."""
        at = 0
        while is_rtcp(packet) and at + 12 <= len(packet):
            kind, form = packet[at + 1], packet[at] & 31
            end = at + 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
            if kind == 206 and form in {1, 4}:
                self.key_requests += 1
                self._wants_key = True
            elif kind == 205 and form == 1:
                self._again(packet[at + 12 : end])
            elif kind == 205 and form == 15:
                self.twcc_feedback += 1
            at = end

    def _again(self, entries: bytes) -> None:
        """Sends once more what a NACK names (RFC 4588)."""
        for first, mask in struct.iter_unpack("!HH", entries[: len(entries) // 4 * 4]):
            wanted = {first, *((first + n + 1) & 0xFFFF for n in range(16) if mask >> n & 1)}
            for seq, packet in [each for each in self._kept if each[0] in wanted]:
                self._seq[VP8_RTX] = (self._seq[VP8_RTX] + 1) & 0xFFFF
                payload = struct.pack("!H", seq) + payload_of(packet)
                timestamp = int.from_bytes(packet[4:8], "big")
                marker = bool(packet[1] & 0x80)
                again = self._packet(
                    VP8_RTX, self.sent.rtx, self._seq[VP8_RTX], timestamp, payload, marker=marker
                )
                self.wire.send(again)
                self.retransmitted += 1


def _next(number: int, passed_s: float, per_s: int) -> int:
    """The number of the next picture: a camera that was held up does not make up for it."""
    due = int(passed_s * per_s)
    return due if due > number + MOST_BEHIND_S * per_s else number + 1


async def _until(due: float) -> None:
    """Sleeps until a moment of `time.monotonic`, if it is far enough to be met."""
    left = due - time.monotonic()
    if left > 0.001:
        await asyncio.sleep(left)
