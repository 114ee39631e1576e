"""Datagrams by the hundred: encrypted copies of packets for each viewer, in one system call.

Two ways to fill the copies, held by the same tests: Python, and a small C library built at set-up
(`media/live/fanout.c`). One way to send them: `sendmmsg` (Linux), else a `sendto` for each. Several
packets for one viewer go to Linux as one message that it cuts apart again (UDP_SEGMENT, Linux
4.18): going through the kernel costs several times what encryption does.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import socket
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any, Protocol

from cffi import FFI
from pylibsrtp._binding import ffi as srtp_ffi
from pylibsrtp._binding import lib as srtp_lib

from media.live import srtp
from media.live.srtp import Cdata

log = logging.getLogger(__name__)

STRIDE = 1664
"""One copy's place: 1,500 bytes, what encryption adds, a whole number of cache lines."""

MOST_IN_ONE_CALL = 128
"""Viewers. The first ones' copies are on their way before the last ones' are made; the kernel
would take 1,024 (UIO_MAXIOV)."""

MOST_TOGETHER = 8
"""Packets for one viewer in one message: what the smallest buffer on the way should hold."""

DONT_WAIT = 0x40
# The send buffer is full: the rest of this packet is lost, as a full queue anywhere loses it.
FULL = {errno.EAGAIN, errno.ENOBUFS}

SOL_UDP, UDP_SEGMENT = 17, 103  # linux/udp.h
# struct cmsghdr and the 16 bits of the size, up to a whole number of words
_CONTROL_BYTES, _SIZE_AT = 24, 16
_WORDS_OF_IOVEC = 2  # a struct iovec is an address and a length
_STEP = _WORDS_OF_IOVEC * MOST_TOGETHER

_ffi = FFI()
_ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; unsigned msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen; int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned msg_len; };
    struct cmsghdr { size_t cmsg_len; int cmsg_level; int cmsg_type; };
    int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);
    ssize_t sendto(int fd, const void *data, size_t length, int flags,
                   const void *name, unsigned name_length);
    int porthole_fill(void *protect, const char *packet, int length, void *const *contexts, int n,
                      char *buffers, int stride, unsigned long *lengths, int step);
    """
)
_libc = _ffi.dlopen(None)
HAS_SENDMMSG = hasattr(ctypes.CDLL(None), "sendmmsg")

# One set of copies for the whole process: packets have left before the next ones are looked at.
# A row for each packet that goes along, in it a place for each viewer.
_ROW_BYTES = STRIDE * MOST_IN_ONE_CALL
_copies, _ = srtp.new_buffer(_ROW_BYTES * MOST_TOGETHER)
_copies_at = int(srtp_ffi.cast("uintptr_t", _copies))
_places = [
    [_copies + _ROW_BYTES * row + STRIDE * k for k in range(MOST_IN_ONE_CALL)]
    for row in range(MOST_TOGETHER)
]
# How long each copy is, for libsrtp to read and write.
_all_sizes = srtp_ffi.new("int[]", MOST_IN_ONE_CALL)
_sizes = [_all_sizes + k for k in range(MOST_IN_ONE_CALL)]
_sizes_view = memoryview(srtp_ffi.buffer(_all_sizes)).cast("B").cast("i")


class Kernel:
    """What this machine's kernel and network devices can do."""

    def __init__(self) -> None:
        self.cuts = HAS_SENDMMSG and sys.platform == "linux" and self._knows_segments()

    def _knows_segments(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.getsockopt(SOL_UDP, UDP_SEGMENT)
            except OSError:
                return False
        return True


KERNEL = Kernel()


def can_gather() -> bool:
    """Whether several packets for a viewer cost less together than one by one."""
    return KERNEL.cuts


class Filler(Protocol):
    """Makes the encrypted copies of one packet."""

    def contexts(self, sessions: Sequence[Cdata]) -> Any:
        """What `fill` wants of viewers whose places are next to each other."""

    def fill(
        self,
        packet: Cdata,
        length: int,
        contexts: Any,
        first: int,
        lengths: memoryview,
        tag: int,
        row: int = 0,
    ) -> int:
        """Copies and encrypts; writes each size to `lengths`; returns how many went wrong.

        The viewers' places begin at `first`; `row` is the packet's number among those that leave
        together. `tag`: what encrypting adds, the same for all of them. A copy that could not be
        encrypted gets size 0: it must not leave in the clear.
        """


def _size_at(place: int, row: int) -> int:
    """Where in `Batch.lengths` the size of a copy stands."""
    return place * _STEP + row * _WORDS_OF_IOVEC + 1


class PythonFiller:
    """The loop in Python, though no bytecode runs in it: one call of C for each copy."""

    def contexts(self, sessions: Sequence[Cdata]) -> Any:
        """The sessions."""
        return list(sessions)

    def fill(
        self,
        packet: Cdata,
        length: int,
        contexts: Any,
        first: int,
        lengths: memoryview,
        tag: int,
        row: int = 0,
    ) -> int:
        """See `Filler`."""
        n = len(contexts)
        places = _places[row][first : first + n]
        _spread(packet, length, places[0], n)
        _sizes_view[:n] = array("i", (length,)) * n
        statuses = list(map(srtp.PROTECT, contexts, places, _sizes))
        sizes = memoryview(array("L", (length + tag,)) * n)
        lengths[_size_at(first, row) : _size_at(first + n - 1, row) + 1 : _STEP] = sizes
        if not any(statuses):
            return 0
        wrong = [k for k, status in enumerate(statuses) if status]
        for k in wrong:
            lengths[_size_at(first + k, row)] = 0
        return len(wrong)


def _spread(packet: Cdata, length: int, place: Cdata, n: int) -> None:
    """The packet to `n` places next to each other; what is copied is the source of the rest."""
    copy = srtp_ffi.memmove
    copy(place, packet, length)
    done = 1
    while done < n:
        more = min(done, n - done)
        copy(place + STRIDE * done, place, STRIDE * more)
        done += more


class CFiller:
    """The loop in C. Raises OSError when the library cannot be loaded."""

    def __init__(self, library: FilePath) -> None:
        self._library = _ffi.dlopen(str(library))
        address = int(srtp_ffi.cast("uintptr_t", srtp_ffi.addressof(srtp_lib, "srtp_protect")))
        self._protect = _ffi.cast("void *", address)

    def contexts(self, sessions: Sequence[Cdata]) -> Any:
        """The sessions' addresses as a C array."""
        addresses = [int(srtp_ffi.cast("uintptr_t", session)) for session in sessions]
        return _ffi.new("void *[]", [_ffi.cast("void *", each) for each in addresses])

    def fill(
        self,
        packet: Cdata,
        length: int,
        contexts: Any,
        first: int,
        lengths: memoryview,
        tag: int,
        row: int = 0,
    ) -> int:
        """See `Filler`."""
        packet_at = _ffi.cast("char *", int(srtp_ffi.cast("uintptr_t", packet)))
        places = _ffi.cast("char *", _copies_at + _ROW_BYTES * row + STRIDE * first)
        sizes = _ffi.from_buffer("unsigned long[]", lengths) + _size_at(first, row)
        n = len(contexts)
        done: int = self._library.porthole_fill(
            self._protect, packet_at, length, contexts, n, places, STRIDE, sizes, _STEP
        )
        return done


def best_filler(library: FilePath | None) -> Filler:
    """The C library where set-up could build it, else Python."""
    if library is not None:
        try:
            return CFiller(library)
        except OSError as error:
            log.warning("the fan-out runs in Python: %s", error)
    return PythonFiller()


class Batch:
    """Viewers behind one UDP socket, each with a place for its copies, in a fixed order.

    `names`: the `sockaddr` of each, at most `MOST_IN_ONE_CALL`. `groups`: how many viewers next to
    each other get copies of the same size; one group of all when it is left out.
    """

    def __init__(self, fd: int, names: Sequence[bytes], groups: Sequence[int] = ()) -> None:
        n = len(names)
        self._fd = fd
        self._n = n
        self._names = [_ffi.new("char[]", name) for name in names]
        self._iovecs = _ffi.new("struct iovec[]", max(n, 1) * MOST_TOGETHER)
        self._filled = 1  # rows of the iovecs whose lengths may not be 0
        self._alone = _ffi.new("struct mmsghdr[]", max(n, 1))
        self._together = _ffi.new("struct mmsghdr[]", max(n, 1))
        self.lengths = memoryview(_ffi.buffer(self._iovecs)).cast("B").cast("L")
        for k in range(n):
            self._address(k)
        self._sizes = self._controls(groups or [n])

    def _address(self, k: int) -> None:
        """Points both kinds of message at their viewer and its places."""
        iovecs = self._iovecs + k * MOST_TOGETHER
        for row in range(MOST_TOGETHER):
            iovecs[row].iov_base = _ffi.cast("void *", _copies_at + _ROW_BYTES * row + STRIDE * k)
        for messages, rows in ((self._alone, 1), (self._together, MOST_TOGETHER)):
            header = messages[k].msg_hdr
            header.msg_name, header.msg_namelen = self._names[k], len(self._names[k]) - 1
            header.msg_iov, header.msg_iovlen = iovecs, rows

    def _controls(self, groups: Sequence[int]) -> list[Any]:
        """A place for the size at which the kernel cuts, one for each group."""
        sizes = []
        at = 0
        self._kept = []
        for n in groups:
            control = _ffi.new("char[]", _CONTROL_BYTES)
            cut = _ffi.cast("struct cmsghdr *", control)
            cut.cmsg_len, cut.cmsg_level, cut.cmsg_type = _SIZE_AT + 2, SOL_UDP, UDP_SEGMENT
            for k in range(at, at + n):
                header = self._together[k].msg_hdr
                header.msg_control, header.msg_controllen = control, _CONTROL_BYTES
            at += n
            sizes.append(_ffi.cast("unsigned short *", control + _SIZE_AT))
            self._kept.append(control)
        return sizes

    def send(self, rows: int = 1, sizes: Sequence[int] = ()) -> int:
        """Sends every copy of the first `rows` packets; how many copies the kernel did not take.

        More than one row: `sizes` has for each group the bytes of a copy in the first row; those
        of the other rows are as long, only the last one's may be shorter. Wants `can_gather()`.
        """
        if rows == 1:
            if not HAS_SENDMMSG:
                return sum(self._send_apart(k, rows) for k in range(self._n))
            return self._send_many(self._alone, rows)
        for row in range(rows, self._filled):
            self.lengths[_size_at(0, row) :: _STEP] = memoryview(array("L", bytes(8 * self._n)))
        self._filled = rows
        for place, size in zip(self._sizes, sizes, strict=True):
            place[0] = size
        return self._send_many(self._together, rows)

    def _send_many(self, messages: Cdata, rows: int) -> int:
        sent = lost = 0
        n, fd = self._n, self._fd
        while sent < n:
            done = _libc.sendmmsg(fd, messages + sent, n - sent, DONT_WAIT)
            if done > 0:
                sent += done
                continue
            error = _ffi.errno
            if error == errno.EINTR:
                continue
            if error in FULL:
                return lost + (n - sent) * rows
            # this one's address cannot be reached, or not with these sizes: the others' can
            lost += 1 if rows == 1 else self._without_cutting(sent, rows, error)
            sent += 1
        return lost

    def _without_cutting(self, k: int, rows: int, error: int) -> int:
        """One viewer's copies one by one: its way takes none so large, or the device cannot cut."""
        if error == errno.EIO and KERNEL.cuts:
            KERNEL.cuts = False
            log.warning("this network device does not cut datagrams: each is sent alone")
        return self._send_apart(k, rows)

    def _send_apart(self, k: int, rows: int) -> int:
        to, lost = self._alone[k].msg_hdr, 0
        for row in range(rows):
            data = to.msg_iov[row]
            size = _libc.sendto(
                self._fd, data.iov_base, data.iov_len, DONT_WAIT, to.msg_name, to.msg_namelen
            )
            lost += size < 0
        return lost
