"""Datagrams by the hundred: one encrypted copy of a packet for each viewer, in one system call.

Two ways to fill the copies, held by the same tests: Python, and a small C library built at set-up
(`media/live/fanout.c`). One way to send them: `sendmmsg` (Linux), else a `sendto` for each.
"""

from __future__ import annotations

import ctypes
import errno
import logging
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

MOST_IN_ONE_CALL = 1024
"""UIO_MAXIOV: the kernel takes no more messages at once."""

DONT_WAIT = 0x40
# The send buffer is full: the rest of this packet is lost, as a full queue anywhere loses it.
FULL = {errno.EAGAIN, errno.ENOBUFS}

_ffi = FFI()
_ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; unsigned msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen; int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned msg_len; };
    int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);
    ssize_t sendto(int fd, const void *data, size_t length, int flags,
                   const void *name, unsigned name_length);
    int porthole_fill(void *protect, const char *packet, int length, void *const *contexts, int n,
                      char *buffers, int stride, unsigned long *lengths);
    """
)
_libc = _ffi.dlopen(None)
HAS_SENDMMSG = hasattr(ctypes.CDLL(None), "sendmmsg")

# One set of copies for the whole process: a packet has left before the next one is looked at.
_copies, _ = srtp.new_buffer(STRIDE * MOST_IN_ONE_CALL)
_copies_at = int(srtp_ffi.cast("uintptr_t", _copies))
_places = [_copies + STRIDE * k for k in range(MOST_IN_ONE_CALL)]
_length = srtp_ffi.new("int *")


class Filler(Protocol):
    """Makes the encrypted copies of one packet."""

    def contexts(self, sessions: Sequence[Cdata], first: int) -> Any:
        """What `fill` wants of the viewers whose copies begin at place `first`."""

    def fill(
        self, packet: Cdata, length: int, contexts: Any, first: int, lengths: memoryview, tag: int
    ) -> int:
        """Copies and encrypts; writes each size to `lengths`; returns how many went wrong.

        `tag`: what encrypting adds, the same for all of them. A copy that could not be encrypted
        gets size 0: it must not leave in the clear.
        """


class PythonFiller:
    """The loop in Python: about 1 µs a copy for calling C three times."""

    def contexts(self, sessions: Sequence[Cdata], first: int) -> Any:
        """Pairs of place and session."""
        return [(_places[first + k], session) for k, session in enumerate(sessions)]

    def fill(
        self, packet: Cdata, length: int, contexts: Any, first: int, lengths: memoryview, tag: int
    ) -> int:
        """See `Filler`."""
        copy, protect, size = srtp_ffi.memmove, srtp.PROTECT, _length
        failed = []
        for place, session in contexts:
            copy(place, packet, length)
            size[0] = length
            if protect(session, place, size):
                failed.append(place)
        n = len(contexts)
        lengths[2 * first + 1 : 2 * (first + n) : 2] = memoryview(array("L", (length + tag,)) * n)
        for place in failed:
            lengths[2 * _number(place) + 1] = 0
        return len(failed)


def _number(place: Cdata) -> int:
    return (int(srtp_ffi.cast("uintptr_t", place)) - _copies_at) // STRIDE


class CFiller:
    """The loop in C. Raises OSError when the library cannot be loaded."""

    def __init__(self, library: FilePath) -> None:
        self._library = _ffi.dlopen(str(library))
        address = int(srtp_ffi.cast("uintptr_t", srtp_ffi.addressof(srtp_lib, "srtp_protect")))
        self._protect = _ffi.cast("void *", address)

    def contexts(self, sessions: Sequence[Cdata], first: int) -> Any:
        """The sessions' addresses as a C array."""
        addresses = [int(srtp_ffi.cast("uintptr_t", session)) for session in sessions]
        return _ffi.new("void *[]", [_ffi.cast("void *", each) for each in addresses])

    def fill(
        self, packet: Cdata, length: int, contexts: Any, first: int, lengths: memoryview, tag: int
    ) -> int:
        """See `Filler`."""
        packet_at = _ffi.cast("char *", int(srtp_ffi.cast("uintptr_t", packet)))
        places = _ffi.cast("char *", _copies_at + STRIDE * first)
        sizes = _ffi.from_buffer("unsigned long[]", lengths) + 2 * first + 1
        n = len(contexts)
        done: int = self._library.porthole_fill(
            self._protect, packet_at, length, contexts, n, places, STRIDE, sizes
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
    """Viewers behind one UDP socket, each with a place for its copy, in a fixed order.

    `names`: the `sockaddr` of each, at most `MOST_IN_ONE_CALL`.
    """

    def __init__(self, fd: int, names: Sequence[bytes]) -> None:
        n = len(names)
        self._fd = fd
        self._n = n
        self._names = [_ffi.new("char[]", name) for name in names]
        self._iovecs = _ffi.new("struct iovec[]", max(n, 1))
        self._messages = _ffi.new("struct mmsghdr[]", max(n, 1))
        self.lengths = memoryview(_ffi.buffer(self._iovecs)).cast("B").cast("L")
        for k, name in enumerate(names):
            self._iovecs[k].iov_base = _ffi.cast("void *", _copies_at + STRIDE * k)
            header = self._messages[k].msg_hdr
            header.msg_name, header.msg_namelen = self._names[k], len(name)
            header.msg_iov, header.msg_iovlen = self._iovecs + k, 1

    def send(self) -> int:
        """Sends every copy; returns how many the kernel did not take."""
        return self._send_many() if HAS_SENDMMSG else self._send_each()

    def _send_many(self) -> int:
        sent = lost = 0
        n, messages, fd = self._n, self._messages, self._fd
        while sent < n:
            done = _libc.sendmmsg(fd, messages + sent, n - sent, DONT_WAIT)
            if done > 0:
                sent += done
            elif _ffi.errno == errno.EINTR:
                continue
            elif _ffi.errno in FULL:
                return lost + n - sent
            else:  # this one's address cannot be reached: the others' can
                sent += 1
                lost += 1
        return lost

    def _send_each(self) -> int:
        lost = 0
        for k in range(self._n):
            to, data = self._messages[k].msg_hdr, self._iovecs[k]
            size = _libc.sendto(
                self._fd, data.iov_base, data.iov_len, DONT_WAIT, to.msg_name, to.msg_namelen
            )
            lost += size < 0
        return lost
