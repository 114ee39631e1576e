"""What a web process and the live process say to each other: JSON lines over a unix socket.

The web process asks (`Ask`, numbered), the live process answers each one (`Reply` with the same
number) and tells, unasked, what changed (`Told`). Every message about a room carries its epoch: the
live process refuses one that is lower than the highest it has seen, so that a web process that lost
the room's lease without knowing it can no longer steer.

Times are milliseconds since 1970. A *member* is who takes part, as the rooms know it: a viewer's
connection (the id its visit is kept under), or a presenter's place in the room. A *resource* is one
peer connection, named by an unguessable text that stands in its WHIP or WHEP address.
"""

from typing import Annotated, Literal, get_args
from uuid import UUID

import msgspec

LINE_BYTES = 1_000_000
"""Longer than any line either side writes; more is a fault, and the connection is closed."""

Wish = Literal["auto", "audio", "low", "high"]
Source = Literal["camera", "screen"]
Rung = Literal["udp", "tcp", "turn"]
Role = Literal["publisher", "viewer"]
Happening = Literal["connected", "media_flowing", "media_stopped", "gone"]
State = Literal["waiting", "flowing", "stalled", "hidden", "muted"]
Sdp = Annotated[str, msgspec.Meta(max_length=65_536)]


# --- asked by the web process ------------------------------------------------------------------


class Open(msgspec.Struct, frozen=True, tag_field="do", tag="open"):
    """Lets the room be here from now on, under this epoch. `most_publications`: 409 beyond it."""

    room: UUID
    epoch: int
    most_publications: int = 6


class Close(msgspec.Struct, frozen=True, tag_field="do", tag="close"):
    """Everybody goes; the room is forgotten."""

    room: UUID
    epoch: int


class Publish(msgspec.Struct, frozen=True, tag_field="do", tag="publish"):
    """A WHIP offer. `creator` binds the resource to whoever made it (a key, a sign-in): one name or
    several with spaces between, and whoever loses one of them loses the resource.

    What the same member publishes from the same source already is taken over: it goes as soon as
    the new one is connected, never before. `lasts_s`: ends by itself after so long; 0: never.
    """

    room: UUID
    epoch: int
    member: UUID
    creator: str
    source: Source
    offer: Sdp
    is_recordable: bool = False
    lasts_s: float = 0.0


class Subscribe(msgspec.Struct, frozen=True, tag_field="do", tag="subscribe"):
    """A WHEP offer. `lasts_s`: ends by itself after so long; 0: never."""

    room: UUID
    epoch: int
    member: UUID
    creator: str
    offer: Sdp
    wish: Wish = "auto"
    lasts_s: float = 0.0


class Patch(msgspec.Struct, frozen=True, tag_field="do", tag="patch"):
    """An SDP fragment for a resource: more candidates, or an ICE restart (RFC 8840, RFC 9725)."""

    room: UUID
    resource: str
    creator: str
    if_match: str
    fragment: Sdp


class Remove(msgspec.Struct, frozen=True, tag_field="do", tag="remove"):
    """Ends one resource, asked by its creator."""

    room: UUID
    resource: str
    creator: str


class RemoveMember(msgspec.Struct, frozen=True, tag_field="do", tag="remove_member"):
    """Ends every resource of a member."""

    room: UUID
    epoch: int
    member: UUID


class RemoveCreator(msgspec.Struct, frozen=True, tag_field="do", tag="remove_creator"):
    """Ends every resource that somebody made, under whatever member; `creator` is one name."""

    room: UUID
    epoch: int
    creator: str


class Hide(msgspec.Struct, frozen=True, tag_field="do", tag="hide"):
    """Nothing of a member's picture and sound goes out while hidden."""

    room: UUID
    epoch: int
    member: UUID
    is_hidden: bool


class Mute(msgspec.Struct, frozen=True, tag_field="do", tag="mute"):
    """Nothing of a member's sound goes out while muted."""

    room: UUID
    epoch: int
    member: UUID
    is_muted: bool


class Want(msgspec.Struct, frozen=True, tag_field="do", tag="want"):
    """A viewer's own wish: how much picture it gets at most."""

    room: UUID
    member: UUID
    wish: Wish


class Stats(msgspec.Struct, frozen=True, tag_field="do", tag="stats"):
    """Counters of the process and of each room."""


class RollCall(msgspec.Struct, frozen=True, tag_field="do", tag="roll_call"):
    """By whose right everything is here, room by room."""


class Listen(msgspec.Struct, frozen=True, tag_field="do", tag="listen"):
    """From now on this connection is told what changes; the reply is the present stages."""


class Ack(msgspec.Struct, frozen=True, tag_field="do", tag="ack"):
    """The presence of this batch is in the database."""

    batch: int


Do = (
    Open
    | Close
    | Publish
    | Subscribe
    | Patch
    | Remove
    | RemoveMember
    | RemoveCreator
    | Hide
    | Mute
    | Want
    | Stats
    | RollCall
    | Listen
    | Ack
)


class Ask(msgspec.Struct, frozen=True):
    """One question, numbered by the one who asks."""

    id: int
    ask: Do


def name_of(do: Do | type[Do]) -> str:
    """What a question is called on the wire."""
    return str(do.__struct_config__.tag)


# Web and live processes are not replaced in the same moment: each says what it may be asked, and is
# asked nothing else. `UNTOLD` is known by live processes from before they said so.
KNOWN = tuple(sorted(name_of(kind) for kind in get_args(Do)))
UNTOLD = tuple(name for name in KNOWN if name != name_of(RollCall))


# --- answered and told by the live process -----------------------------------------------------


class Answered(msgspec.Struct, frozen=True, tag_field="re", tag="answered"):
    """An offer was accepted: the answer, the new resource, and its entity tag (quoted)."""

    resource: str
    answer: str
    etag: str


class Patched(msgspec.Struct, frozen=True, tag_field="re", tag="patched"):
    """`fragment` empty: the candidates were noted (204). Else ICE was restarted (200)."""

    etag: str
    fragment: str = ""


class Done(msgspec.Struct, frozen=True, tag_field="re", tag="done"):
    """It was done."""


class Refusal(msgspec.Struct, frozen=True, tag_field="re", tag="refused"):
    """It was not done. `code` is one of the live core's in `media.errors.CODES`."""

    code: str


class Counted(msgspec.Struct, frozen=True, tag_field="re", tag="counted"):
    """Names with `_total` count up since `started_at`; others are the present value."""

    started_at: int
    process: dict[str, float]
    rooms: dict[UUID, dict[str, float]]


class Present(msgspec.Struct, frozen=True):
    """Who is in a room: `names` of creators, each once; `members` that publish."""

    names: tuple[str, ...]
    members: tuple[UUID, ...]


class Roll(msgspec.Struct, frozen=True, tag_field="re", tag="roll"):
    """The answer to `RollCall`; rooms in which nobody is are left out."""

    rooms: dict[UUID, Present]


class Track(msgspec.Struct, frozen=True):
    """One track on the stage. Its slot is the number of the viewer's m-line of this kind.

    `state`: `waiting` (connected, nothing came yet), `flowing`, `stalled` (nothing came for
    1.5 s: a call, a locked screen), `hidden`, `muted`. `is_shaky`: its H.264 has B-frames, which
    live players show in the wrong order.
    """

    member: UUID
    source: Source
    kind: Literal["audio", "video"]
    slot: int
    codec: str
    state: State
    is_shaky: bool = False


class Stage(msgspec.Struct, frozen=True):
    """What is on the stage of a room now, and how many resources watch it."""

    room: UUID
    epoch: int
    viewers: int
    tracks: tuple[Track, ...]


class Presence(msgspec.Struct, frozen=True):
    """Something that happened to one resource; `number` counts within the resource from 1.

    `why` of `gone`: `left`, `lost` (no consent for 30 s), `failed` (never came up), `removed`,
    `taken_over`, `closed` (the room or the process ended).
    """

    room: UUID
    epoch: int
    member: UUID
    resource: str
    role: Role
    number: int
    at: int
    kind: Happening
    rung: Rung = "udp"
    why: str = ""


class Seen(msgspec.Struct, frozen=True):
    """A resource whose media flowed from `since` until `until` without a hole over 2 s."""

    room: UUID
    member: UUID
    role: Role
    since: int
    until: int


class Told(msgspec.Struct, frozen=True, tag_field="re", tag="told"):
    """What changed. Presence comes to one listener, again until acknowledged; stages to all."""

    batch: int = 0
    presence: tuple[Presence, ...] = ()
    seen: tuple[Seen, ...] = ()
    stages: tuple[Stage, ...] = ()


class Listening(msgspec.Struct, frozen=True, tag_field="re", tag="listening"):
    """The reply to `Listen`. `process` is new at every start: another one means it restarted.
    `knows`: what it may be asked."""

    process: UUID
    stages: tuple[Stage, ...]
    knows: tuple[str, ...] = UNTOLD


Re = Answered | Patched | Done | Refusal | Counted | Roll | Listening | Told


class Reply(msgspec.Struct, frozen=True):
    """The answer to the question with this number; 0 for what is told unasked."""

    id: int
    re: Re
