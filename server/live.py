"""The live process: reads its settings and lets `media.live` serve them."""

import sys
from pathlib import Path

from media.live import control
from media.live.process import LiveSettings
from server import garbage
from server.asked import Asked, CannotDo
from server.config import Settings
from server.ports import live_hosts
from server.supervisor import stop_signals

if sys.platform == "win32":  # uvloop is not there
    from asyncio import run as run_loop
else:
    from uvloop import run as run_loop

# Where set-up puts the compiled inner loop of the fan-out, if the machine can compile.
LIBRARY = Path(control.__file__).parent / "built" / "fanout.so"


def run(asked: Asked) -> int:
    """The verb `live`: runs until SIGTERM, SIGINT or a closed terminal."""
    garbage.look_seldom()
    run_loop(_live(asked.settings))
    return 0


async def _live(settings: Settings) -> None:
    wanted = live_settings(settings)
    async with stop_signals() as stop:
        try:
            await control.serve(wanted, stop)
        except OSError as error:
            raise CannotDo(
                "live_port", f"The live process cannot listen on port {wanted.port}: {error}"
            ) from error


def live_settings(settings: Settings) -> LiveSettings:
    """What `media.live` is told of the settings."""
    addresses = settings.live_addresses
    return LiveSettings(
        hosts=live_hosts(addresses),
        port=settings.live_port,
        addresses=addresses,
        control=control.address_for(settings.home, settings.live_port),
        library=LIBRARY if LIBRARY.exists() else None,
    )
