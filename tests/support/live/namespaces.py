"""A network namespace behind a cable that can be pulled and narrowed, where the machine allows.

Both ends are apart from the machine's own network: an address that comes and goes there makes every
Chromium on it break off what it loads ("network changed"), also those of tests beside this one.

Needs root, `ip` and `tc`; where one is missing the test says so and is skipped. For loss without
any rights there is `lossy`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

QUEUE_MS = 200
CLONE_NEWNET = 0x40000000
NAMED = Path("/run/netns")


@dataclass(frozen=True)
class Namespace:
    """A namespace with one cable: `here` is the address at this end, `there` at the other."""

    name: str
    here: str
    there: str
    cable: str

    def command(self, *argv: str) -> list[str]:
        """The command line that runs `argv` inside."""
        return ["ip", "netns", "exec", self.name, *argv]

    def cut(self) -> None:
        """Pulls the cable."""
        _run("ip", "link", "set", self.cable, "down")

    def mend(self) -> None:
        """Plugs it in again."""
        _run("ip", "link", "set", self.cable, "up")

    def narrow(self, kbit_s: int) -> None:
        """Lets so much through towards the namespace; the rest waits a little, then is lost."""
        limit = ("rate", f"{kbit_s}kbit", "burst", "16kb", "latency", f"{QUEUE_MS}ms")
        _run("tc", "qdisc", "replace", "dev", self.cable, "root", "tbf", *limit)

    def widen(self) -> None:
        """Takes the limit away."""
        _run("tc", "qdisc", "del", "dev", self.cable, "root")


@contextlib.contextmanager
def a_namespace() -> Iterator[Namespace]:
    """A namespace of the test's own, which itself is in another one meanwhile; both and the cable
    are gone afterwards."""
    if os.geteuid() or not shutil.which("ip") or not shutil.which("tc"):
        pytest.skip("network namespaces need root and iproute2")
    mark = secrets.token_hex(3)
    space = Namespace(f"pt-{mark}", "10.231.0.1", "10.231.0.2", f"pt{mark}a")
    with _named(f"pt-{mark}-home") as home, _named(space.name), _inside(home):
        _run("ip", "link", "set", "lo", "up")
        _cable(space, f"pt{mark}b")
        yield space


@contextlib.contextmanager
def _named(name: str) -> Iterator[str]:
    try:
        _run("ip", "netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine allows no network namespace: {error.stderr.strip()}")
    try:
        yield name
    finally:
        _run("ip", "netns", "del", name)


@contextlib.contextmanager
def _inside(name: str) -> Iterator[None]:
    """This thread, and what it starts, is in the namespace."""
    with Path("/proc/thread-self/ns/net").open() as own, (NAMED / name).open() as other:
        _enter(other.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(namespace: int) -> None:
    # os.setns comes with Python 3.12
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _cable(space: Namespace, other: str) -> None:
    _run("ip", "link", "add", space.cable, "type", "veth", "peer", "name", other)
    _run("ip", "link", "set", other, "netns", space.name)
    _run("ip", "addr", "add", f"{space.here}/30", "dev", space.cable)
    _run("ip", "link", "set", space.cable, "up")
    for words in (
        ("addr", "add", f"{space.there}/30", "dev", other),
        ("link", "set", other, "up"),
        ("link", "set", "lo", "up"),
    ):
        _run(*space.command("ip", *words))


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, text=True)
