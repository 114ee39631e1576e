"""A coordinator's first page: what needs her, who stands in for her, what was reached and comes."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from rooms import planning
from rooms.attendance import needs, overview
from rooms.attendance.needs import Kind, Need
from rooms.errors import Conflict, Refused
from rooms.people import codes, deputies, programmes
from rooms.people.codes import SchoolYear
from rooms.people.programmes import Programme
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.i18n import N_
from server.pages import next_steps
from server.pages.classes import whole
from server.pages.parts import Part

# So many lines are read on a morning; the rest is one click away.
SHOWN = 40
SCHOOLS_PER_PAGE = 100

# kind: (why it waits, what its one action is called, where that leads).
WORDS: dict[Kind, tuple[str, str, str]] = {
    Kind.TOUR_REVIEW: (N_("A tour to review"), N_("Look and answer"), "/reviews/{id}"),
    Kind.REQUEST: (N_("An invitation without an answer"), N_("Look who waits"), "/requests/{id}"),
    Kind.TEACHER: (N_("A teacher to confirm"), N_("Say yes or no"), "/teachers/confirm"),
    Kind.COMPANY: (N_("A company that asks to join"), N_("Answer"), "/programme/companies"),
    Kind.PRESENTER: (N_("A presenter without vetting"), N_("To the desk"), "/webinars/{id}"),
    Kind.HEADCOUNT: (N_("A headcount not confirmed"), N_("Look and confirm"), "/attendance/{id}"),
    Kind.NO_SHOW: (N_("Nobody came"), N_("Look why"), "/attendance/{id}"),
    Kind.NETWORK: (N_("The network let nothing through"), N_("Look why"), "/attendance/{id}"),
    Kind.RIGHTS: (N_("Rights to a film end"), N_("Look at it"), "/reviews/{id}"),
    Kind.SCHOOL_LIST: (
        N_("A list of schools waits for a yes"),
        N_("Look what it changes"),
        "/programme/schools/lists/{id}",
    ),
}
KINDS: dict[Kind, str] = {
    Kind.TOUR_REVIEW: N_("Tours to review"),
    Kind.REQUEST: N_("Invitations without an answer"),
    Kind.TEACHER: N_("Teachers to confirm"),
    Kind.COMPANY: N_("Companies that ask"),
    Kind.PRESENTER: N_("Presenters without vetting"),
    Kind.HEADCOUNT: N_("Headcounts not confirmed"),
    Kind.NO_SHOW: N_("Classes that did not come"),
    Kind.NETWORK: N_("Networks that let nothing through"),
    Kind.RIGHTS: N_("Rights that end"),
    Kind.SCHOOL_LIST: N_("Lists of schools"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A need with its words. `is_late`: its day is over."""

    need: Need
    why: str
    action: str
    href: str
    is_late: bool


def line(here: Here, need: Need, today: date) -> Line:
    """A need as the page says it."""
    why, action, place = WORDS[need.kind]
    return Line(need, here._(why), here._(action), place.format(id=need.id), need.is_late(today))


async def show(here: Here) -> Response:
    """`GET /needs`, and the first page of who coordinates."""
    return await _page(here)


async def _page(here: Here, problem: Refused | Conflict | None = None, **typed: Any) -> Response:
    async with here.adding_up() as conn:
        programme, today, year = await moment_of(here, conn)
        only = _kind(here.request.query_params.get("kind", ""))
        most = needs.MOST if only else SHOWN
        found = await needs.of(conn, here.scope, programme.zone, here.now, only, most)
        steps = await next_steps.of(conn, here.scope, here.now)
        await planning.anew(conn)
        reached = await overview.reached(conn, here.scope, year.first_day, year.last_day)
        await planning.for_few(conn)
        coming = await overview.planned(conn, here.scope, here.now, today)
        away = await deputies.current(conn, here.scope, today)
        nameable = await deputies.nameable(conn, here.scope)
        choices = await deputies.choices(conn, here.scope) if nameable else []
    return here.page(
        "needs/show.html",
        422 if problem else 200,
        lines=[line(here, one, today) for one in found.needs[:most]],
        more=found.total - most if only is None else 0,
        total=found.total,
        kinds=[(kind, here._(KINDS[kind]), count) for kind, count in found.counts.items()],
        only=only,
        reached=reached,
        year=year.name,
        coming=coming,
        away=away,
        today=today,
        nameable=nameable,
        choices=choices,
        steps=steps,
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
        typed={"away": "", "deputy": "", "from": today, "until": "", **typed},
    )


async def moment_of(here: Here, conn: Connection) -> tuple[Programme, date, SchoolYear]:
    """(the viewer's programme, the day it is there, the school year that day is in)."""
    programme = await programmes.by_id(conn, here.scope.programme_id)
    today = here.now.astimezone(ZoneInfo(programme.zone)).date()
    return (
        programme,
        today,
        codes.school_year_on(today, programme.zone, programme.school_year_starts),
    )


def _kind(typed: str) -> Kind | None:
    try:
        return Kind(typed)
    except ValueError:
        return None


async def see(here: Here) -> Response:
    """`POST /needs/{session_class}/seen`: looked at; it leaves everybody's list."""
    async with here.transaction() as conn:
        await needs.see(conn, here.scope, here.id("session_class"), here.now)
    return here.go("/needs", said="need_seen")


async def schools(here: Here) -> Response:
    """`GET /needs/schools`: which schools were reached this school year (`reached=no`: not)."""
    query = here.request.query_params
    is_reached = query.get("reached", "yes") != "no"
    number = max(whole(query.get("page", "")) or 1, 1)
    first = (number - 1) * SCHOOLS_PER_PAGE
    async with here.transaction() as conn:
        _, today, year = await moment_of(here, conn)
        count, found = await overview.schools(
            conn, here.scope, (year.first_day, year.last_day), today,
            is_reached=is_reached, limit=SCHOOLS_PER_PAGE, offset=first,
        )  # fmt: skip
    if first and not found:
        return here.go(f"/needs/schools?reached={'yes' if is_reached else 'no'}")
    return here.page(
        "needs/schools.html",
        schools=found,
        part=Part(number, first, first + len(found), count),
        is_reached=is_reached,
        year=year.name,
    )


# --- while she is away ---------------------------------------------------------------------------


async def name_deputy(here: Here) -> Response:
    """`POST /needs/deputies`: who does her work, or (`away`) another coordinator's."""
    form = await here.form()
    deputy, days = forms.uuid(form, "deputy"), (forms.day(form, "from"), forms.day(form, "until"))
    away = forms.uuid(form, "away")
    try:
        async with here.transaction() as conn:
            _, today, _ = await moment_of(here, conn)
            await deputies.name(conn, here.scope, deputy, days, today, here.now, away)
    except (Refused, Conflict) as problem:
        return await _page(
            here,
            problem,
            away=away,
            deputy=deputy,
            **{"from": days[0] or "", "until": days[1] or ""},
        )
    return here.go("/needs", said="deputy_named_now")


async def end_deputy(here: Here) -> Response:
    """`POST /needs/deputies/{id}/end`: she is back."""
    async with here.transaction() as conn:
        await deputies.end(conn, here.scope, here.id(), here.now)
    return here.go("/needs", said="deputy_ended")
