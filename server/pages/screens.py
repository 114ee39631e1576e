"""A classroom screen that waits for its teacher: it shows a number, she types it on her phone."""

from datetime import timedelta

from starlette.responses import JSONResponse, RedirectResponse, Response

from rooms.agenda import room_sessions, screens, sessions
from rooms.agenda.room_sessions import Part
from rooms.agenda.screens import Screen
from rooms.agenda.sessions import Session
from rooms.attendance import seats
from rooms.errors import NotThere, Refused
from rooms.people import sign_ins
from server import auth, errors, forms, throttle
from server.addresses import own_url, qr_svg
from server.arrival import device_of
from server.context import Here
from server.database import Connection
from server.seating import seated

COOKIE = "screen"


async def show(here: Here) -> Response:
    """`GET /screen`: the number and a QR code with its link; the page then asks how it stands."""
    async with here.transaction() as conn:
        network = throttle.address_of(here.request)
        if not await throttle.take(conn, here.settings, "screens", network, here.now):
            raise Refused("throttled")
        made = await screens.wait(conn, here.now)
    link = f"{own_url(here)}/screen/{made.link}"
    response = here.page("screens/show.html", number=made.number, link=link, qr=qr_svg(link))
    response.set_cookie(
        COOKIE,
        made.token,
        max_age=int(screens.WAITS.total_seconds()),
        path="/screen",
        secure=here.settings.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


async def ask(here: Here) -> Response:
    """`POST /screen/ask`: once the teacher has confirmed, this PC becomes the class's screen."""
    async with here.transaction() as conn:
        found = await screens.by_token(conn, here.request.cookies.get(COOKIE, ""), here.now)
        if found is None:
            return JSONResponse({"state": "over"})
        if not _is_confirmed(found):
            return JSONResponse({"state": "waiting"})
        assert found.confirmed_by and found.programme_id and found.session_class_id
        sign_in = await sign_ins.start(
            conn,
            found.confirmed_by,
            now=here.now,
            kind="classroom",
            programme_id=found.programme_id,
            session_id=found.session_id,
            device=device_of(here.request),
        )
        sign_in_id = await sign_ins.id_of(conn, sign_in)
        _, token = await seats.become_beamer(
            conn, found.programme_id, found.session_class_id, None, here.now, sign_in_id
        )
        await screens.use_up(conn, found.id, sign_in_id, here.now)
    place = f"/rooms/{found.room_id}" if found.room_id else f"/sessions/{found.session_id}"
    response = JSONResponse({"state": "go", "go": f"{place}/beamer"})
    seated(here, response, place, token)
    _sign_in(here, response, sign_in)
    response.delete_cookie(COOKIE, path="/screen")
    return response


def _is_confirmed(screen: Screen) -> bool:
    return None not in (screen.confirmed_by, screen.programme_id, screen.session_class_id)


def _sign_in(here: Here, response: Response, token: str) -> None:
    response.set_cookie(
        auth.COOKIE,
        token,
        max_age=int(timedelta(hours=4).total_seconds()),
        path="/",
        secure=here.settings.is_secure,
        httponly=True,
        samesite="lax",
    )


async def confirm_page(here: Here) -> Response:
    """`GET /screen/{token}`: on the teacher's phone: which session, and the number she sees."""
    if here.viewer is None:
        return RedirectResponse(f"/sign-in?next={here.request.url.path}", 303)
    return await _confirm_page(here)


async def _confirm_page(here: Here, text: str = "", status: int = 200) -> Response:
    link = str(here.request.path_params["token"])
    async with here.transaction() as conn:
        if await screens.by_link(conn, link, here.now) is None:
            raise NotThere("screen")
        offered = await _offered(here, conn)
    return here.page("screens/confirm.html", status, offered=offered, text=text)


async def _offered(here: Here, conn: Connection) -> list[Session | Part]:
    """What a screen can show now: live rooms of her classes, what runs, what is planned today."""
    return [
        *await room_sessions.mine(conn, here.scope, here.now),
        *await sessions.mine(conn, here.scope, here.now),
    ]


async def confirm(here: Here) -> Response:
    """`POST /screen/{token}`."""
    form = await here.form()
    wanted = forms.uuid(form, "session_class_id")
    if wanted is None:
        return await _confirm_page(here, errors.sentence(here.language, "screen_session", {}), 422)
    link = str(here.request.path_params["token"])
    async with here.transaction() as conn:
        offered = {one.session_class_id: one for one in await _offered(here, conn)}
        if wanted not in offered:
            raise NotThere("session")
        is_right = await screens.confirm(
            conn, here.scope, link, forms.line(form, "number"), wanted, here.now
        )
    if not is_right:
        return await _confirm_page(here, errors.sentence(here.language, "screen_number", {}), 422)
    return here.go(_teachers_page(offered[wanted]), said="screen_confirmed")


def _teachers_page(one: Session | Part) -> str:
    return f"/rooms/{one.room_id}" if isinstance(one, Part) else f"/sessions/{one.id}"
