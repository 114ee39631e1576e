"""What is kept and how long, and the proof of what was taken away, to be handed over."""

from itertools import groupby

import msgspec
from starlette.responses import Response

from rooms.people import programmes
from rooms.safety import purges
from rooms.safety.kept import KEPT
from server import kept_words
from server.context import Here

# The page has the latest of them; the file has all.
RUNS = 60


async def index(here: Here) -> Response:
    """`GET /keeping`: for everybody."""
    return here.page("keeping/index.html", lines=kept_words.lines(here.language))


async def report(here: Here) -> Response:
    """`GET /keeping/report`: the office's, made to be printed."""
    async with here.transaction() as conn:
        found = await purges.of_programme(conn, here.scope)
        programme = await programmes.by_id(conn, here.scope.programme_id)
    runs = [
        (at, [(here._(kept_words.WHAT.get(one.what, one.what)), one) for one in lines])
        for at, lines in groupby(found, key=lambda one: one.at)
    ]
    return here.page(
        "keeping/report.html",
        runs=runs[::-1][:RUNS],
        zone=programme.zone,
        is_whole=purges.is_whole(found),
        last=found[-1].proof if found else "",
    )


async def file(here: Here) -> Response:
    """`GET /keeping/report.json`: all lines with their proofs, and how to check them."""
    async with here.transaction() as conn:
        found = await purges.of_programme(conn, here.scope)
    document = {
        "version": 1,
        "proof": "sha256 of: proof before it, what, removed, until, at; each with a line feed",
        "is_whole": purges.is_whole(found),
        "kept": {what: period.value for what, period in KEPT.items()},
        "lines": [
            {
                "what": one.what,
                "removed": one.removed,
                "until": purges.text_of(one.until),
                "at": purges.text_of(one.at),
                "proof": one.proof,
            }
            for one in found
        ],
    }
    return Response(
        msgspec.json.format(msgspec.json.encode(document)),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="purges.json"'},
    )
