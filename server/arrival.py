"""Coming in: the cookie of a sign-in, proofs by mail, and where somebody goes next."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from rooms.attendance import seats
from rooms.people import persons, sign_in_mails, sign_ins
from server import auth, mail, throttle
from server.context import Here
from server.database import Connection

# The row decides how long a sign-in lasts (it slides on with use); the cookie only has to
# outlive it. 400 days is the most that browsers keep.
COOKIE_S = 400 * 24 * 3600
# The address a code was mailed to, so that it need not be typed again in this browser.
ASKED_COOKIE = "asked"
ASKED_S = 30 * 60

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who was let in and where she goes; `said` is a code of `errors.SENTENCES`."""

    person_id: UUID
    path: str
    programme_id: UUID | None = None
    said: str = ""


def safe_next(path: str) -> str:
    """A path of our own to go to, or `/`: nobody sends our readers elsewhere."""
    is_own = path.startswith("/") and not path.startswith("//")
    is_clean = not re.search(r"[\x00-\x20\\\x7f]", path)
    return path if is_own and is_clean and len(path) <= 500 else "/"


def device_of(request: Request) -> str:
    """What her list of sign-ins calls this device: browser and system, no more."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part)


async def let_in(here: Here, conn: Connection, arrival: Arrival) -> str:
    """Her own sign-in in this browser goes on, another's ends; returns the new token.

    On a classroom PC that she let in herself the screen goes on, from now on by the sign-in that
    is made here."""
    old, now, device = here.request.cookies.get(auth.COOKIE), here.now, device_of(here.request)
    person, programme = arrival.person_id, arrival.programme_id
    own: list[UUID] = []
    if old:
        token = await sign_ins.renew(
            conn, old, person, now=now, programme_id=programme, device=device
        )
        if token is not None:
            return token
        ended = await sign_ins.end_by_token(conn, old, now)
        own = [one.id for one in ended if one.person_id == person]
        await seats.go_with(conn, [one.id for one in ended if one.id not in own], now)
    token = await sign_ins.start(conn, person, now=now, programme_id=programme, device=device)
    if own:
        await seats.stay_with(conn, own, await sign_ins.id_of(conn, token))
    return token


def go_in(here: Here, arrival: Arrival, token: str) -> Response:
    """On to where she wanted to be, with the cookie. After the transaction has committed."""
    response = here.go(arrival.path, arrival.said)
    set_cookie(here, response, token)
    response.delete_cookie(ASKED_COOKIE, path="/sign-in")
    return response


def set_cookie(here: Here, response: Response, token: str) -> None:
    """The sign-in cookie: not for scripts, not for other sites, over HTTPS where we have it."""
    response.set_cookie(
        auth.COOKIE,
        token,
        max_age=COOKIE_S,
        httponly=True,
        samesite="lax",
        secure=here.settings.is_secure,
        path="/",
    )


async def ask_by_mail(
    here: Here,
    email: str,
    purpose: str = "sign_in",
    *,
    next_path: str = "/",
    details: Mapping[str, Any] | None = None,
    **words: Any,
) -> bool:
    """Mails a link and a code; False when this address or this network asked too often.

    What is done, and how long it takes, is the same for a known and an unknown address: only
    the owner of the mailbox learns which it was.
    """
    now = here.now
    async with here.transaction() as conn:
        by_mail = await throttle.take(conn, here.settings, "ask_mail", email, now)
        network = throttle.address_of(here.request)
        by_network = await throttle.take(conn, here.settings, "ask_address", network, now)
        if not (by_mail and by_network):
            return False
        person = await persons.with_role(conn, email)
        asked = await sign_in_mails.ask(
            conn,
            email=email,
            secret=here.settings.secret,
            now=now,
            purpose=purpose,
            next_path=next_path,
            details=details,
        )
        kind = "sign_in_unknown" if purpose == "sign_in" and person is None else purpose
        language = person.language if person else here.language
        letter = mail.compose(
            kind,
            language,
            code=asked.code,
            link=link_to(here, asked.link_token),
            tours=f"{here.settings.url}/tours",
            **words,
        )
        await mail.write(
            conn,
            programme_id=None,
            person_id=person.id if person else None,
            to=email,
            kind=kind,
            language=language,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
        )
    return True


def link_to(here: Here, token: str) -> str:
    """The address in the mail."""
    return f"{here.settings.url}/sign-in/link/{token}"


def to_code_page(here: Here, email: str) -> Response:
    """On to where the six digits are typed; this browser remembers the address for it."""
    response = here.go("/sign-in/code")
    response.set_cookie(
        ASKED_COOKIE,
        quote(email),
        max_age=ASKED_S,
        httponly=True,
        samesite="lax",
        secure=here.settings.is_secure,
        path="/sign-in",
    )
    return response


def asked_address(here: Here) -> str:
    """The address this browser asked a code for, or ''."""
    return unquote(here.request.cookies.get(ASKED_COOKIE, ""))
