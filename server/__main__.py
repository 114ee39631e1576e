"""`python -m server VERB`: what one machine runs, and what its operator asks."""

import argparse
import asyncio
import os
import sys

import uvicorn

from server import database, log
from server.app import make_app
from server.config import Settings, WrongSetting, read
from server.embedded import EmbeddedError
from server.up import database_of, up


def main(arguments: list[str]) -> int:
    """Runs one verb; returns the exit code. What is wrong is said in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m server")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="database, web and worker together, kept running")
    verbs.add_parser("web", help="the web process alone")
    verbs.add_parser("migrate", help="bring the database to the newest version")
    chosen = parser.parse_args(arguments)
    log.set_up(chosen.verb)
    try:
        return _run(chosen, read(os.environ))
    except (WrongSetting, EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace, settings: Settings) -> int:
    match chosen.verb:
        case "up":
            asyncio.run(up(settings, os.environ))
        case "web":
            web(settings)
        case "migrate":
            asyncio.run(_migrate(settings))
    return 0


async def _migrate(settings: Settings) -> None:
    async with database_of(settings) as dsn:
        await database.migrate(dsn)


def web(settings: Settings) -> None:
    """Serves HTTP and sockets until told to stop."""
    if settings.database_url is None:
        raise WrongSetting("DATABASE_URL", "is not set; `up` brings a database along")
    uvicorn.run(
        make_app(settings, settings.database_url),
        host=settings.bind,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        ws_max_size=65536,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
