"""WHIP (RFC 9725) and WHEP (its draft for watching): offers over HTTP, answered by live processes.

One POST makes a resource, one peer connection, at an address nobody can guess. PATCH brings
candidates or restarts ICE, DELETE ends it; both are its creator's alone. Who asks is found out
before anything reaches what is live.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, get_args

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from media.errors import LiveError, MediaError
from media.live.messages import (
    Answered,
    Done,
    Patch,
    Patched,
    Publish,
    Remove,
    Source,
    Subscribe,
    Wish,
)
from rooms.errors import NotThere, Refused, RoomError
from rooms.live import presenters, rooms
from rooms.scope import Scope
from server import errors, room_orders, turn, viewer_tokens
from server.allowance import Allowances
from server.context import Here
from server.live_rooms import live_of
from server.room_guests import Guest, bearer_in, publisher, watcher

OFFER_TYPE = "application/sdp"
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"
BODY_BYTES = 65_536
# An offer is one packet or a few: who has not sent it by then is no browser.
BODY_WITHIN_S = 10.0

# Where a refusal means something else here than on a page.
STATUS_BY_CODE = {"room_closed": 410, "presenter_removed": 403}
RETRY_AFTER = {"Retry-After": "1"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Retry-After",
}
PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}
ENDPOINT = "OPTIONS, GET, POST"
RESOURCE = "OPTIONS, GET, PATCH, DELETE"

Verb = Callable[[Here], Awaitable[Response]]
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Created:
    """What a POST has made."""

    path: str
    answered: Answered


# --- WHIP --------------------------------------------------------------------------------------


async def publish(here: Here) -> Response:
    """`POST /rooms/{id}/whip?source=camera|screen`: on to the stage."""
    return await _say(here, _publish)


async def _publish(here: Here) -> Response:
    guest = _within_limits(here, await publisher(here))
    source = _choice(here, "source", get_args(Source), "camera")
    offer = await body(here, OFFER_TYPE)
    answered = await live_of(here).ask(
        guest.room.programme_id,
        guest.room.id,
        lambda epoch: Publish(
            guest.room.id,
            epoch,
            guest.member,
            guest.creator,
            source,
            offer,
            is_recordable=not guest.is_class,
        ),
        Answered,
    )
    await _keep_dark(here, guest)
    await _check_again(here, guest, answered, publisher(here))
    return _created(here, Created(f"/rooms/{guest.room.id}/whip", answered))


async def _keep_dark(here: Here, guest: Guest) -> None:
    """What was hidden stays so, before anything of it flows: whoever comes back by another live
    process, by another program, or during a pause. Who was away for long begins anew."""
    room, live = guest.room, live_of(here)
    scope = Scope(room.programme_id)
    async with here.transaction() as conn:
        is_new = not guest.is_class and await presenters.begins_anew(
            conn, scope, room.id, guest.member, here.now
        )
        own = await presenters.hidden(conn, scope, room.id)
        phase = await rooms.phase_of(conn, room.programme_id, room.id)
    key = (live, room.programme_id, room.id, guest.member)
    is_dark = guest.member in own or phase in room_orders.DARK
    if is_dark or is_new:
        await room_orders.hide(*key, is_hidden=is_dark)
    if is_new:
        await room_orders.unmute(*key)


async def whip_endpoint(here: Here) -> Response:
    """`GET /rooms/{id}/whip`: nothing, to whoever may send here."""
    return await _say(here, lambda here: _nothing(publisher(here)))


async def patch_publisher(here: Here) -> Response:
    """`PATCH /rooms/{id}/whip/{resource}`."""
    return await _say(here, lambda here: _patch(here, publisher(here)))


async def remove_publisher(here: Here) -> Response:
    """`DELETE /rooms/{id}/whip/{resource}`."""
    return await _say(here, lambda here: _remove(here, publisher(here)))


# --- WHEP --------------------------------------------------------------------------------------


async def subscribe(here: Here) -> Response:
    """`POST /rooms/{id}/whep?connection=…&wish=auto|audio|low|high`: what is on the stage."""
    return await _say(here, _subscribe)


async def _subscribe(here: Here) -> Response:
    guest = _within_limits(here, await watcher(here, is_newcomer=True))
    wish = _choice(here, "wish", get_args(Wish), "auto")
    offer = await body(here, OFFER_TYPE)
    answered = await live_of(here).ask(
        guest.room.programme_id,
        guest.room.id,
        lambda epoch: Subscribe(guest.room.id, epoch, guest.member, guest.creator, offer, wish),
        Answered,
    )
    await _check_again(here, guest, answered, watcher(here, is_newcomer=False))
    return _created(here, Created(f"/rooms/{guest.room.id}/whep", answered))


async def whep_endpoint(here: Here) -> Response:
    """`GET /rooms/{id}/whep`: nothing, to whoever may watch."""
    return await _say(here, lambda here: _nothing(watcher(here, is_newcomer=True)))


async def patch_viewer(here: Here) -> Response:
    """`PATCH /rooms/{id}/whep/{resource}`."""
    return await _say(here, lambda here: _patch(here, watcher(here, is_newcomer=False)))


async def remove_viewer(here: Here) -> Response:
    """`DELETE /rooms/{id}/whep/{resource}`."""
    return await _say(here, lambda here: _remove(here, watcher(here, is_newcomer=False)))


async def viewer_token(here: Here) -> Response:
    """`POST /rooms/{id}/token`: a minute's Bearer, by which a player may watch for this seat."""
    return await _say(here, _viewer_token)


async def _viewer_token(here: Here) -> Response:
    if bearer_in(here) is not None:
        raise Refused("credentials_missing")  # a token makes no other: it would never be over
    guest = await watcher(here, is_newcomer=True)
    if guest.seat_id is None:
        raise Refused("seat_needed")
    token = viewer_tokens.make(here.settings.secret, guest.room.id, guest.seat_id, here.now)
    return JSONResponse({"token": token, "expires_s": viewer_tokens.HOLDS_FOR.seconds})


# --- what both do ------------------------------------------------------------------------------


async def endpoint_options(here: Here) -> Response:
    """`OPTIONS` of an endpoint: what may be posted; also answers a browser's preflight."""
    return _options(here, ENDPOINT, {"Accept-Post": OFFER_TYPE})


async def resource_options(here: Here) -> Response:
    """`OPTIONS` of a resource."""
    return _options(here, RESOURCE, {"Accept-Patch": FRAGMENT_TYPE})


def _options(here: Here, methods: str, accepts: dict[str, str]) -> Response:
    asked = here.request.headers.get("access-control-request-headers", "").lower()
    headers = {"Allow": methods, **accepts}
    if "authorization" in asked or bearer_in(here) is not None:
        headers |= {**CORS, **PREFLIGHT, "Access-Control-Allow-Methods": methods}
    return Response(status_code=204, headers=headers)


def _within_limits(here: Here, guest: Guest) -> Guest:
    """Each offer costs the live process milliseconds: nobody makes them without end."""
    offers: Allowances = here.floor.rooms["offers"]
    if not offers.take(guest.asker, time.monotonic()):
        raise Refused("offers_many")
    return guest


async def _check_again(
    here: Here, guest: Guest, made: Answered, asked_by: Awaitable[Guest]
) -> None:
    """Who was taken off while her offer was on its way was cut off before it was answered: what it
    has made ends at once. Raises as `asked_by`."""
    try:
        await asked_by
    except Exception:
        ask = Remove(guest.room.id, made.resource, guest.creator)
        with contextlib.suppress(LiveError):  # it is gone, and so is what it had made
            await live_of(here).ask(guest.room.programme_id, guest.room.id, lambda _: ask, Done)
        raise


async def _nothing(guest: Awaitable[Guest]) -> Response:
    await guest
    return Response(status_code=204)


def _created(here: Here, made: Created) -> Response:
    headers = {
        "Location": f"{made.path}/{made.answered.resource}",
        "ETag": made.answered.etag,
        "Accept-Patch": FRAGMENT_TYPE,
    }
    if link := turn.link_header(turn.ice_servers(here.settings, here.now)):
        headers["Link"] = link
    return Response(made.answered.answer, 201, headers, OFFER_TYPE)


async def _patch(here: Here, asked_by: Awaitable[Guest]) -> Response:
    guest = await asked_by
    if_match = here.request.headers.get("if-match")
    fragment = await body(here, FRAGMENT_TYPE)
    if if_match is None:
        raise Refused("if_match_missing")
    ask = Patch(guest.room.id, _resource(here), guest.creator, if_match, fragment)
    patched = await live_of(here).ask(
        guest.room.programme_id, guest.room.id, lambda _: ask, Patched
    )
    headers = {"ETag": patched.etag}
    if not patched.fragment:
        return Response(status_code=204, headers=headers)
    return Response(patched.fragment, 200, headers, FRAGMENT_TYPE)


async def _remove(here: Here, asked_by: Awaitable[Guest]) -> Response:
    guest = await asked_by
    ask = Remove(guest.room.id, _resource(here), guest.creator)
    await live_of(here).ask(guest.room.programme_id, guest.room.id, lambda _: ask, Done)
    return Response(status_code=200)


def _resource(here: Here) -> str:
    return str(here.request.path_params["resource"])


def _choice(here: Here, name: str, choices: tuple[Choice, ...], usual: Choice) -> Choice:
    given = here.request.query_params.get(name, usual)
    for choice in choices:
        if choice == given:
            return choice
    raise Refused("choice_unknown", name=name)


async def body(here: Here, wanted: str) -> str:
    """The body as text. Raises `Refused` `offer_type`, `offer_large`, `offer_slow`, `LiveError`."""
    if here.request.headers.get("content-type", "").split(";")[0].strip().lower() != wanted:
        raise Refused("offer_type", wanted=wanted)
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return (await _bytes(here)).decode()
    except TimeoutError:
        raise Refused("offer_slow") from None
    except (ClientDisconnect, UnicodeDecodeError):
        raise LiveError("bad_offer") from None


async def _bytes(here: Here) -> bytes:
    length = here.request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > BODY_BYTES:
        raise Refused("offer_large", limit_kb=BODY_BYTES // 1024)
    raw = bytearray()
    async for chunk in here.request.stream():
        raw += chunk
        if len(raw) > BODY_BYTES:
            raise Refused("offer_large", limit_kb=BODY_BYTES // 1024)
    return bytes(raw)


# --- answers -----------------------------------------------------------------------------------


async def _say(here: Here, verb: Verb) -> Response:
    """Runs the verb; refusals as JSON, and open to other sites where a Bearer was sent."""
    try:
        response = await verb(here)
    except (RoomError, MediaError) as error:
        response = _refusal(here, error)
    if bearer_in(here) is not None:
        response.headers.update(CORS)
    return response


def _refusal(here: Here, error: RoomError | MediaError) -> Response:
    usual = 404 if isinstance(error, NotThere) else errors.STATUS_BY_CODE.get(error.code, 422)
    status = STATUS_BY_CODE.get(error.code, usual)
    message = errors.sentence(here.language, error.code, dict(error.params))
    headers: Mapping[str, str] = {}
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    elif status in {429, 503}:
        headers = RETRY_AFTER
    elif status == 415:
        headers = {"Accept-Post": OFFER_TYPE, "Accept-Patch": FRAGMENT_TYPE}
    return JSONResponse({"error": error.code, "message": message}, status, headers)
