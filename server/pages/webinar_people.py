"""The people of a webinar, at its desk: who presents, who was vetted, who moderates."""

from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from rooms.agenda import webinar_moderators, webinar_presenters, webinars
from rooms.errors import NotThere, Refused
from rooms.people import persons, roles
from rooms.scope import Scope
from server import forms, link_mails
from server.context import Here
from server.database import Connection
from server.pages.room_studio import take_off
from server.pages.webinar_desk import desk_page, room_of, worked_on


async def invite(here: Here) -> Response:
    """`POST /webinars/{id}/presenters`: mails her the link; no account is needed for it."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            webinar = await worked_on(here, conn)
            email, name = forms.line(form, "email"), forms.line(form, "name")
            _, token = await webinar_presenters.invite(
                conn, here.scope, webinar.id, email, name, here.now
            )
            link = f"/webinars/presenter/{token}"
            await link_mails.send(here, conn, "presenter_invited", webinar, email, link)
    except Refused as problem:
        return await desk_page(here, problem)
    return here.go(f"/webinars/{webinar.id}", said="presenter_invited")


async def remove(here: Here) -> Response:
    """`POST /webinars/{id}/presenters/{presenter}/remove`."""
    async with here.transaction() as conn:
        webinar = await worked_on(here, conn)
        off = await webinar_presenters.remove(
            conn, here.scope, webinar.id, here.id("presenter"), here.now
        )
        room = await room_of(conn, webinar) if off else None
    if off is not None and room is not None and room.is_open:
        await take_off(here, room, off)
    return here.go(f"/webinars/{webinar.id}", said="presenter_taken_off")


async def vet(here: Here) -> Response:
    """`POST /webinars/{id}/presenters/{presenter}/vetted`: the office saw her certificate."""
    day = forms.day(await here.form(), "vetted_on")
    try:
        async with here.transaction() as conn:
            webinar = await worked_on(here, conn)
            if day is None:
                raise Refused("vetted_day")
            today = here.now.astimezone(ZoneInfo(webinar.zone)).date()
            await webinar_presenters.vet(
                conn, here.scope, webinar, here.id("presenter"), day, today
            )
    except Refused as problem:
        return await desk_page(here, problem)
    return here.go(f"/webinars/{webinar.id}", said="saved")


async def add_moderator(here: Here) -> Response:
    """`POST /webinars/{id}/moderators`: somebody who has a role in the programme already."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            webinar = await worked_on(here, conn)
            if not webinars.leads(here.scope, webinar):
                raise NotThere("webinar")
            person = await _known(conn, here.scope, forms.line(form, "moderator"))
            await webinar_moderators.put(conn, here.scope, webinar.id, person, here.now)
    except Refused as problem:
        return await desk_page(here, problem)
    return here.go(f"/webinars/{webinar.id}", said="saved")


async def remove_moderator(here: Here) -> Response:
    """`POST /webinars/{id}/moderators/{moderator}/remove`: off at once, also in the room."""
    person_id = here.id("moderator")
    try:
        async with here.transaction() as conn:
            webinar = await worked_on(here, conn)
            off = await webinar_moderators.remove(conn, here.scope, webinar.id, person_id, here.now)
            room = await room_of(conn, webinar) if off else None
            stays = webinars.works_on(
                here.scope, await webinars.by_id(conn, here.scope, webinar.id)
            )
    except Refused as problem:
        return await desk_page(here, problem)
    if off is not None and room is not None and room.is_open:
        await take_off(here, room, off)
    return here.go(f"/webinars/{webinar.id}" if stays else "/webinars", said="moderator_taken_off")


async def _known(conn: Connection, scope: Scope, typed: str) -> UUID:
    """Whoever has that address and a role here; raises `Refused` `moderator_unknown`."""
    email = persons.checked_email(typed)
    held = [one for one in await roles.every(conn, scope) if one.email == email]
    if not held:
        raise Refused("moderator_unknown")
    return held[0].person_id
