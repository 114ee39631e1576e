"""Signing in by password, or by a mail with a link and a code; signing out."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from rooms.attendance import seats
from rooms.errors import Refused
from rooms.people import codes, persons, sign_in_mails, sign_ins
from rooms.people.persons import Credentials
from rooms.people.sign_in_mails import Proof
from server import auth, errors, passwords, throttle
from server.arrival import (
    Arrival,
    ask_by_mail,
    asked_address,
    go_in,
    let_in,
    safe_next,
    to_code_page,
)
from server.context import Here
from server.database import Connection
from server.pages import ask_company, invitations, show

Finish = Callable[[Here, Connection, Proof], Awaitable[Arrival | None]]


async def form(here: Here) -> Response:
    """`GET /sign-in`."""
    return _form(here, safe_next(here.request.query_params.get("next", "/")))


def _form(
    here: Here, next_path: str, email: str = "", error: str = "", status: int = 200
) -> Response:
    problem = errors.sentence(here.language, error, {}) if error else ""
    field = "email" if error == "mail_form" else "password"
    errors_by_field = {field: problem} if problem else {}
    return here.page(
        "sign_in/form.html", status, next=next_path, email=email, errors=errors_by_field
    )


async def by_password(here: Here) -> Response:
    """`POST /sign-in`: mail and password; without a password a mail is sent instead."""
    form = await here.form()
    typed, password = str(form.get("email", "")), str(form.get("password", ""))
    next_path = safe_next(str(form.get("next", "/")))
    try:
        email = persons.checked_email(typed)
    except Refused as error:
        return _form(here, next_path, typed, error.code, 422)
    if not password:
        return await _mail_to(here, email, next_path)
    return await _with_password(here, email, password, next_path)


async def _with_password(here: Here, email: str, password: str, next_path: str) -> Response:
    now = here.now
    async with here.transaction() as conn:
        may_try = await _count_try(here, conn, email)
        known = await persons.credentials(conn, email) if may_try else None
    if not may_try:
        return _form(here, next_path, email, "throttled", 429)
    if not await passwords.fits(known.password_hash if known else None, password) or not known:
        return _form(here, next_path, email, "sign_in_wrong", 422)
    fresh = await _made_anew(known, password)
    arrival = Arrival(known.person_id, next_path)
    async with here.transaction() as conn:
        await throttle.give_back(conn, here.settings, "sign_in_mail", email, now)
        network = throttle.address_of(here.request)
        await throttle.give_back(conn, here.settings, "sign_in_address", network, now)
        if fresh is not None:
            await persons.set_password_hash(conn, known.person_id, fresh)
        token = await let_in(here, conn, arrival)
    return go_in(here, arrival, token)


async def _count_try(here: Here, conn: Connection, email: str) -> bool:
    network = throttle.address_of(here.request)
    by_mail = await throttle.take(conn, here.settings, "sign_in_mail", email, here.now)
    by_network = await throttle.take(conn, here.settings, "sign_in_address", network, here.now)
    return by_mail and by_network


async def _made_anew(known: Credentials, password: str) -> str | None:
    if known.password_hash and passwords.is_outdated(known.password_hash):
        return await passwords.hashed(password)
    return None


async def by_mail(here: Here) -> Response:
    """`POST /sign-in/mail`: sends the link and the code."""
    form = await here.form()
    typed, next_path = str(form.get("email", "")), safe_next(str(form.get("next", "/")))
    try:
        email = persons.checked_email(typed)
    except Refused as error:
        return _form(here, next_path, typed, error.code, 422)
    return await _mail_to(here, email, next_path)


async def _mail_to(here: Here, email: str, next_path: str) -> Response:
    if not await ask_by_mail(here, email, next_path=next_path):
        return _form(here, next_path, email, "throttled", 429)
    return to_code_page(here, email)


async def code_form(here: Here) -> Response:
    """`GET /sign-in/code`: in the browser that asked, or, with the address, in another."""
    return _code_form(here, asked_address(here))


def _code_form(here: Here, email: str, error: str = "", status: int = 200) -> Response:
    problem = errors.sentence(here.language, error, {"expected": 6}) if error else ""
    return here.page(
        "sign_in/code.html",
        status,
        email=email,
        asks_email=email != asked_address(here) or not email,
        error_field="email" if error == "mail_form" else "code",
        error=problem,
    )


async def use_code(here: Here) -> Response:
    """`POST /sign-in/code`: the address and the six digits."""
    form = await here.form()
    typed = str(form.get("email", "")) or asked_address(here)
    try:
        email = persons.checked_email(typed)
        code = codes.parse_mail_code(str(form.get("code", "")))
    except Refused as error:
        return _code_form(here, typed, error.code, 422)
    return await _with_code(here, email, code)


async def _with_code(here: Here, email: str, code: str) -> Response:
    now, network = here.now, throttle.address_of(here.request)
    arrival, token = None, ""
    async with here.transaction() as conn:
        may_try = await throttle.take(conn, here.settings, "sign_in_address", network, now)
        proof = None
        if may_try:
            secret = here.settings.secret
            proof = await sign_in_mails.use_code(conn, email, code, secret, now)
        if proof is not None:
            await throttle.give_back(conn, here.settings, "sign_in_address", network, now)
            arrival = await _finish(here, conn, proof)
        if arrival is not None:
            token = await let_in(here, conn, arrival)
    if not may_try:
        return _code_form(here, email, "throttled", 429)
    if arrival is None:
        return _code_form(here, email, "mail_code_wrong", 422)
    return go_in(here, arrival, token)


async def link_page(here: Here) -> Response:
    """`GET /sign-in/link/{token}`: one button. A mail scanner that comes here uses nothing up."""
    token = here.request.path_params["token"]
    async with here.transaction() as conn:
        proof = await sign_in_mails.by_link(conn, token, here.now)
    if proof is None:
        return here.page("sign_in/link_over.html", 410)
    return here.page("sign_in/link.html", token=token, email=proof.email, purpose=proof.purpose)


async def use_link(here: Here) -> Response:
    """`POST /sign-in/link/{token}`: the button was pressed."""
    arrival, token = None, ""
    async with here.transaction() as conn:
        link = here.request.path_params["token"]
        proof = await sign_in_mails.use_link(conn, link, here.now)
        arrival = await _finish(here, conn, proof) if proof else None
        if arrival is not None:
            token = await let_in(here, conn, arrival)
    if arrival is None:
        return here.page("sign_in/link_over.html", 410)
    return go_in(here, arrival, token)


async def _sign_in(here: Here, conn: Connection, proof: Proof) -> Arrival | None:
    person = await persons.with_role(conn, proof.email)
    return Arrival(person.id, safe_next(proof.next_path)) if person else None


# What a proof was asked for decides what happens when it comes.
FINISH: dict[str, Finish] = {
    "sign_in": _sign_in,
    "invite": _sign_in,
    "show": show.finish,
    "register": show.finish,
    "company": ask_company.finish,
    "colleague": invitations.finish,
}


async def _finish(here: Here, conn: Connection, proof: Proof) -> Arrival | None:
    return await FINISH[proof.purpose](here, conn, proof)


async def sign_out(here: Here) -> Response:
    """`POST /sign-out`: ends this browser's sign-in, or this classroom screen's.

    A teacher who signed in on the screen herself leaves no mailbox behind, but the film.
    """
    token = here.request.cookies.get(auth.COOKIE)
    if token:
        async with here.transaction() as conn:
            ended = await sign_ins.end_by_token(conn, token, here.now)
            screens = [one.id for one in ended if one.kind == "classroom"]
            await seats.go_with(conn, screens, here.now)
            await seats.stay_with(conn, [one.id for one in ended if one.id not in screens], None)
    response = here.go("/", "signed_out")
    response.delete_cookie(auth.COOKIE, path="/")
    return response
