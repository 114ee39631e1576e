"""Her own page: name, language, password, where she is signed in, which mails she gets."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.attendance import seats
from rooms.errors import NotThere, Refused, RoomError
from rooms.people import persons, programmes, sign_ins
from server import errors, mail, passwords, throttle
from server.auth import Viewer
from server.context import Here
from server.database import Connection
from server.i18n import LANGUAGES
from server.pages.home import YEAR_S

NAME_LENGTH = 80
# Who has just signed in (perhaps by mail, the password forgotten) need not know the old one.
FRESH = timedelta(minutes=15)


async def show(here: Here) -> Response:
    """`GET /account`."""
    return await _page(here)


async def _page(here: Here, error: RoomError | None = None, field: str = "") -> Response:
    async with here.transaction() as conn:
        values = await _values(here, conn)
    problem = errors.sentence(here.language, error.code, error.params) if error else ""
    status = 422 if error else 200
    return here.page("account/show.html", status, error_field=field, error=problem, **values)


async def _values(here: Here, conn: Connection) -> dict[str, Any]:
    me = here.person
    stopped = await mail.stopped(conn, me.person_id)
    own = await sign_ins.of_person(conn, me.person_id, here.now)
    here_now = await programmes.by_id(conn, me.scope.programme_id)
    return {
        "me": await persons.by_id(conn, me.person_id),
        "sign_ins": own,
        "this_sign_in": me.sign_in_id,
        "programmes": await programmes.of_person(conn, me.person_id),
        "here_programme": here_now.id,
        "zone": here_now.zone,
        "kinds": [(kind, words, kind not in stopped) for kind, words in _kinds(here, me)],
        "asks_old": any(s.id == me.sign_in_id and not _is_fresh(here, s) for s in own),
    }


def _is_fresh(here: Here, sign_in: sign_ins.SignIn) -> bool:
    return here.now - sign_in.created_at < FRESH


def _kinds(here: Here, me: Viewer) -> list[tuple[str, str]]:
    return [
        (kind, here._(words))
        for kind, (words, roles) in mail.STOPPABLE.items()
        if me.scope.has(*roles)
    ]


async def change(here: Here) -> Response:
    """`POST /account`: name and language."""
    form = await here.form()
    name = " ".join(str(form.get("name", "")).split())[:NAME_LENGTH]
    language = str(form.get("language", ""))
    if language not in LANGUAGES:
        raise Refused("bad_form")
    async with here.transaction() as conn:
        await persons.change(conn, here.person.person_id, name=name, language=language)
    response = here.go("/account", "account_kept")
    response.set_cookie(
        "language", language, max_age=YEAR_S, httponly=True, samesite="lax", path="/"
    )
    return response


async def change_password(here: Here) -> Response:
    """`POST /account/password`: a new one; all her other sign-ins end."""
    form = await here.form()
    me, new = here.person, str(form.get("new_password", ""))
    if not await _may_change(here, form):
        return await _page(here, Refused("password_wrong"), "old_password")
    if passwords.is_too_weak(new, me.email):
        least = passwords.MIN_LENGTH
        return await _page(here, Refused("password_weak", least=least), "new_password")
    password_hash = await passwords.hashed(new)
    async with here.transaction() as conn:
        await persons.set_password_hash(conn, me.person_id, password_hash)
        ended = await sign_ins.end_others(conn, me.person_id, _own_sign_in(here), here.now)
        await seats.go_with(conn, [one.id for one in ended], here.now)
    return here.go("/account", "password_kept")


async def _may_change(here: Here, form: FormData) -> bool:
    me, now = here.person, here.now
    async with here.transaction() as conn:
        values = await _values(here, conn)
        if not values["asks_old"] or not values["me"].has_password:
            return True
        may_try = await throttle.take(conn, here.settings, "sign_in_mail", me.email, now)
        known = await persons.credentials(conn, me.email)
    old = str(form.get("old_password", ""))
    return may_try and known is not None and await passwords.fits(known.password_hash, old)


def _own_sign_in(here: Here) -> UUID:
    if here.person.sign_in_id is None:
        raise NotThere
    return here.person.sign_in_id


async def end_sign_in(here: Here) -> Response:
    """`POST /account/sign-ins/{id}/end`."""
    async with here.transaction() as conn:
        ended = await sign_ins.end(conn, here.person.person_id, here.id(), here.now)
        await seats.go_with(conn, [one.id for one in ended], here.now)
    return here.go("/account", "sign_in_ended")


async def end_other_sign_ins(here: Here) -> Response:
    """`POST /account/sign-ins/end-others`."""
    async with here.transaction() as conn:
        ended = await sign_ins.end_others(conn, here.person.person_id, _own_sign_in(here), here.now)
        await seats.go_with(conn, [one.id for one in ended], here.now)
    return here.go("/account", "sign_ins_ended")


async def change_mails(here: Here) -> Response:
    """`POST /account/mails`: the ticked kinds are wanted, the others stop."""
    form, me = await here.form(), here.person
    wanted = {str(kind) for kind in form.getlist("kinds")}
    shown = {kind for kind, _ in _kinds(here, me)}
    async with here.transaction() as conn:
        before = await mail.stopped(conn, me.person_id)
        await mail.set_stops(conn, me.person_id, sorted((before - shown) | (shown - wanted)))
    return here.go("/account", "account_kept")


async def change_programme(here: Here) -> Response:
    """`POST /account/programme`: for persons with roles in several."""
    try:
        programme_id = UUID(str((await here.form()).get("programme", "")))
    except ValueError:
        raise NotThere from None
    if programme_id not in here.person.programmes:
        raise NotThere("programme")
    async with here.transaction() as conn:
        await sign_ins.move_to(conn, _own_sign_in(here), programme_id)
    return here.go("/account", "account_kept")


async def stop_page(here: Here) -> Response:
    """`GET /mail/stop/{token}`: one button, as a scanner may follow the link too."""
    _, kind = _stop(here)
    return here.page("account/stop.html", kind=here._(mail.STOPPABLE[kind][0]), is_done=False)


async def stop(here: Here) -> Response:
    """`POST /mail/stop/{token}`: the button, or the mail program's own one (RFC 8058)."""
    person_id, kind = _stop(here)
    async with here.transaction() as conn:
        await mail.stop(conn, person_id, kind)
    return here.page("account/stop.html", kind=here._(mail.STOPPABLE[kind][0]), is_done=True)


def _stop(here: Here) -> tuple[UUID, str]:
    read = mail.read_stop_token(here.settings, here.request.path_params["token"])
    if read is None:
        raise NotThere
    return read
