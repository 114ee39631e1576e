"""Trials of a network: a peer connection to the live process for a moment, in a room of nobody.

A school's ICT person tries each rung on its own (WHEP with nothing to watch), a presenter how much
gets up from where she is (WHIP into a room that nobody can watch).
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal, get_args
from uuid import UUID, uuid4

from starlette.responses import JSONResponse, Response

from media.errors import LiveError
from media.live.messages import Answered, Do, Done, Publish, Remove, Subscribe
from rooms.errors import Refused
from server import errors, throttle, turn, whip
from server.context import Here
from server.live_rooms import REACHED, SENT_TO, live_of

# Longer than any page tries: what is still there then the live process ends by itself.
LASTS_S = 15.0
# At once, in one web process.
MOST = 60
# Each sends as much as a presenter does, and a stage has no more places (`media/live/stage.py`).
MOST_SENDING = 4
# Who waits for a turn asks again every two seconds; who has not asked for so long has gone.
ASKS_AGAIN_S = 2
KEPT_S = 6.0
MOST_WAITING = 200

Rung = Literal["udp", "tcp", "turn"]


@dataclass(slots=True)
class Trials:
    """What runs now and who waits for a turn to send, each oldest first. Time is an argument.

    `running`: a resource, or a ticket whose resource is being made → its room, when it is over.
    `waiting`: ticket → when it asked last.
    """

    running: OrderedDict[str, tuple[UUID, float]] = field(default_factory=OrderedDict)
    waiting: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def forget(self, now_s: float) -> None:
        """Takes out what is over, and who has gone."""
        for name in [name for name, (_, until) in self.running.items() if until <= now_s]:
            del self.running[name]
        for ticket in [one for one, at in self.waiting.items() if now_s - at > KEPT_S]:
            del self.waiting[ticket]

    def begin(self, name: str, room: UUID, now_s: float) -> None:
        """From now on it runs."""
        self.running[name] = (room, now_s + LASTS_S)

    def place(self, ticket: str, now_s: float) -> int:
        """How many turns it is away from sending; 0: its turn is now, and it is taken.

        Raises `LiveError` `live_overloaded` when too many wait.
        """
        self.forget(now_s)
        if ticket not in self.waiting and len(self.waiting) >= MOST_WAITING:
            raise LiveError("live_overloaded")
        self.waiting[ticket] = now_s
        free = MOST_SENDING - sum(room == SENT_TO for room, _ in self.running.values())
        place = list(self.waiting).index(ticket) + 1 - max(0, free)
        if place > 0:
            return place
        del self.waiting[ticket]
        self.begin(ticket, SENT_TO, now_s)
        return 0


def _trials(here: Here) -> Trials:
    found: Trials = here.floor.rooms.setdefault("trials", Trials())
    return found


async def relays(here: Here) -> Response:
    """`OPTIONS /check/whep`: the relays to try, in `Link`, with passwords for a moment."""
    headers = {"Allow": "OPTIONS, POST", "Accept-Post": whip.OFFER_TYPE}
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
    ask = Subscribe(REACHED, 1, member, "trial", offer, lasts_s=LASTS_S)
    answered = await _ask(here, REACHED, ask)
    return _created("/check/whep", answered, only(answered.answer, rung))


async def send(here: Here) -> Response:
    """`POST /check/whip?ticket=…`: takes what a presenter's browser sends, and shows it to nobody.

    When others send it is answered 503 with the place in line; the same ticket keeps it.
    """
    ticket = f"ticket:{here.request.query_params.get('ticket', uuid4())!s:.40}"
    trials = _trials(here)
    offer = await _begin(here, is_counted=ticket not in trials.waiting)
    place = trials.place(ticket, here.now.timestamp())
    if place:
        return _wait(here, place)
    ask = Publish(SENT_TO, 1, uuid4(), "trial", "camera", offer, lasts_s=LASTS_S)
    try:
        answered = await _ask(here, SENT_TO, ask)
    except LiveError as error:
        if error.code != "stage_full":
            raise
        return _wait(here, 1)  # by way of another web process
    finally:
        trials.running.pop(ticket, None)
    return _created("/check/whip", answered, answered.answer)


def _wait(here: Here, place: int) -> Response:
    words = errors.sentence(here.language, "trials_many", {"place": place})
    body = {"error": "trials_many", "message": words, "place": place}
    return JSONResponse(body, 503, {"Retry-After": str(ASKS_AGAIN_S)})


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


async def _begin(here: Here, *, is_counted: bool = True) -> str:
    """The offer, when there is room for one more. Raises `LiveError` `live_overloaded`.

    `is_counted`: it counts among the tries of its address; who waits in line asks over and over.
    """
    trials = _trials(here)
    trials.forget(here.now.timestamp())
    if len(trials.running) >= MOST or (is_counted and not await _may_try(here)):
        raise LiveError("live_overloaded")
    return await whip.body(here, whip.OFFER_TYPE)


async def _may_try(here: Here) -> bool:
    async with here.transaction() as conn:
        address = throttle.address_of(here.request)
        return await throttle.take(conn, here.settings, "trials", address, here.now)


async def _ask(here: Here, room: UUID, ask: Do) -> Answered:
    answered = await live_of(here).try_out(room, ask, Answered)
    _trials(here).begin(answered.resource, room, here.now.timestamp())
    return answered


async def _end(here: Here, name: str, room: UUID) -> None:
    try:
        await live_of(here).try_out(room, Remove(room, name, "trial"), Done)
    except LiveError as error:
        if error.code != "no_resource":  # gone by itself is gone
            raise


def _created(path: str, answered: Answered, answer: str) -> Response:
    headers = {"Location": f"{path}?resource={answered.resource}", "ETag": answered.etag}
    return Response(answer, 201, headers, whip.OFFER_TYPE)
