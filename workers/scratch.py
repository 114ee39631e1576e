"""Scratch folders that cannot outlive their worker for long."""

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """A folder for this process under `home`/scratch, removed at the end.

    Folders of workers that were killed are removed first: the kernel dropped their lock.
    """
    root = home / "scratch"
    root.mkdir(parents=True, exist_ok=True)
    for old in root.glob("*.lock"):
        _remove_if_free(old)
    lock = root / f"{secrets.token_hex(8)}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        folder = lock.with_suffix("")
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _remove_if_free(lock: Path) -> None:
    try:
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
    except BlockingIOError:
        return
