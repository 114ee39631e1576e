"""Run by path, in its own interpreter: give up rights, then become the command that follows.

`python -I -S confine.py '<json>' command args…`. A process that starts this way, and not by a
hook between fork and exec, leaves the event loop's threads alone. Uses the standard library only.
Keys of the JSON: parent, cpu_s, memory_bytes, file_bytes, open_files, nice, no_network.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def main(rules: dict[str, int | None], command: list[str]) -> None:
    libc = ctypes.CDLL(None)
    if rules["no_network"]:
        # root may simply leave the network; another user needs a namespace of its own, and
        # where the kernel forbids both the demuxer and protocol lists are what holds
        libc.unshare(_CLONE_NEWNET | (_CLONE_NEWUSER if os.geteuid() else 0))
    _limit(resource.RLIMIT_CPU, rules["cpu_s"])
    # data, not address space: threads and codecs reserve far more than they touch
    _limit(resource.RLIMIT_DATA, rules["memory_bytes"])
    _limit(resource.RLIMIT_FSIZE, rules["file_bytes"])
    _limit(resource.RLIMIT_NOFILE, rules["open_files"])
    _limit(resource.RLIMIT_CORE, 0)
    os.nice(rules["nice"] or 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # after every change of credentials, which would clear it; it outlives the exec
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != rules["parent"]:
        sys.exit("the parent is gone already")
    os.execv(command[0], command)  # noqa: S606 - a list, no shell


def _limit(which: int, value: int | None) -> None:
    if value is None:
        return
    hard = resource.getrlimit(which)[1]
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (allowed, allowed))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
