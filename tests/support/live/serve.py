"""A live process alone: `python -m tests.support.live.serve PORT CONTROL ADDRESSES [LIBRARY]`.

What `python -m server live` runs, but for the settings: they come as words, so that one machine
can run it with the compiled loop and without. On SIGUSR1 it logs how many tasks it has.
"""

import asyncio
import logging
import signal
import sys
from pathlib import Path

import uvloop

from media.live import control
from media.live.process import LiveSettings
from server import garbage
from server.supervisor import stop_signals


def tell_tasks() -> None:
    """For whoever looks for leaks."""
    logging.info("tasks: %d", len(asyncio.all_tasks()))


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
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell_tasks)
    async with stop_signals() as stop:
        await control.serve(settings, stop)


logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
garbage.look_seldom()
uvloop.run(main(*sys.argv[1:]))
