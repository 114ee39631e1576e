"""A session: the teacher's page, the classroom screen, the phones, the beats of all of them."""

from dataclasses import replace
from datetime import time
from typing import Any
from uuid import UUID

import msgspec
from starlette.responses import JSONResponse, Response

from rooms.agenda import sessions
from rooms.agenda.sessions import Plan, Session
from rooms.agenda.states import State
from rooms.attendance import keeping, materials, results, seats
from rooms.attendance.beat_collector import Collector
from rooms.attendance.beats import Now, Post
from rooms.attendance.rule import SeatKind
from rooms.attendance.seats import Seat
from rooms.errors import NotThere, Refused, RoomError
from rooms.people import classes, sign_ins
from rooms.people.codes import shown_class_code
from rooms.scope import Scope
from rooms.tours import documents, texts, tours
from server import errors, forms
from server.addresses import own_url, qr_svg, shown
from server.context import Here
from server.database import Connection
from server.pages import film_view
from server.pages.classes import whole
from server.seating import seat_of, seat_or_none, seated, token_in

# A post of 200 beats is far smaller; anything larger is no beat.
LARGEST_POST = 65_536


# --- planning and the teacher's page -----------------------------------------------------------


async def plan_page(here: Here) -> Response:
    """`GET /sessions/new?tour=…`: which class, when, which chapters."""
    return await _plan_page(here, str(here.request.query_params.get("tour", "")))


async def _plan_page(here: Here, tour_id: str, problem: RoomError | None = None) -> Response:
    form = await here.form() if here.request.method == "POST" else None
    async with here.transaction() as conn:
        tour = await _tour(conn, here, tour_id)
        mine = await classes.mine(conn, here.scope)
        film = await film_view.film_of(conn, tour, here.language)
    return here.page(
        "sessions/new.html",
        422 if problem else 200,
        tour=tour,
        classes=mine,
        chapters=film["chapters"] if film else [],
        typed={name: forms.line(form, name) for name in form} if form else {},
        ticked=forms.many(form, "chapters") if form else [],
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


async def _tour(conn: Connection, here: Here, tour_id: str | UUID) -> tours.Tour:
    try:
        wanted = UUID(str(tour_id))
    except ValueError:
        raise NotThere("tour") from None
    row = await conn.fetchrow(
        "select * from tour_rows where programme_id = $1 and id = $2 and state = 'published'",
        here.scope.programme_id,
        wanted,
    )
    if row is None:
        raise NotThere("tour")
    return tours.from_row(row)


async def create(here: Here) -> Response:
    """`POST /sessions`: plans, or shows at once."""
    form = await here.form()
    tour_id, class_id = forms.uuid(form, "tour_id"), forms.uuid(form, "class_id")
    if tour_id is None or class_id is None:
        return await _plan_page(here, forms.line(form, "tour_id"), Refused("plan_class"))
    try:
        async with here.transaction() as conn:
            if form.get("do") == "now":
                session = await sessions.show_now(conn, here.scope, tour_id, class_id, here.now)
            else:
                session = await sessions.plan(
                    conn, here.scope, tour_id, class_id, _plan_of(form), here.now
                )
    except Refused as problem:
        return await _plan_page(here, str(tour_id), problem)
    return here.go(f"/sessions/{session.id}")


def _plan_of(form: Any) -> Plan:
    chapters = [whole(one) for one in forms.many(form, "chapters")]
    return Plan(
        day=forms.day(form, "day"),
        starts=_time(forms.line(form, "starts")),
        ends=_time(forms.line(form, "ends")),
        home_until=forms.day(form, "home_until"),
        chapters=tuple(one for one in chapters if one is not None and one > 0),
    )


def _time(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed).replace(second=0, tzinfo=None) if typed else None
    except ValueError:
        raise Refused("plan_times") from None


async def show(here: Here) -> Response:
    """`GET /sessions/{id}`: what a teacher needs in her hand during the lesson."""
    return await _teachers_page(here)


async def _teachers_page(here: Here, problem: RoomError | None = None) -> Response:
    async with here.transaction() as conn:
        session = await _titled(conn, here, await sessions.get(conn, here.scope, here.id()))
        room = await seats.here_now(conn, here.scope, session.session_class_id, here.now)
        result = results.judge(await materials.one(conn, session.session_class_id))
        code, link_token = await classes.of_session(conn, session.programme_id, session.class_id)
        chapters = (await _film(conn, here, session))["chapters"]
    form = await here.form() if problem else None
    link = f"{own_url(here)}/j/{link_token}"
    return here.page(
        "sessions/show.html",
        422 if problem else 200,
        chapters=chapters,
        typed={name: forms.line(form, name) for name in form} if form else plan_typed(session),
        ticked=forms.many(form, "chapters") if form else session.chapters,
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
        session=session,
        room=room,
        result=result,
        code=shown_class_code(code),
        qr=qr_svg(link),
        screen_at=shown(f"{own_url(here)}/screen"),
    )


async def now(here: Here) -> Response:
    """`GET /sessions/{id}/now`: the counts, for the teacher's page to keep itself fresh."""
    async with here.transaction() as conn:
        session = await sessions.get(conn, here.scope, here.id())
        room = await seats.here_now(conn, here.scope, session.session_class_id, here.now)
    return JSONResponse(
        {
            "state": session.state.value,
            "phones": room.phones,
            "waiting": room.waiting,
            "has_beamer": room.has_beamer,
            "is_playing": session.is_playing,
            "position_ms": session.position_ms,
            "headcount": session.confirmed or session.declared,
        }
    )


async def start(here: Here) -> Response:
    """`POST /sessions/{id}/start`: shows what was planned."""
    async with here.transaction() as conn:
        session = await sessions.start(conn, here.scope, here.id(), here.now)
    return here.go(f"/sessions/{session.id}")


async def end(here: Here) -> Response:
    """`POST /sessions/{id}/end`: over, in class and at home."""
    async with here.transaction() as conn:
        session = await sessions.end(conn, here.scope, here.id(), here.now)
        await keeping.close_session(conn, session.session_class_id, here.now)
        await sign_ins.end_of_session(conn, session.id, here.now)
    return here.go(f"/sessions/{session.id}", said="session_ended")


async def cancel(here: Here) -> Response:
    """`POST /sessions/{id}/cancel`: a plan that will not take place."""
    async with here.transaction() as conn:
        session = await sessions.get(conn, here.scope, here.id())
        await sessions.cancel(conn, here.scope, session.id)
    return here.go(f"/classes/{session.class_id}", said="session_cancelled")


async def change(here: Here) -> Response:
    """`POST /sessions/{id}/plan`: how long it stays open at home, and before it runs the rest."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            session = await sessions.get(conn, here.scope, here.id())
            wish = _plan_of(form)
            if session.state is not State.PLANNED:
                wish = replace(kept_plan(session), home_until=wish.home_until)
            await sessions.change(conn, here.scope, session.id, wish, here.now)
    except Refused as problem:
        return await _teachers_page(here, problem)
    return here.go(f"/sessions/{here.id()}", said="saved")


def plan_typed(session: Session) -> dict[str, str]:
    """A session's plan as its form's fields hold it."""
    starts, _, ends = session.period.partition("-")
    return {
        "day": str(session.planned_on or ""),
        "starts": starts,
        "ends": ends,
        "home_until": str(session.home_day or ""),
    }


def kept_plan(session: Session) -> Plan:
    """A session's plan as it stands."""
    first, _, last = session.period.partition("-")
    return Plan(
        day=session.planned_on,
        starts=time.fromisoformat(first) if first else None,
        ends=time.fromisoformat(last) if last else None,
        chapters=session.chapters,
    )


async def headcount(here: Here) -> Response:
    """`POST /sessions/{id}/headcount` by the teacher: declared while it runs, confirmed after."""
    pupils = whole(forms.line(await here.form(), "pupils"))
    async with here.transaction() as conn:
        session = await sessions.get(conn, here.scope, here.id())
        await _count(here, conn, session, -1 if pupils is None else pupils, here.person.person_id)
    return here.go(f"/sessions/{session.id}", said="headcount_kept")


async def _count(
    here: Here, conn: Connection, session: Session, pupils: int, by: UUID | None
) -> None:
    if session.state is State.ENDED:
        await sessions.confirm(
            conn, session.programme_id, session.session_class_id, pupils, by, here.now
        )
        await results.rebuild(conn, session.session_class_id, here.now)
    else:
        await sessions.declare(
            conn, session.programme_id, session.session_class_id, pupils, here.now
        )


async def let_in(here: Here) -> Response:
    """`POST /sessions/{id}/waiting`: yes or no to the phones beyond the headcount."""
    form = await here.form()
    async with here.transaction() as conn:
        session = await sessions.get(conn, here.scope, here.id())
        if form.get("do") == "no":
            await seats.turn_away(conn, here.scope, session.session_class_id, here.now)
        else:
            await seats.let_in(conn, here.scope, session.session_class_id)
    return here.go(f"/sessions/{session.id}")


async def declare_showing(here: Here) -> Response:
    """`POST /sessions/{id}/showing`: the network never returned; said with a reason."""
    reason = forms.line(await here.form(), "reason")
    async with here.transaction() as conn:
        session = await sessions.declare_showing(conn, here.scope, here.id(), reason, here.now)
        await results.rebuild(conn, session.session_class_id, here.now)
    return here.go(f"/attendance/{session.session_class_id}", said="showing_declared")


# --- the classroom screen ----------------------------------------------------------------------


async def beamer(here: Here) -> Response:
    """`GET /sessions/{id}/beamer`: the classroom screen, or the button that makes this PC one."""
    async with here.transaction() as conn:
        seat = await seat_or_none(here, conn, here.id())
        if seat is None or seat.kind is not SeatKind.BEAMER:
            if here.viewer is None:
                return here.go(f"/sign-in?next={here.request.url.path}")
            session = await _titled(conn, here, await _of_screen(here, conn))
            return here.page("sessions/claim.html", session=session)
        session = await _shown(conn, here, seat)
        film = await _film(conn, here, session)
        code, link_token = await classes.of_session(conn, session.programme_id, session.class_id)
    link = f"{own_url(here)}/j/{link_token}"
    return here.page(
        "sessions/beamer.html",
        session=session,
        film=film,
        code=(code[:3], code[3:]),
        qr=qr_svg(link),
        join_at=shown(f"{own_url(here)}/join"),
    )


async def _of_screen(here: Here, conn: Connection) -> Session:
    """The session as its teacher sees it, or as the classroom screen she let in for it."""
    viewer = here.person
    if viewer.kind == "classroom":
        if viewer.session_id != here.id():
            raise NotThere("session")
        return await sessions.shown(conn, viewer.scope.programme_id, here.id())
    return await sessions.get(conn, here.scope, here.id())


async def claim(here: Here) -> Response:
    """`POST /sessions/{id}/beamer`: this PC becomes the screen; the one before hands over."""
    async with here.transaction() as conn:
        session = await _of_screen(here, conn)
        key = (session.programme_id, session.session_class_id)
        _, token = await seats.become_beamer(
            conn, *key, token_in(here.request), here.now, here.person.classroom_sign_in
        )
    response = here.go(f"/sessions/{session.id}/beamer")
    return seated(here, response, f"/sessions/{session.id}", token)


async def declare(here: Here) -> Response:
    """`POST /sessions/{id}/declare` by the screen: "Start: 28 pupils", or the count at the end."""
    said = await json_of(here, Said)
    async with here.transaction() as conn:
        session = await _of_beamer_seat(here, conn)
        if said.is_end:
            await sessions.confirm(
                conn, session.programme_id, session.session_class_id, said.pupils, None, here.now
            )
            await results.rebuild(conn, session.session_class_id, here.now)
        else:
            await sessions.start_by_screen(conn, session.programme_id, session.id, here.now)
            await sessions.declare(
                conn, session.programme_id, session.session_class_id, said.pupils, here.now
            )
    return JSONResponse({"headcount": said.pupils})


class Said(msgspec.Struct, frozen=True):
    """The number of pupils as the screen tells it, at the start or at the end."""

    pupils: int
    is_end: bool = False


async def _of_beamer_seat(here: Here, conn: Connection) -> Session:
    seat = await seat_of(here, conn, here.id())
    if seat.kind is not SeatKind.BEAMER:
        raise NotThere("seat")
    return await sessions.shown(conn, seat.programme_id, seat.session_id)


async def finish(here: Here) -> Response:
    """`POST /sessions/{id}/finish` by the screen: the lesson is over; at home it may go on."""
    async with here.transaction() as conn:
        session = await _of_beamer_seat(here, conn)
        if session.home_until is None or session.home_until <= here.now:
            await sessions.end_by_screen(conn, session.id, here.now)
            await keeping.close_session(conn, session.session_class_id, here.now)
        await sign_ins.end_of_session(conn, session.id, here.now)
    return JSONResponse({"state": "ended"})


# --- phones ------------------------------------------------------------------------------------


async def phone(here: Here) -> Response:
    """`GET /sessions/{id}/phone`: beside the screen, or the film itself where there is none."""
    async with here.transaction() as conn:
        seat = await seat_or_none(here, conn, here.id())
        if seat is None:
            return here.go("/join", said="seat_needed")
        if seat.kind is SeatKind.BEAMER:
            return here.go(f"/sessions/{here.id()}/beamer")
        session = await _shown(conn, here, seat)
        film = await _film(conn, here, session)
        papers = await documents.of_tour(conn, Scope(session.programme_id), session.tour_id)
        has_beamer = await seats.has_beamer(conn, seat)
    return here.page(
        "sessions/phone.html",
        session=session,
        seat=seat,
        film=film,
        has_beamer=has_beamer,
        worksheets=[paper for paper in papers if paper.kind == "worksheet"],
    )


async def watch(here: Here) -> Response:
    """`POST /sessions/{id}/watch`: the film on this phone, or no more."""
    form = await here.form()
    async with here.transaction() as conn:
        seat = await seat_of(here, conn, here.id())
        await seats.watch_here(conn, seat, form.get("here") == "1")
    return here.go(f"/sessions/{here.id()}/phone")


async def _shown(conn: Connection, here: Here, seat: Seat) -> Session:
    """The seat's session, as the device in it reads it."""
    session = await sessions.shown(conn, seat.programme_id, seat.session_id)
    return await _titled(conn, here, session)


async def _titled(conn: Connection, here: Here, session: Session) -> Session:
    """The session under the tour's title in the reader's language, where there is one."""
    written = await texts.of_tour(conn, Scope(session.programme_id), session.tour_id)
    text = written.get(here.language)
    return replace(session, title=text.title) if text and text.title else session


async def _film(conn: Connection, here: Here, session: Session) -> dict[str, Any]:
    """The player's film as this session shows it: its own version, its own place.

    Raises `Conflict` `tour_not_shown` while the session is open and may not show it any more.
    """
    row = await conn.fetchrow(
        "select * from tour_rows where programme_id = $1 and id = $2",
        session.programme_id,
        session.tour_id,
    )
    if row is None:
        raise NotThere("tour")
    version = session.version_id
    if session.state in (State.PLANNED, State.RUNNING):
        version = await sessions.version_shown(conn, session, here.now)
    tour = tours.from_row(row)
    if session.state is not State.PLANNED:
        tour = replace(tour, version_id=version, duration_ms=session.film_ms)
    film = await film_view.film_of(conn, tour, here.language)
    assert film is not None
    # Not the film's stable address: a film put in its place since was not chosen for this lesson.
    master = f"/videos/{session.video_id}/{version}/master.m3u8"
    return {**film, "master_url": master, "position_key": ""}


# --- beats -------------------------------------------------------------------------------------


async def beats(here: Here) -> Response:
    """`POST /sessions/{id}/beats`: answered when the beats are committed."""
    token = token_in(here.request)
    if not token:
        raise NotThere("seat")
    post = await json_of(here, Post)
    collector: Collector = here.floor.rooms["beats"]
    told = await collector.take(token, here.id(), post)
    return JSONResponse(_told(told))


def _told(told: Now) -> dict[str, Any]:
    return {
        "state": told.state,
        "kind": told.kind,
        "is_waiting": told.is_waiting,
        "has_beamer": told.has_beamer,
        "is_playing": told.is_playing,
        "position_ms": told.position_ms,
        "headcount": told.headcount,
        "phones": told.phones,
        "waiting": told.waiting,
        "unplaced": [str(connection) for connection in told.unplaced],
    }


async def json_of(here: Here, shape: type[Any]) -> Any:
    """The body as `shape`; refused as `bad_form` when it is anything else."""
    body = b""
    async for chunk in here.request.stream():
        body += chunk
        if len(body) > LARGEST_POST:
            raise Refused("bad_form")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("bad_form") from None
