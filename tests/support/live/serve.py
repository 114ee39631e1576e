"""A live process alone: `python -m tests.support.live.serve PORT CONTROL ADDRESSES [LIBRARY]`.

What `python -m server live` runs, but for the settings: they come as words, so that one machine
can run it with the compiled loop and without.
"""

import logging
import sys
from pathlib import Path

import uvloop

from media.live import control
from media.live.process import LiveSettings
from server.supervisor import stop_signals


async def main(port: str, socket: str, addresses: str, library: str = "") -> None:
    """Serves until SIGTERM."""
    told = tuple(addresses.split(","))
    settings = LiveSettings(
        hosts=told,
        port=int(port),
        addresses=told,
        control=Path(socket),
        library=Path(library) if library else None,
    )
    async with stop_signals() as stop:
        await control.serve(settings, stop)


logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
uvloop.run(main(*sys.argv[1:]))
