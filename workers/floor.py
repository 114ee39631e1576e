"""What a worker process holds while it lives."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from media.storage import Storage
from server.config import Settings
from server.database import Pool

HEARTBEAT_LIMIT = timedelta(seconds=20)


@dataclass(slots=True)
class Floor:
    """Settings, connections, storage, a scratch folder of its own, and the wish to stop.

    `stopping` is set when the process was told to end: long work is given back, not finished.
    `heartbeat_limit`: a worker that was silent for so long counts as dead, and its jobs are taken
    over; it bounds no job's length.
    """

    settings: Settings
    pool: Pool
    storage: Storage
    scratch: Path
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    heartbeat_limit: timedelta = HEARTBEAT_LIMIT
