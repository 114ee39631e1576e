"""Captioners of a webinar: asked at its desk, and their own page in the room, by a link alone."""

from starlette.responses import Response

from rooms.agenda import captioners, webinars
from rooms.agenda.captioners import Captioner
from rooms.agenda.webinars import Webinar
from rooms.errors import NotThere, Refused
from rooms.live import captions, on_air, rooms
from rooms.scope import Scope
from server import captioning, forms, link_mails, room_orders
from server.context import Here
from server.database import Connection
from server.pages import tour_words
from server.pages.room_studio import end_watching
from server.pages.rooms import shown_in
from server.pages.webinar_desk import desk_page, worked_on
from server.pages.webinars import shown

# --- at the desk ---------------------------------------------------------------------------------


async def invite(here: Here) -> Response:
    """`POST /webinars/{id}/captioners`: mails the link; no account is needed for it."""
    form = await here.form()
    language = forms.line(form, "caption_language")
    try:
        async with here.transaction() as conn:
            webinar = await worked_on(here, conn)
            if language not in tour_words.LANGUAGES:
                raise Refused("bad_form")
            email, name = forms.line(form, "captioner_email"), forms.line(form, "captioner_name")
            made, token = await captioners.invite(
                conn, here.scope, webinar.id, email, name, language, here.now
            )
            link = f"/webinars/captions/{token}"
            await link_mails.send(here, conn, "captioner_invited", webinar, made.email, link)
    except Refused as problem:
        return await desk_page(here, problem)
    return here.go(f"/webinars/{webinar.id}", said="captioner_invited")


async def remove(here: Here) -> Response:
    """`POST /webinars/{id}/captioners/{captioner}/remove`: she types and sees nothing more."""
    async with here.transaction() as conn:
        webinar = await worked_on(here, conn)
        captioner_id = here.id("captioner")
        room_id = await captioners.remove(conn, here.scope, webinar.id, captioner_id, here.now)
        room = None
        if room_id is not None:
            await captions.tell_removed(conn, room_id, captioner_id)
            room = await rooms.shown(conn, webinar.programme_id, room_id)
    if room is not None and room.is_open:
        await end_watching(here, room, room_orders.of_captioner(captioner_id))
    return here.go(f"/webinars/{webinar.id}", said="captioner_taken_off")


# --- her own pages -------------------------------------------------------------------------------


async def show(here: Here) -> Response:
    """`GET /webinars/captions/{token}`: what she is asked for, and the way in."""
    async with here.transaction() as conn:
        captioner, webinar = await _asked(here, conn)
        room = await _open_room(conn, captioner)
    return here.page(
        "webinars/captioner.html",
        captioner=captioner,
        one=shown(here, webinar),
        caption_language=here._(tour_words.LANGUAGES[captioner.language]),
        may_type=room is not None,
        is_over=webinar.ended_at is not None or webinar.state == "cancelled",
    )


async def _asked(here: Here, conn: Connection) -> tuple[Captioner, Webinar]:
    token = str(here.request.path_params["token"])
    captioner = await captioners.by_link(conn, token, here.now)
    scope = Scope(captioner.programme_id)
    return captioner, await webinars.by_id(conn, scope, captioner.webinar_id)


async def _open_room(conn: Connection, captioner: Captioner) -> rooms.Room | None:
    if captioner.room_id is None:
        return None
    room = await rooms.shown(conn, captioner.programme_id, captioner.room_id)
    return room if room.is_open else None


async def agree(here: Here) -> Response:
    """`POST /webinars/captions/{token}`: she comes, and this browser is where she types."""
    async with here.transaction() as conn:
        captioner, _ = await _asked(here, conn)
        await captioners.agree(conn, captioner, here.now)
        room = await _open_room(conn, captioner)
    if room is None:
        return here.go(here.request.url.path, said="captioner_agreed")
    response = here.go(f"/rooms/{room.id}/captions")
    captioning.let_in(here, response, room.id, str(here.request.path_params["token"]))
    return response


async def type_page(here: Here) -> Response:
    """`GET /rooms/{id}/captions`: a large line, and what was sent above it."""
    async with here.transaction() as conn:
        token = captioning.token_in(here.request)
        captioner = await captioners.of_room(conn, token, here.id(), here.now)
        if captioner is None:
            raise NotThere("room")
        room = await rooms.shown(conn, captioner.programme_id, here.id())
        is_live = room.id in await on_air.on_air_among(conn, [room.id])
    return here.page(
        "rooms/captions.html",
        room=shown_in(here, room, is_on_air=is_live),
        captioner=captioner,
        caption_language=here._(tour_words.LANGUAGES[captioner.language]),
    )
