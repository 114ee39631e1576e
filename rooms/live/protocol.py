"""What the page and the server say to each other over a room's socket: JSON text frames.

A page sends commands (`do`), the server tells events (`event`). `rooms/PROTOCOL.md` explains each
field to whoever writes another page; a test holds the two together. Times are milliseconds since
1970.
"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

FRAME_BYTES = 65_536
"""Longer than any command; a longer frame closes the socket with 1009."""

PING_EVERY_S = 2
"""The server's ping, and so the beat of everybody in a room."""

Wish = Literal["auto", "audio", "low", "high"]
Rung = Literal["udp", "tcp", "turn", "none"]
Role = Literal["viewer", "teacher", "presenter", "moderator"]
SeatKind = Literal["beamer", "companion", "own"]
Why = Literal["room_closed", "removed", "session_over"]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


# --- commands: the page asks ---------------------------------------------------------------------


class Hello(msgspec.Struct, frozen=True, tag_field="do", tag="hello"):
    """The first frame, once."""

    since: Number = 0
    connection: UUID | None = None


class Pong(msgspec.Struct, frozen=True, tag_field="do", tag="pong"):
    """The answer to a ping: the beat of this page."""

    number: Number
    is_flowing: bool
    is_shown: bool
    is_audible: bool
    rung: Rung = "none"


class Want(msgspec.Struct, frozen=True, tag_field="do", tag="want"):
    """How much picture this page wants at most."""

    wish: Wish


Command: TypeAlias = Hello | Pong | Want


# --- events: the server tells --------------------------------------------------------------------


class IceServer(msgspec.Struct, frozen=True):
    """A relay as `RTCPeerConnection` takes it."""

    urls: tuple[str, ...]
    username: str
    credential: str


class Track(msgspec.Struct, frozen=True):
    """One picture or sound on the stage, and in which slot of the viewer's offer it comes."""

    member: UUID
    name: str
    source: Literal["camera", "screen"]
    kind: Literal["audio", "video"]
    slot: int
    state: Literal["waiting", "flowing", "stalled", "hidden", "muted"]
    is_shaky: bool = False


class Stage(msgspec.Struct, frozen=True):
    """What is on the stage now."""

    tracks: tuple[Track, ...] = ()
    is_on_air: bool = False


class Welcome(msgspec.Struct, frozen=True, tag_field="event", tag="hello"):
    """The answer to `hello`: who this page is here, and all it needs to watch."""

    connection: UUID
    number: int
    epoch: int
    title: str
    role: Role
    stage: Stage
    viewers: int
    ping_s: int = PING_EVERY_S
    seat_kind: SeatKind | None = None
    ice_servers: tuple[IceServer, ...] = ()


class Ping(msgspec.Struct, frozen=True, tag_field="event", tag="ping"):
    """Every `ping_s` seconds; the page answers with `pong` at once."""

    number: int


class StageChanged(msgspec.Struct, frozen=True, tag_field="event", tag="stage"):
    """The stage, whenever it changes; always the whole of it."""

    stage: Stage


class Viewers(msgspec.Struct, frozen=True, tag_field="event", tag="viewers"):
    """How many watch; at most once a second."""

    count: int


class LiveRestarted(msgspec.Struct, frozen=True, tag_field="event", tag="live_restarted"):
    """The live process is another: whoever watches or publishes offers anew."""

    epoch: int


class PresenterCame(msgspec.Struct, frozen=True, tag_field="event", tag="presenter_came"):
    """Somebody goes on stage in this room."""

    number: int
    at: int
    member: UUID
    name: str


class PresenterLeft(msgspec.Struct, frozen=True, tag_field="event", tag="presenter_left"):
    """A presenter was removed."""

    number: int
    at: int
    member: UUID


class OnAir(msgspec.Struct, frozen=True, tag_field="event", tag="on_air"):
    """From now on there is something to watch."""

    number: int
    at: int


class OffAir(msgspec.Struct, frozen=True, tag_field="event", tag="off_air"):
    """Nobody is on the stage any more; the room stays open."""

    number: int
    at: int


class Closed(msgspec.Struct, frozen=True, tag_field="event", tag="closed"):
    """This page's time in the room is over; the server then closes the socket."""

    why: Why
    number: int | None = None


class Refused(msgspec.Struct, frozen=True, tag_field="event", tag="refused"):
    """A command was not understood or not allowed; nothing was done."""

    code: str


Event: TypeAlias = (
    Welcome
    | Ping
    | StageChanged
    | Viewers
    | LiveRestarted
    | PresenterCame
    | PresenterLeft
    | OnAir
    | OffAir
    | Closed
    | Refused
)

Numbered: TypeAlias = PresenterCame | PresenterLeft | OnAir | OffAir | Closed
"""Those that stand in the room's log and are told again to whoever asks `since`."""

_COMMANDS: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_WRITER = msgspec.json.Encoder()


def read(frame: str | bytes) -> Command:
    """The command in a frame. Raises `msgspec.DecodeError` for anything else."""
    return _COMMANDS.decode(frame)


def written(event: Event) -> str:
    """An event as its frame."""
    return _WRITER.encode(event).decode()
