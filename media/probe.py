"""What a file really is: read in a confined child process, told as one frozen `Probe`.

Nothing in here parses the film: the child does, under limits on time, memory and files, without
network, and with the demuxer forced to what the first bytes call for.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import msgspec

from media.child import ChildLimits, Ended, run_child
from media.containers import HEAD_BYTES, demuxer_of
from media.errors import CODES, Broken, Refused
from media.original import Limits, Probe

_ROOT = str(Path(__file__).resolve().parent.parent)
# -I keeps the working folder and the environment out of the child's imports
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); " \
    "from media.probe_child import main; main(sys.argv[1:])"  # fmt: skip


async def probe_film(path: Path, limits: Limits | None = None) -> Probe:
    """Look at one file. Raises Refused with every code of its kind in `media.errors`."""
    limits = limits or Limits()
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size - HEAD_BYTES))
        demuxer_of(head, file.read())  # what is plainly no film costs no process
    try:
        ended = await run_child(
            [sys.executable, "-I", "-c", _BOOT, _ROOT, str(path.resolve()), _as_json(limits)],
            _child_limits(limits, size),
            folder=path.parent,
        )
    except Broken:  # a file that keeps the reader busy for ever is the file's fault
        raise Refused("unreadable") from None
    probe = _understand(ended)
    if probe.duration_s > limits.max_duration_s:
        raise Refused("too_long", duration_s=probe.duration_s, limit_s=limits.max_duration_s)
    return probe


def _as_json(limits: Limits) -> str:
    return msgspec.json.encode(asdict(limits)).decode()


def _child_limits(limits: Limits, size: int) -> ChildLimits:
    wall_s = limits.probe_wall_s + size / 20e6  # a slow disk reads 20 MB/s
    return ChildLimits(
        wall_s=wall_s,
        cpu_s=int(wall_s),
        memory_bytes=limits.probe_memory_bytes,
        file_bytes=0,  # it has nothing to write
        open_files=32,
        nice=0,
    )


def _understand(ended: Ended) -> Probe:
    """A child that died of its film has said that the film is unreadable."""
    try:
        answer = msgspec.json.decode(ended.stdout)
    except msgspec.DecodeError:
        raise Refused("unreadable") from None
    if (code := answer.get("refused")) in CODES:
        raise Refused(code, **answer["params"])
    return msgspec.convert(answer["probe"], Probe)
