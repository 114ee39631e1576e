"""Peers without a network: keyed sessions on both ends, and a socket that catches what is sent."""

from __future__ import annotations

import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pylibsrtp import Policy, Session

from media.live import srtp
from media.live.fanout import Fanout, Outlet
from media.live.feed import Feed
from media.live.packets import Header, Packet, read_header
from media.live.paths import Path as NetworkPath
from media.live.paths import UdpPath
from media.live.sending import CFiller, Filler, PythonFiller
from tests.support.live.process import LIBRARY

PROFILES = {
    "gcm": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28, 16),
    "sha1": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30, 10),
}
SSRC, RTX_SSRC = 0x1111, 0x2222
VP8_KEY = bytes([0x90, 0xE0, 0x80, 0x01, 0x05, 0x20, 0x00])
VP8_DELTA = bytes([0x90, 0xE0, 0x80, 0x01, 0x05, 0x20, 0x01])


def fillers() -> list[Filler]:
    """Python's, and the compiled one where set-up could build it."""
    found: list[Filler] = [PythonFiller()]
    if LIBRARY.exists():
        found.append(CFiller(LIBRARY))
    return found


def keyed(profile: str = "gcm") -> tuple[srtp.Srtp, Session]:
    """Our sessions, and the other end's for what we send."""
    number, size, tag = PROFILES[profile]
    key = secrets.token_bytes(size)

    def session(kind: int) -> Session:
        policy = Policy(key=key, ssrc_type=kind, srtp_profile=number)
        policy.allow_repeat_tx = True
        return Session(policy)

    ours, theirs = session(Policy.SSRC_ANY_OUTBOUND), session(Policy.SSRC_ANY_INBOUND)
    return srtp.Srtp(None, ours._srtp[0], tag, (ours,)), theirs


@dataclass(eq=False)
class Wired:
    """A viewer's end: what reached its socket, decrypted."""

    srtp: srtp.Srtp | None
    theirs: Session
    path: NetworkPath | None
    catcher: socket.socket
    alone: list[bytes] = field(default_factory=list)

    def send_rtp(self, packet: bytes | bytearray | memoryview) -> None:
        """What the fan-out sends outside a batch."""
        self.alone.append(bytes(packet))

    def got(self) -> list[Header]:
        """The headers of all that came, in order; raises when one cannot be decrypted."""
        return [header for header, _ in self.packets()]

    def packets(self) -> list[tuple[Header, bytes]]:
        """Header and payload of all that came."""
        found = []
        while True:
            try:
                plain = self.theirs.unprotect(self.catcher.recv(4096))
            except BlockingIOError:
                return found
            header = read_header(memoryview(plain), len(plain))
            assert header is not None
            found.append((header, plain[header.payload_at : header.payload_end]))


@contextmanager
def wired(how_many: int, *, profile: str = "gcm") -> Iterator[list[Wired]]:
    """So many viewers behind one sending socket."""
    ours = _socket()
    ends = []
    for _ in range(how_many):
        catcher = _socket()
        keys, theirs = keyed(profile)
        ends.append(Wired(keys, theirs, UdpPath(ours, catcher.getsockname()), catcher))
    try:
        yield ends
    finally:
        for sock in (ours, *(end.catcher for end in ends)):
            sock.close()


def _socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    return sock


class Source:
    """A feed whose packets a test makes."""

    def __init__(
        self, filler: Filler | None = None, codec: str = "VP8", first_seq: int = 100
    ) -> None:
        self.now = 1000.0
        self.counted: Counter[str] = Counter()
        self.calls: list[tuple[float, Callable[[], None]]] = []  # (when, what) somebody wants
        self.feed = Feed(codec, 90_000, 7, "", later=self._later, clock=lambda: self.now)
        self.fanout = Fanout(self.feed, filler or PythonFiller(), self.counted)
        self.feed.add(self.fanout)
        self._seq = first_seq

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.calls.append((self.now + delay_s, call))

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and what was wanted meanwhile is done."""
        until = self.now + seconds
        while due := [each for each in self.calls if each[0] <= until]:
            first = min(due, key=lambda each: each[0])
            self.calls.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = until

    def send(
        self, *, is_key: bool = False, size: int = 200, times: int = 1, marker: bool = True,
        after_s: float = 0.033,
    ) -> None:  # fmt: skip
        """So many packets, each `after_s` after the one before."""
        for _ in range(times):
            self.now += after_s
            head = VP8_KEY if is_key else VP8_DELTA
            header = Header(
                marker, 96, self._seq & 0xFFFF, round(self.now * 90_000) & 0xFFFFFFFF, 7, 0, 0, {}
            )
            self.feed.push(header, head + bytes(size), self.now)
            self._seq += 1

    def skip(self) -> None:
        """One packet is on its way and does not come yet."""
        self._seq += 1

    def late(self) -> None:
        """The packet before the last one comes after all."""
        header = Header(True, 96, (self._seq - 2) & 0xFFFF, 0, 7, 0, 0, {})
        self.feed.push(header, VP8_DELTA + bytes(50), self.now)

    def picture(self, *sizes: int, is_key: bool = False) -> None:
        """One picture in packets of these sizes, 2 ms apart."""
        for k, size in enumerate(sizes):
            is_last = k == len(sizes) - 1
            self.send(is_key=is_key and not k, size=size, marker=is_last, after_s=0.002)

    @property
    def newest(self) -> Packet:
        """The last packet made."""
        assert self.feed.newest is not None
        return self.feed.newest


def outlet(end: Wired, *, payload_type: int = 96, send_time_id: int = 0) -> Outlet:
    """One line of a viewer."""
    types: dict[str, tuple[int, int | None]] = {
        "VP8": (payload_type, 97), "opus": (payload_type, None),
    }  # fmt: skip
    return Outlet(end, SSRC, RTX_SSRC, types, send_time_id)  # type: ignore[arg-type]
