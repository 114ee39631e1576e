"""Which test files begin, and which never run at once, when several workers share the suite."""

from collections.abc import Iterable

import pytest
from xdist.scheduler import LoadScopeScheduling

# They measure a live process by the clock: one after another, so that none disturbs the next.
TIMED = (
    "tests/house/test_bench_live_small.py",
    "tests/media/live/test_hostile.py",
    "tests/media/live/test_cable.py",
    "tests/media/live/test_peers.py",
    "tests/flows/test_live_web.py",
)
# The longest of the others, longest first: begun last, one worker would end long after the rest.
LONG = (
    "tests/browser/test_every_page.py",
    "tests/workers/test_queue.py",
    "tests/browser/test_live_room.py",
    "tests/browser/test_lesson.py",
    "tests/flows/test_tour.py",
    "tests/flows/test_lesson.py",
    "tests/flows/test_other_backends.py",
    "tests/browser/test_player.py",
    "tests/server/test_embedded.py",
    "tests/server/demo/test_demo.py",
    "tests/server/test_migration_killed.py",
    "tests/server/test_uploads.py",
    "tests/house/test_doors.py",
    "tests/house/test_hostile_words.py",
    "tests/server/pages/test_screens.py",
    "tests/server/test_uploads_sockets.py",
    "tests/server/test_up.py",
    "tests/flows/test_server_killed.py",
    "tests/media/test_samples.py",
    "tests/workers/test_transcode.py",
    "tests/workers/test_bad_samples.py",
    "tests/workers/test_spreadsheets.py",
    "tests/workers/test_heartbeat.py",
    "tests/workers/test_sweep.py",
)
FIRST = {file: rank for rank, file in enumerate((LONG[0], *TIMED, *LONG[1:]))}


def file_of(nodeid: str) -> str:
    """The test file as the suite's root sees it."""
    return nodeid.split("::", 1)[0]


def long_ones_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """All tests, each file's together and in its own order."""
    return sorted(items, key=lambda item: FIRST.get(file_of(item.nodeid), len(FIRST)))


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file is one worker's, so that what it sets up is set up once; all timed ones are one's."""

    def _split_scope(self, nodeid: str) -> str:
        file = file_of(nodeid)
        return "timed" if file in TIMED else file
