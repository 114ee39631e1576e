"""The receiver in C: built where it is needed, spoken to through ctypes."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.live.wire import Wire, unprotect_address

CODE = Path(__file__).with_name("receiver.c")
SOURCES, REMEMBERED = 8, 4096


class _Source(ctypes.Structure):
    _fields_ = [
        ("ssrc", ctypes.c_uint32),
        ("highest", ctypes.c_uint32),
        ("after", ctypes.c_uint32),
        ("until", ctypes.c_uint32),
        ("packets", ctypes.c_uint64),
        ("octets", ctypes.c_uint64),
        ("measured", ctypes.c_uint64),
        ("seen", ctypes.c_uint32 * (REMEMBERED // 32)),
    ]


class _Viewer(ctypes.Structure):
    _fields_ = [
        ("fd", ctypes.c_int),
        ("is_here", ctypes.c_int),
        ("session", ctypes.c_void_p),
        ("last_ns", ctypes.c_int64),
        ("longest_gap_ns", ctypes.c_int64),
        ("rtcp", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
        ("undecryptable", ctypes.c_uint64),
        ("sources", _Source * SOURCES),
    ]


@dataclass(frozen=True)
class Got:
    """What viewers got: packets that came, the longest silence; how many of those that were sent
    while it was measured have not come by now."""

    packets: int
    missing: int
    octets: int
    longest_gap_s: float
    undecryptable: int


def build(folder: Path) -> Path:
    """Compiles the receiver into `folder`."""
    library = folder / "receiver.so"
    command = ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread"]
    subprocess.run([*command, "-o", str(library), str(CODE)], check=True)
    return library


def _missing(source: _Source) -> int:
    last = source.until or source.highest
    return int(last - source.after - source.measured)


class Receiver:
    """One thread that reads the sockets of all viewers handed to it."""

    def __init__(self, library: Path) -> None:
        self._c = ctypes.CDLL(str(library))
        self._c.add.argtypes = [ctypes.c_int, ctypes.c_void_p]
        self._c.look.restype = ctypes.POINTER(_Viewer)
        self._c.begin.argtypes = [ctypes.c_void_p]
        self._c.latencies.argtypes = [ctypes.POINTER(ctypes.POINTER(ctypes.c_uint32))]
        self._c.latencies.restype = ctypes.c_uint32
        assert self._c.begin(unprotect_address()) == 0

    def take_over(self, wire: Wire, *, is_sampled: bool) -> int:
        """Receives for this viewer from now on; in the sample packets are decrypted and timed."""
        fd, session = wire.hand_over()
        return self.watch(fd, session if is_sampled else None)

    def watch(self, fd: int, session: int | None = None) -> int:
        """The same of a socket; without a session nothing is decrypted."""
        number = int(self._c.add(fd, session))
        assert number >= 0
        return number

    def drop(self, number: int) -> None:
        """Reads this viewer no more; call before its socket is closed."""
        self._c.drop(number)

    def highest(self, number: int) -> list[tuple[int, int]]:
        """(ssrc, extended highest sequence number) of all that came, for a receiver report."""
        viewer = self._c.look(number).contents
        return [(each.ssrc, each.highest) for each in viewer.sources if each.ssrc]

    def measure(self, is_on: bool) -> None:
        """Latencies, gaps and missing packets are of what is sent while on; switching on forgets
        the earlier ones."""
        self._c.measure(int(is_on))

    def got(self, numbers: Sequence[int]) -> Got:
        """The sum over these viewers since they came."""
        viewers = [self._c.look(number).contents for number in numbers]
        sources = [each for viewer in viewers for each in viewer.sources if each.ssrc]
        return Got(
            packets=sum(each.packets for each in sources),
            missing=sum(_missing(each) for each in sources),
            octets=sum(each.octets for each in sources),
            longest_gap_s=max((viewer.longest_gap_ns for viewer in viewers), default=0) / 1e9,
            undecryptable=sum(viewer.undecryptable for viewer in viewers),
        )

    def latencies_ms(self) -> list[float]:
        """How late each packet of the sample was while measuring, sorted."""
        first = ctypes.POINTER(ctypes.c_uint32)()
        count = self._c.latencies(ctypes.byref(first))
        return sorted(us / 1000 for us in first[:count])
