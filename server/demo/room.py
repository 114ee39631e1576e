"""The demo's live room: open at every start, so that anybody can go live in it and watch."""

from datetime import datetime

from rooms.live import rooms
from rooms.scope import Grant, Scope
from server.database import Connection
from server.demo import cast
from server.demo.told import ProgrammeTold

TITLE = "Live uit de hal waar de bladen gemaakt worden"


async def find_or_open(conn: Connection, told: ProgrammeTold, now: datetime) -> str:
    """The path of the demo's open room; another one is opened when it was closed.

    In the transaction of `people.seed`, whose lock lets two runs take turns.
    """
    editor = next(one for one in told.persons if one.email == cast.EDITOR)
    company = next(one for one in told.companies if one.name == editor.at)
    scope = Scope(told.programme.id, editor.id, (Grant("editor", company_id=company.id),))
    there = [one for one in await rooms.open_ones(conn, scope) if one.title == TITLE]
    found = there[-1] if there else await rooms.open_room(conn, scope, TITLE, company.id, now)
    return f"/rooms/{found.id}"
