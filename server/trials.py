"""Trials of a network: a peer connection to the live process for a moment, in a room of nobody.

A school's ICT person tries each rung on its own (WHEP with nothing to watch), a presenter how much
gets up from where she is (WHIP into a room that nobody can watch).
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal, get_args
from uuid import UUID, uuid4

from starlette.responses import Response

from media.errors import LiveError
from media.live.messages import Answered, Do, Done, Publish, Remove, Subscribe
from rooms.errors import Refused
from server import throttle, turn
from server.context import Here
from server.live_rooms import REACHED, SENT_TO, live_of

OFFER_TYPE = "application/sdp"
OFFER_BYTES = 65_536
# Longer than any page tries; what is still there then is ended when the next one comes.
LASTS_S = 15.0
# At once, in one web process.
MOST = 60

Rung = Literal["udp", "tcp", "turn"]


@dataclass(slots=True)
class Trials:
    """What runs now, oldest first: resource → its room and when it is over."""

    running: OrderedDict[str, tuple[UUID, float]] = field(default_factory=OrderedDict)

    def over(self, now_s: float) -> list[tuple[str, UUID]]:
        """Takes out what has run for long enough."""
        found = [(name, room) for name, (room, until) in self.running.items() if until <= now_s]
        for name, _ in found:
            del self.running[name]
        return found


def _trials(here: Here) -> Trials:
    found: Trials = here.floor.rooms.setdefault("trials", Trials())
    return found


async def relays(here: Here) -> Response:
    """`OPTIONS /check/whep`: the relays to try, in `Link`, with passwords for a moment."""
    headers = {"Allow": "OPTIONS, POST", "Accept-Post": OFFER_TYPE}
    if link := turn.link_header(turn.ice_servers(here.settings, here.now)):
        headers["Link"] = link
    return Response(status_code=204, headers=headers)


async def reach(here: Here) -> Response:
    """`POST /check/whep?rung=udp|tcp|turn`: an answer with the addresses of one rung."""
    wanted = here.request.query_params.get("rung", "")
    rung = next((one for one in get_args(Rung) if one == wanted), None)
    if rung is None:
        raise Refused("choice_unknown", name="rung")
    offer = await _begin(here)
    member = uuid4()
    ask = Subscribe(REACHED, 1, member, "trial", offer)
    answered = await _ask(here, REACHED, ask)
    return _created("/check/whep", answered, only(answered.answer, rung))


async def send(here: Here) -> Response:
    """`POST /check/whip`: takes what a presenter's browser sends, and shows it to nobody."""
    offer = await _begin(here)
    ask = Publish(SENT_TO, 1, uuid4(), "trial", "camera", offer)
    answered = await _ask(here, SENT_TO, ask)
    return _created("/check/whip", answered, answered.answer)


async def end(here: Here) -> Response:
    """`DELETE /check/whep?resource=…` and `/check/whip?resource=…`: tried; what is gone is gone."""
    name = here.request.query_params.get("resource", "")
    found = _trials(here).running.pop(name, None)
    if found is not None:
        await _end(here, name, found[0])
    return Response(status_code=200)


def only(answer: str, rung: Rung) -> str:
    """An answer that leads over one rung. A relay reaches us over UDP."""
    protocol = " tcp " if rung == "tcp" else " udp "
    lines = answer.split("\r\n")
    kept = [one for one in lines if not one.startswith("a=candidate:") or protocol in one.lower()]
    return "\r\n".join(kept)


async def _begin(here: Here) -> str:
    """The offer, when there is room for one more. Raises `LiveError` `live_overloaded`."""
    kind = here.request.headers.get("content-type", "")
    if kind.split(";")[0].strip().lower() != OFFER_TYPE:
        raise Refused("offer_type", wanted=OFFER_TYPE)
    trials = _trials(here)
    for name, room in trials.over(here.now.timestamp()):
        await _end(here, name, room)
    if len(trials.running) >= MOST or not await _may_try(here):
        raise LiveError("live_overloaded")
    return await _offer(here)


async def _may_try(here: Here) -> bool:
    async with here.transaction() as conn:
        address = throttle.address_of(here.request)
        return await throttle.take(conn, here.settings, "trials", address, here.now)


async def _offer(here: Here) -> str:
    raw = bytearray()
    async for chunk in here.request.stream():
        raw += chunk
        if len(raw) > OFFER_BYTES:
            raise Refused("offer_large", limit_kb=OFFER_BYTES // 1024)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise LiveError("bad_offer") from None


async def _ask(here: Here, room: UUID, ask: Do) -> Answered:
    answered = await live_of(here).try_out(room, ask, Answered)
    until = here.now.timestamp() + LASTS_S
    _trials(here).running[answered.resource] = (room, until)
    return answered


async def _end(here: Here, name: str, room: UUID) -> None:
    try:
        await live_of(here).try_out(room, Remove(room, name, "trial"), Done)
    except LiveError as error:
        if error.code != "no_resource":  # gone by itself is gone
            raise


def _created(path: str, answered: Answered, answer: str) -> Response:
    headers = {"Location": f"{path}?resource={answered.resource}", "ETag": answered.etag}
    return Response(answer, 201, headers, OFFER_TYPE)
