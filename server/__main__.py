"""`python -m server VERB`: web, migrate."""

import argparse
import asyncio
import sys

import uvicorn

from server import database, log
from server.app import make_app
from server.config import Settings, WrongSetting, read_environment


def main(arguments: list[str]) -> int:
    """Runs one verb; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m server", description=__doc__)
    parser.add_argument("verb", choices=["web", "migrate"])
    chosen = parser.parse_args(arguments)
    try:
        settings = read_environment()
    except WrongSetting as error:
        print(error, file=sys.stderr)
        return 2
    log.set_up(chosen.verb)
    if chosen.verb == "migrate":
        asyncio.run(database.migrate(_dsn(settings)))
    else:
        web(settings, _dsn(settings))
    return 0


def _dsn(settings: Settings) -> str:
    if settings.database_url is None:
        raise SystemExit("DATABASE_URL is not set; `python -m server up` brings a database along.")
    return settings.database_url


def web(settings: Settings, dsn: str) -> None:
    """Serves HTTP and sockets until told to stop."""
    uvicorn.run(
        make_app(settings, dsn),
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
