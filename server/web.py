"""The web process: serves HTTP until told to stop."""

import gc
from typing import Any

import uvicorn

from rooms.live import protocol
from server.app import make_app
from server.asked import Asked
from server.config import WrongSetting
from server.room_wire import RoomWire

SOCKETS: dict[str, Any] = {
    "ws": RoomWire,
    "ws_max_size": protocol.FRAME_BYTES,
    # a room's frames are a few hundred bytes to thousands of pages: packing costs more
    "ws_per_message_deflate": False,
}

# After so many objects that came and did not go the young ones are looked through for circles, and
# of so many such rounds one looks at older ones. Every event that a thousand pages are told
# reaches the interpreter's own 700: a sixth of all CPU went there.
YOUNG_OBJECTS, ROUNDS = 50_000, 20


def run(asked: Asked) -> int:
    """The verb `web`."""
    settings = asked.settings
    if settings.database_url is None:
        raise WrongSetting("DATABASE_URL", "is not set; `up` brings a database along")
    app = make_app(settings, settings.database_url)
    # What is loaded by now stays: a collection that walks through all of it holds every page up.
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, ROUNDS, ROUNDS)
    uvicorn.run(
        app,
        host=settings.bind,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        **SOCKETS,
        timeout_graceful_shutdown=10,
    )
    return 0
