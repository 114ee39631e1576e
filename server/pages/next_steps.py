"""What waits for a signed-in person, by her roles; the first page says it a line each."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rooms.agenda import requests, room_sessions, sessions
from rooms.agenda.requests import Request
from rooms.agenda.room_sessions import Part
from rooms.agenda.sessions import Session
from rooms.connection import Connection
from rooms.people import classes, companies
from rooms.safety import incidents
from rooms.scope import Scope
from rooms.tours import tours
from rooms.tours.states import State

# What a company is to look at first stands first.
TOUR_STATES = (State.RETURNED, State.DRAFT, State.UNPUBLISHED, State.REVIEW, State.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Step:
    """One line: `kind` chooses its words in the template, `count` is how many wait there."""

    kind: str
    href: str
    count: int = 0
    session: Session | Part | None = None


async def of(conn: Connection, scope: Scope, now: datetime) -> list[Step]:
    """The steps of everything this person is here, what presses first. What waits for who
    coordinates stands in a list of its own (`needs.py`)."""
    steps: list[Step] = await _invited(conn, scope)
    if scope.has("teacher"):
        steps += await _teaching(conn, scope, now)
    if scope.has("editor"):
        steps += await _editing(conn, scope)
    if scope.has("safeguarding"):
        new = [one for one in await incidents.of_programme(conn, scope) if one.seen_at is None]
        steps.append(Step("incidents", "/incidents", len(new)))
    if scope.has("presenter", "moderator"):
        steps += [Step("live", "/rooms"), Step("webinars", "/webinars")]
    if scope.has("facilitator") and not scope.has("coordinator", "bureau"):
        steps.append(Step("attendance", "/attendance"))
    if scope.has("bureau", "operator"):
        steps += await _office(conn, scope)
    return steps


async def _invited(conn: Connection, scope: Scope) -> list[Step]:
    """Guest lessons that wait for her answer."""
    if not scope.has("teacher", "editor"):
        return []
    visible = await requests.visible(conn, scope)
    hers = [one for one in visible if one.is_open and requests.is_turn_of(scope, one)]
    return [Step("request_turn", _place(hers), len(hers))] if hers else []


def _place(found: list[Request]) -> str:
    return f"/requests/{found[0].id}" if len(found) == 1 else "/requests"


async def _teaching(conn: Connection, scope: Scope, now: datetime) -> list[Step]:
    in_rooms = [
        Step("in_room", f"/rooms/{one.room_id}?class={one.session_class_id}", session=one)
        for one in await room_sessions.mine(conn, scope, now)
    ]
    today = [
        Step(one.state.value, f"/sessions/{one.id}", session=one)
        for one in await sessions.mine(conn, scope, now)
    ]
    later = [
        Step("coming", f"/sessions/{one.id}", session=one)
        for one in await sessions.coming(conn, scope, now)
    ]
    own = len(await classes.mine(conn, scope))
    return [
        *in_rooms,
        *today,
        *([] if in_rooms or today else [Step("show", "/tours")]),
        *later,
        Step("classes", "/classes" if own else "/classes/new", own),
    ]


async def _editing(conn: Connection, scope: Scope) -> list[Step]:
    """A line per state; a single tour is reached at once."""
    own = await tours.of_company(conn, scope)
    counted = Counter(tour.state for tour in own)
    alone = {tour.state: f"/studio/tours/{tour.id}" for tour in own if counted[tour.state] == 1}
    steps = [
        Step(state.value, alone.get(state, "/studio"), counted[state])
        for state in TOUR_STATES
        if counted[state]
    ]
    return steps or [Step("first_tour", "/studio/tours/new")]


async def _office(conn: Connection, scope: Scope) -> list[Step]:
    """Companies that ask stand in the office's own list; an operator has none."""
    asking = 0
    if not scope.has("bureau"):
        asking = sum(one.state == "asked" for one in await companies.every(conn, scope))
    return [
        *([Step("companies", "/programme/companies", asking)] if asking else []),
        Step("programme", "/programme"),
    ]
