"""A classroom screen that waits for its teacher: it shows a number, she types it on her phone."""

from datetime import timedelta

from starlette.responses import JSONResponse, RedirectResponse, Response

from rooms.agenda import screens, sessions
from rooms.attendance import seats
from rooms.errors import NotThere, Refused
from rooms.people import sign_ins
from server import auth, errors, forms, throttle
from server.addresses import own_url, qr_svg
from server.context import Here
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
        if found.session_id is None or found.confirmed_by is None or found.programme_id is None:
            return JSONResponse({"state": "waiting"})
        sign_in = await sign_ins.start(
            conn,
            found.confirmed_by,
            now=here.now,
            kind="classroom",
            programme_id=found.programme_id,
            session_id=found.session_id,
        )
        _, token = await seats.become_beamer(
            conn, found.programme_id, found.session_id, None, here.now
        )
        await screens.use_up(conn, found.id, await sign_ins.id_of(conn, sign_in), here.now)
    go = f"/sessions/{found.session_id}/beamer"
    response = seated(here, JSONResponse({"state": "go", "go": go}), found.session_id, token)
    _sign_in(here, response, sign_in)
    response.delete_cookie(COOKIE, path="/screen")
    return response


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
        offered = await sessions.mine(conn, here.scope, here.now)
    return here.page("screens/confirm.html", status, offered=offered, text=text)


async def confirm(here: Here) -> Response:
    """`POST /screen/{token}`."""
    form = await here.form()
    session_id = forms.uuid(form, "session_id")
    if session_id is None:
        return await _confirm_page(here, errors.sentence(here.language, "screen_session", {}), 422)
    link = str(here.request.path_params["token"])
    async with here.transaction() as conn:
        session = await sessions.get(conn, here.scope, session_id)
        is_right = await screens.confirm(
            conn, here.scope, link, forms.line(form, "number"), session.id, here.now
        )
    if not is_right:
        return await _confirm_page(here, errors.sentence(here.language, "screen_number", {}), 422)
    return here.go(f"/sessions/{session_id}", said="screen_confirmed")
