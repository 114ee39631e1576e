"""A presenter's way in by the link she was mailed: she reads who asks her, accepts the code of
conduct and takes her place.

The link came to her mailbox, so it signs in whoever has nothing here yet. An address that holds a
role already signs in as always: a link that lives for months opens no other door.
"""

from starlette.responses import Response

from rooms.agenda import webinar_presenters, webinars
from rooms.agenda.webinar_presenters import Invitation
from rooms.agenda.webinars import Webinar
from rooms.errors import NotThere, Refused, RoomError
from rooms.people import persons, sign_ins
from rooms.scope import Scope
from server import errors, forms
from server.arrival import Arrival, go_in, let_in
from server.context import Here
from server.database import Connection
from server.pages.webinars import shown


async def show(here: Here) -> Response:
    """`GET /webinars/presenter/{token}`."""
    return await _page(here)


async def _page(here: Here, problem: RoomError | None = None) -> Response:
    async with here.transaction() as conn:
        invited, webinar = await _invited(here, conn)
        must_sign_in = await _must_sign_in(here, conn, invited)
    return here.page(
        "webinars/claim.html",
        422 if problem else 200,
        invited=invited,
        one=shown(here, webinar),
        must_sign_in=must_sign_in,
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


async def _invited(here: Here, conn: Connection) -> tuple[Invitation, Webinar]:
    """What the link leads to; a classroom screen presents nothing, and a place that somebody else
    has taken is hers alone."""
    if here.viewer is not None and here.viewer.kind == "classroom":
        raise NotThere("invitation")
    token = str(here.request.path_params["token"])
    invited = await webinar_presenters.invitation(conn, token, here.now)
    me = here.viewer.person_id if here.viewer else None
    if invited.person_id is not None and me is not None and me != invited.person_id:
        raise NotThere("invitation")
    return invited, await webinars.by_id(conn, Scope(invited.programme_id), invited.webinar_id)


async def _must_sign_in(here: Here, conn: Connection, invited: Invitation) -> bool:
    if here.viewer is not None:
        return False
    known = await persons.with_role(conn, invited.email)
    return invited.person_id is not None or known is not None


async def claim(here: Here) -> Response:
    """`POST /webinars/presenter/{token}`: takes the place, and goes to the webinar's desk."""
    accepts = forms.line(await here.form(), "conduct") == "1"
    try:
        async with here.transaction() as conn:
            invited, webinar = await _invited(here, conn)
            if await _must_sign_in(here, conn, invited):
                return here.go(f"/sign-in?next={here.request.url.path}")
            arrival = await _take(here, conn, invited, webinar, accepts=accepts)
            token = "" if here.viewer else await let_in(here, conn, arrival)
    except Refused as problem:
        return await _page(here, problem)
    return go_in(here, arrival, token) if token else here.go(arrival.path, arrival.said)


async def _take(
    here: Here, conn: Connection, invited: Invitation, webinar: Webinar, *, accepts: bool
) -> Arrival:
    me = here.viewer
    if me is None:
        person = await persons.find_or_create(conn, invited.email, invited.name, here.language)
        person_id = person.id
    else:
        person_id = me.person_id
    await webinar_presenters.claim(conn, invited, person_id, here.now, accepts=accepts)
    if me and me.sign_in_id and me.scope.programme_id != invited.programme_id:
        await sign_ins.move_to(conn, me.sign_in_id, invited.programme_id)
    path = f"/webinars/{webinar.id}"
    return Arrival(person_id, path, invited.programme_id, "presenter_claimed_now")
