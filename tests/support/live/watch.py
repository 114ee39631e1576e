"""A viewer as a process: `python -m tests.support.live.watch CONTROL ROOM OVER`.

Says what it got, ten times a second, one JSON object per line, until its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

from tests.support.live.control import Control
from tests.support.live.viewer import Viewer


async def main(socket: str, room: str, over: str) -> None:
    """Watches and tells."""
    control = await Control.connect(Path(socket))
    viewer = Viewer()
    await viewer.connect(control.viewer(UUID(room), 1, uuid4()), over=over)
    telling = asyncio.create_task(_tell(viewer))
    await asyncio.to_thread(sys.stdin.read)
    telling.cancel()
    await viewer.close()
    await control.close()


async def _tell(viewer: Viewer) -> None:
    with contextlib.suppress(BrokenPipeError):
        while True:
            silent_s = time.monotonic() - viewer.newest if viewer.newest else 0.0
            told = {"packets": viewer.packets, "silent_s": silent_s}
            print(json.dumps(told), flush=True)
            viewer.report()
            await asyncio.sleep(0.1)


asyncio.run(main(*sys.argv[1:]))
