"""Our own files as browsers get them: text is packed, once for all.

A pupil's phone comes in over whatever network there is, and nearly all of what a room's page loads
is text of ours. Pages themselves are not packed: they hold what somebody typed beside what only
she may read, and the length of a packed page would tell of both.
"""

import gzip
from functools import lru_cache
from os import PathLike, fspath, stat_result
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

TEXTS = frozenset({".css", ".js", ".mjs", ".json", ".svg"})
# All of our files, and those of a version before.
KEPT = 512
# Below this a packet carries it either way.
WORTH_BYTES = 600
LEVEL = 9


@lru_cache(KEPT)
def packed(path: str, changed_ns: int) -> bytes:
    """The file, packed; `changed_ns`: when it was written last."""
    return gzip.compress(Path(path).read_bytes(), LEVEL, mtime=0)


class PackedFiles(StaticFiles):
    """A folder of our own files; only of what is the same for everybody."""

    def file_response(
        self,
        full_path: PathLike[str] | str,
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """As Starlette's own, packed for whoever takes it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = fspath(full_path)
        if Path(path).suffix not in TEXTS or stat_result.st_size < WORTH_BYTES:
            return response
        response.headers["vary"] = "accept-encoding"
        if not isinstance(response, FileResponse) or not _takes_gzip(Headers(scope=scope)):
            return response
        told = {name: text for name, text in response.headers.items() if name != "content-length"}
        body = packed(path, stat_result.st_mtime_ns)
        return Response(body, status_code, {**told, "content-encoding": "gzip"})


def _takes_gzip(headers: Headers) -> bool:
    """No part of a file that is packed can be asked for: whoever asks for one gets it plain."""
    ways = [one.partition(";") for one in headers.get("accept-encoding", "").split(",")]
    names = {name.strip().lower() for name, _, weight in ways if weight.strip() != "q=0"}
    return "gzip" in names and "range" not in headers
