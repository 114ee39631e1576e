"""The ground every server test stands on: a database of its own, an app, and clients in it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from server import database
from server.app import make_app
from server.config import Settings
from tests.support.databases import lent_pool


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        """Moves the time on: `clock.move(seconds=15)`."""
        self.moment += timedelta(**by)


def settings_in(home: Path, **changes: Any) -> Settings:
    """Settings of a test installation under `home`."""
    values: dict[str, Any] = {
        "home": home,
        "url": "http://testserver",
        "bind": "127.0.0.1",
        "port": 8000,
        "secret": b"a-secret-of-the-tests-32-characters-long",
        "database_url": None,
        "storage_url": (home / "storage").as_uri(),
        "mail_url": None,
    }
    return Settings(**{**values, **changes})


@dataclass
class House:
    """A running app (without a socket), its database and its clock."""

    app: Starlette
    settings: Settings
    dsn: str
    pool: database.Pool
    clock: Clock

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A browser of its own: cookies are kept, redirects are not followed."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://testserver", **options)


@asynccontextmanager
async def house(
    dsn: str, home: Path, clock: Callable[[], datetime], **changes: Any
) -> AsyncIterator[House]:
    """Starts the app on `dsn` with its lifespan."""
    settings = settings_in(home, **changes)
    app = make_app(settings, dsn, clock, lent_pool)
    async with app.router.lifespan_context(app):
        assert isinstance(clock, Clock)
        yield House(app, settings, dsn, app.state.floor.pool, clock)
