"""`python -m server VERB`: what one machine runs, and what its operator asks."""

import argparse
import importlib
import os
import sys
from typing import Protocol

from server import garbage, log
from server.asked import Asked, CannotDo
from server.config import WrongSetting, read


class Verb(Protocol):
    """What the module of a verb offers."""

    def run(self, asked: Asked) -> int:
        """Does it; returns the exit code."""


# Verb → the module that does it. Only the chosen one is loaded: `up` must not wait for all.
MODULES = {
    "up": "server.up",
    "web": "server.web",
    "live": "server.live",
    "migrate": "server.migrations",
    "demo": "server.demo.verb",
    "doctor": "server.doctor",
    "backup": "server.backup",
    "restore": "server.restore",
}


def main(arguments: list[str]) -> int:
    """Runs one verb; returns the exit code. What is wrong is said in one sentence."""
    chosen = _parser().parse_args(arguments)
    log.set_up(chosen.verb)
    try:
        with garbage.not_while_loading():
            verb: Verb = importlib.import_module(MODULES[chosen.verb])
        return verb.run(Asked(read(os.environ), chosen, os.environ))
    except (WrongSetting, CannotDo) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="database, web, live and worker together, kept running")
    verbs.add_parser("web", help="the web process alone")
    verbs.add_parser("live", help="the live process alone: picture and sound")
    verbs.add_parser("migrate", help="bring the database to the newest version")
    demo = verbs.add_parser("demo", help="people, classes and a tour to try things with")
    demo.add_argument("--json", action="store_true", help="tell all of it as one JSON document")
    demo.add_argument("--quiet", action="store_true", help="tell nothing")
    demo.add_argument("--yes", action="store_true", help="even where others can reach it")
    verbs.add_parser("doctor", help="look at every part and say what to do")
    backup = verbs.add_parser("backup", help="write the database and a list of all files")
    backup.add_argument("folder", help="a folder that does not exist yet")
    backup.add_argument("--files", action="store_true", help="copy the stored files too")
    restore = verbs.add_parser("restore", help="read a backup back")
    restore.add_argument("folder", help="what `backup` has written")
    restore.add_argument("--replace", action="store_true", help="throw away what is there now")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
