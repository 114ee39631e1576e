"""What was worked out from files once, kept beside what Python compiled, for the next process.

As with Python's own, nothing breaks where it cannot be written or was written in part, and nothing
is written where Python was told to keep nothing.
"""

import contextlib
import hashlib
import secrets
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "__pycache__"
DIGEST_BYTES = 32


def kept(path: Path, sources: Iterable[Path], make: Callable[[], bytes]) -> bytes:
    """What `make` makes of these files: as it was kept, if none of them has changed since."""
    mark = _mark(sources)
    found = read(path)
    if found is not None and found.startswith(mark):
        return found.removeprefix(mark)
    made = make()
    keep(path, mark + made)
    return made


def _mark(sources: Iterable[Path]) -> bytes:
    stats = [(path.name, path.stat()) for path in sources]
    told = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return hashlib.sha256(repr(told).encode()).digest()


def read(path: Path) -> bytes | None:
    """What was kept there, if it is there and whole."""
    with contextlib.suppress(OSError):
        found = path.read_bytes()
        if hashlib.sha256(found[DIGEST_BYTES:]).digest() == found[:DIGEST_BYTES]:
            return found[DIGEST_BYTES:]
    return None


def keep(path: Path, data: bytes) -> None:
    """Writes it, or does not: who reads meanwhile finds what was there before."""
    if sys.dont_write_bytecode:
        return
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(hashlib.sha256(data).digest() + data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
