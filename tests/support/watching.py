"""Who opens a file while a test runs: the kernel's own answer, whatever the mount says of atime."""

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path

IN_OPEN = 0x20
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Callable[[], bool]]:
    """Gives a question: has anybody opened `path` since?"""
    handle = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert handle >= 0, os.strerror(ctypes.get_errno())
    try:
        assert _LIBC.inotify_add_watch(handle, os.fsencode(path), IN_OPEN) >= 0

        def has_been() -> bool:
            try:
                return bool(os.read(handle, 4096))
            except BlockingIOError:
                return False

        yield has_been
    finally:
        os.close(handle)
