"""A teacher's classes: the code, today's session, who taught what, attendance."""

from uuid import UUID

from starlette.responses import Response

from rooms.agenda import registrations, room_sessions, sessions
from rooms.agenda.room_sessions import Part
from rooms.agenda.sessions import Session
from rooms.agenda.states import State
from rooms.attendance import report
from rooms.errors import Refused
from rooms.people import classes
from rooms.people.classes import Class
from server import errors, forms
from server.addresses import own_url, qr_svg, shown
from server.context import Here
from server.pages.attendance_words import table_words
from server.pages.tour_words import LEVELS
from server.pages.webinars import shown as webinar_shown


async def index(here: Here) -> Response:
    """`GET /classes`."""
    async with here.transaction() as conn:
        found = await classes.mine(conn, here.scope)
        live = await room_sessions.mine(conn, here.scope, here.now)
        today = await sessions.mine(conn, here.scope, here.now)
    now: list[Session | Part] = [*reversed(today), *reversed(live)]
    by_class = {one.class_id: one for one in now}
    return here.page("classes/index.html", classes=found, now_by_class=by_class)


async def new(here: Here) -> Response:
    """`GET /classes/new`."""
    return await _form(here)


async def _form(here: Here, problem: Refused | None = None, status: int = 200) -> Response:
    async with here.transaction() as conn:
        schools = await classes.schools_taught(conn, here.scope)
        levels = await classes.levels(conn, here.scope)
    form = await here.form() if here.request.method == "POST" else {}
    return here.page(
        "classes/new.html",
        status,
        schools=schools,
        levels=[(level, here._(LEVELS.get(level, level))) for level in levels],
        levels_of={str(key): classes.offered(levels, there) for key, _, there in schools},
        typed={str(name): str(value) for name, value in form.items()},
        problem=problem.code if problem else "",
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


async def create(here: Here) -> Response:
    """`POST /classes`."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            made = await classes.create(
                conn,
                here.scope,
                forms.uuid(form, "school_id") or UUID(int=0),
                forms.line(form, "name"),
                forms.line(form, "level"),
                whole(forms.line(form, "grade")),
                forms.line(form, "subject"),
                whole(forms.line(form, "pupils")),
                here.now,
            )
    except Refused as problem:
        return await _form(here, problem, 422)
    return here.go(f"/classes/{made.id}", said="class_made")


def whole(typed: str) -> int | None:
    """A whole number as typed, None for an empty field, -1 for anything else."""
    if not typed:
        return None
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else -1


async def show(here: Here) -> Response:
    """`GET /classes/{id}`: the code large, what runs, what was."""
    async with here.transaction() as conn:
        found = await classes.get(conn, here.scope, here.id())
        teachers = await classes.teachers(conn, here.scope, found.id)
        all_sessions = await sessions.of_class(conn, here.scope, found.id)
        live = await room_sessions.of_class(conn, here.scope, found.id)
        rows = await report.of_class(conn, here.scope, found.id, here.now)
        coming = await registrations.coming(conn, here.scope, here.now)
    return here.page(
        "classes/show.html",
        found=found,
        teachers=teachers,
        live=[one for one in live if one.is_on],
        running=[one for one in all_sessions if one.state is State.RUNNING],
        webinars=[
            (one.registration, webinar_shown(here, one.webinar))
            for one in coming
            if one.registration.class_id == found.id
        ],
        planned=[one for one in reversed(all_sessions) if one.state is State.PLANNED],
        rows=rows,
        door=_door(here, found),
        **table_words(here.language),
    )


def _door(here: Here, found: Class) -> dict[str, str]:
    link = f"{own_url(here)}/j/{found.link_token}"
    return {"link": link, "qr": qr_svg(link), "join_at": shown(f"{own_url(here)}/join")}


async def new_code(here: Here) -> Response:
    """`POST /classes/{id}/code`: the old code and link stop at once."""
    async with here.transaction() as conn:
        found = await classes.new_code(conn, here.scope, here.id())
    return here.go(f"/classes/{found.id}", said="class_code_new")


async def invite(here: Here) -> Response:
    """`POST /classes/{id}/invites`: a link for one colleague, shown once."""
    form = await here.form()
    kind = "hand_over" if form.get("kind") == "hand_over" else "share"
    async with here.transaction() as conn:
        found = await classes.get(conn, here.scope, here.id())
        token = await classes.invite(conn, here.scope, found.id, kind, here.now)
    link = f"{own_url(here)}/classes/invited/{token}"
    return here.page("classes/invite.html", found=found, link=link, kind=kind)
