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
Quality = Literal["good", "fair", "sound", "poor", "none"]
"""How well the stage comes in, the best first: enough for a smaller picture, for sound, too weak,
not at all."""
Role = Literal["viewer", "teacher", "presenter", "moderator", "captioner"]
SeatKind = Literal["beamer", "companion", "own"]
Why = Literal["room_closed", "removed", "session_over", "signed_out"]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]

QuestionState = Literal[
    "asked", "held", "not_now", "passed", "declined", "shown", "on_stage", "answered", "archived"
]
"""Where a question is: at the teacher (`asked`, `held`, `not_now`), at the moderator (`passed`,
`declined`), with everybody (`shown`, `on_stage`, `answered`), nowhere any more (`archived`)."""

HeldFor = Literal["phone", "handle", "email", "address", "name"]
Checker = Literal["teacher", "moderator"]
Reaction = Literal["clap", "heart", "wow", "laugh", "idea"]
Phase = Literal["green", "lobby", "live", "paused", "ended"]
CueKind = Literal["next", "five_minutes", "not_heard"]
About = Literal["question", "class", "stage", "something_else"]
Concern = Literal["unkind", "personal", "unsafe", "something_else"]

# What no database keeps is no text.
NO_NUL = r"^[^\x00]*\Z"
QuestionText = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=NO_NUL)]
CaptionText = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)]
PollText = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=NO_NUL)]
Choice = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]
Choices = Annotated[tuple[Choice, ...], msgspec.Meta(min_length=2, max_length=8)]
Chosen = Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=7)], ...], msgspec.Meta(max_length=8)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Counts = Annotated[tuple[Count, ...], msgspec.Meta(min_length=2, max_length=8)]


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
    quality: Quality | None = None


class Want(msgspec.Struct, frozen=True, tag_field="do", tag="want"):
    """How much picture this page wants at most."""

    wish: Wish


# Those below change the room. Each has a `request` of the page's choice, by which `done` or
# `refused` answers it; what is asked twice is done once.


class Ask(msgspec.Struct, frozen=True, tag_field="do", tag="ask"):
    """A question, under a name of the page's making. `part`: for which of her classes she asks."""

    request: Number
    question: UUID
    text: QuestionText
    part: UUID | None = None


class Upvote(msgspec.Struct, frozen=True, tag_field="do", tag="upvote"):
    """This device wants a question asked, or no longer."""

    request: Number
    question: UUID
    is_on: bool = True


class Move(msgspec.Struct, frozen=True, tag_field="do", tag="move"):
    """A teacher or moderator moves a question on."""

    request: Number
    question: UUID
    to: QuestionState


class PassAll(msgspec.Struct, frozen=True, tag_field="do", tag="pass_all"):
    """The teacher passes on all that wait for her in a class; held ones stay."""

    request: Number
    part: UUID


class Pin(msgspec.Struct, frozen=True, tag_field="do", tag="pin"):
    """A moderator keeps a question on top, or no longer."""

    request: Number
    question: UUID
    is_on: bool = True


class FirstCheck(msgspec.Struct, frozen=True, tag_field="do", tag="first_check"):
    """The teacher says who looks at her class's questions first."""

    request: Number
    part: UUID
    by: Checker


class OpenPoll(msgspec.Struct, frozen=True, tag_field="do", tag="open_poll"):
    """A moderator asks everybody; the poll that was open closes."""

    request: Number
    poll: UUID
    text: PollText
    choices: Choices
    is_multiple: bool = False


class ClosePoll(msgspec.Struct, frozen=True, tag_field="do", tag="close_poll"):
    """A moderator ends the voting."""

    request: Number
    poll: UUID


class ShowPoll(msgspec.Struct, frozen=True, tag_field="do", tag="show_poll"):
    """A moderator shows everybody what was voted, or hides it."""

    request: Number
    poll: UUID
    is_on: bool = True


class Vote(msgspec.Struct, frozen=True, tag_field="do", tag="vote"):
    """This device's vote; a later one takes its place."""

    request: Number
    poll: UUID
    choices: Chosen


class CountHands(msgspec.Struct, frozen=True, tag_field="do", tag="count_hands"):
    """The teacher of a class without phones tells how many hands went up for each choice."""

    request: Number
    poll: UUID
    part: UUID
    counts: Counts


class React(msgspec.Struct, frozen=True, tag_field="do", tag="react"):
    """A reaction; it has no answer and no row."""

    kind: Reaction


class RaiseHand(msgspec.Struct, frozen=True, tag_field="do", tag="raise_hand"):
    """This device's hand."""

    request: Number
    is_on: bool = True


class LowerHand(msgspec.Struct, frozen=True, tag_field="do", tag="lower_hand"):
    """The teacher or a moderator takes down a hand, or all of a class."""

    request: Number
    part: UUID
    seat: UUID | None = None


class Consent(msgspec.Struct, frozen=True, tag_field="do", tag="consent"):
    """The teacher lets her class come on stage in this session, or takes that back."""

    request: Number
    part: UUID
    is_on: bool


class PutOnStage(msgspec.Struct, frozen=True, tag_field="do", tag="put_on_stage"):
    """A moderator brings a class on the stage."""

    request: Number
    part: UUID


class Cut(msgspec.Struct, frozen=True, tag_field="do", tag="cut"):
    """The teacher or a moderator takes a class off the stage at once."""

    request: Number
    part: UUID


class MuteClass(msgspec.Struct, frozen=True, tag_field="do", tag="mute_class"):
    """The teacher or a moderator: nothing comes from this class, or again."""

    request: Number
    part: UUID
    is_on: bool = True


class Ban(msgspec.Struct, frozen=True, tag_field="do", tag="ban"):
    """The teacher or a moderator removes a device; it does not come back into this session."""

    request: Number
    seat: UUID


class SetPhase(msgspec.Struct, frozen=True, tag_field="do", tag="set_phase"):
    """A moderator takes the room from one phase to the next."""

    request: Number
    to: Phase


class TakeOver(msgspec.Struct, frozen=True, tag_field="do", tag="take_over"):
    """A moderator becomes the host, when the host is gone."""

    request: Number


class Item(msgspec.Struct, frozen=True):
    """One line of the running order."""

    title: Choice
    minutes: Annotated[int, msgspec.Meta(ge=1, le=240)]


Items = Annotated[tuple[Item, ...], msgspec.Meta(max_length=40)]


class SetOrder(msgspec.Struct, frozen=True, tag_field="do", tag="set_order"):
    """A moderator writes the running order; always the whole of it."""

    request: Number
    items: Items


class GoTo(msgspec.Struct, frozen=True, tag_field="do", tag="go_to"):
    """A moderator says where in the running order we are."""

    request: Number
    item: Annotated[int, msgspec.Meta(ge=0, le=39)]


class SetTimer(msgspec.Struct, frozen=True, tag_field="do", tag="set_timer"):
    """A moderator starts the presenters' timer; 0 takes it away."""

    request: Number
    seconds: Annotated[int, msgspec.Meta(ge=0, le=7200)]


class SendCue(msgspec.Struct, frozen=True, tag_field="do", tag="send_cue"):
    """A moderator's word to those on the stage."""

    request: Number
    cue: CueKind


class Report(msgspec.Struct, frozen=True, tag_field="do", tag="report"):
    """Somebody tells the safeguarding officer that something is wrong; no free text."""

    request: Number
    about: About
    concern: Concern
    question: UUID | None = None


class TypeCaption(msgspec.Struct, frozen=True, tag_field="do", tag="caption"):
    """A captioner's line, under a name of the page's making; again: corrected, empty: taken back.

    It waits for no tick, and its answer comes when it was kept.
    """

    request: Number
    line: UUID
    text: CaptionText


StateCommand: TypeAlias = (
    Ask
    | Upvote
    | Move
    | PassAll
    | Pin
    | FirstCheck
    | OpenPoll
    | ClosePoll
    | ShowPoll
    | Vote
    | CountHands
    | RaiseHand
    | LowerHand
    | Consent
    | PutOnStage
    | Cut
    | MuteClass
    | Ban
    | SetPhase
    | TakeOver
    | SetOrder
    | GoTo
    | SetTimer
    | SendCue
    | Report
)
"""Commands that change the room: decided in its log's order, answered once they are committed."""

Command: TypeAlias = Hello | Pong | Want | React | TypeCaption | StateCommand


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
    is_moderator: bool = False
    part: UUID | None = None
    parts: tuple[UUID, ...] = ()
    is_before_live: bool = False


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
    request: int | None = None


class Done(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """A command was done, and is kept whatever happens."""

    request: int


class Question(msgspec.Struct, frozen=True):
    """A question everybody sees. Its class is told by name and region, its device by nothing."""

    id: UUID
    class_name: str
    region: str
    text: str
    state: QuestionState
    is_pinned: bool
    votes: int
    at: int


class OwnQuestion(msgspec.Struct, frozen=True):
    """Where a question of this device is; the page keeps its text."""

    id: UUID
    state: QuestionState
    held_for: tuple[HeldFor, ...] = ()


class Waiting(msgspec.Struct, frozen=True):
    """A question on its way, for its class's teacher or the moderator only."""

    id: UUID
    part: UUID
    class_name: str
    region: str
    seat: UUID | None
    text: str
    state: QuestionState
    held_for: tuple[HeldFor, ...]
    at: int


class Poll(msgspec.Struct, frozen=True):
    """A poll. `is_shown`: everybody sees what was voted."""

    id: UUID
    text: str
    choices: tuple[str, ...]
    is_multiple: bool
    is_open: bool
    is_shown: bool


class Hand(msgspec.Struct, frozen=True):
    """A device's raised hand, since when."""

    seat: UUID
    at: int


class ClassState(msgspec.Struct, frozen=True):
    """What is so of a class now, for its own devices, its teacher and the moderators."""

    part: UUID
    is_frozen: bool = False
    is_muted: bool = False
    first_check: Checker = "teacher"
    has_consent: bool = False
    is_on_stage: bool = False


class ClassCount(msgspec.Struct, frozen=True):
    """A class in figures. `headcount`: as told, None before. `phones`, `has_screen`: here now."""

    part: UUID
    class_name: str
    region: str
    headcount: int | None
    phones: int
    has_screen: bool
    has_adult: bool
    hands: int
    waiting: int
    left: bool = False
    watching: int = 0
    worst: Quality | None = None
    worst_count: int = 0
    by_relay: int = 0


class Caption(msgspec.Struct, frozen=True):
    """A line of what is said. `number` grows each time it is typed anew."""

    id: UUID
    language: str
    text: str
    at: int
    number: int


class RoomNow(msgspec.Struct, frozen=True, tag_field="event", tag="room"):
    """All of the room that this page may see, as it is at `as_of`; it replaces what was known."""

    as_of: int
    phase: Phase
    phase_at: int
    questions: tuple[Question, ...] = ()
    own_questions: tuple[OwnQuestion, ...] = ()
    upvoted: tuple[UUID, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    polls: tuple[Poll, ...] = ()
    voted: tuple[UUID, ...] = ()
    is_hand_up: bool = False
    classes: tuple[ClassState, ...] = ()
    host: UUID | None = None
    items: tuple[Item, ...] = ()
    item: int | None = None
    item_at: int | None = None
    timer_until: int | None = None
    captions: tuple[Caption, ...] = ()
    captions_in: tuple[str, ...] = ()


class QuestionTold(msgspec.Struct, frozen=True, tag_field="event", tag="question"):
    """A question everybody sees, whenever something about it changes."""

    number: int
    question: Question


class OwnQuestionTold(msgspec.Struct, frozen=True, tag_field="event", tag="own_question"):
    """To the device that asked: where its question is now."""

    number: int
    question: OwnQuestion


class WaitingTold(msgspec.Struct, frozen=True, tag_field="event", tag="waiting"):
    """To teacher or moderator: a question in her queue came or changed."""

    number: int
    question: Waiting


class Gone(msgspec.Struct, frozen=True, tag_field="event", tag="gone"):
    """To teacher or moderator: a question has left her queue."""

    number: int
    question: UUID
    state: QuestionState


class PollTold(msgspec.Struct, frozen=True, tag_field="event", tag="poll"):
    """A poll opens, closes, is shown or hidden."""

    number: int
    poll: Poll


class PollResult(msgspec.Struct, frozen=True, tag_field="event", tag="poll_result"):
    """What was voted so far: to moderators, and to everybody while it is shown."""

    poll: UUID
    votes: tuple[int, ...]
    hands: tuple[int, ...]
    voters: int


class CountsTold(msgspec.Struct, frozen=True, tag_field="event", tag="counts"):
    """Figures that change often; at most once a second, each time all that this page may see."""

    votes: dict[str, int]
    waiting: int = 0


class Reactions(msgspec.Struct, frozen=True, tag_field="event", tag="reactions"):
    """How many of each came since the last time, over all classes."""

    counts: dict[Reaction, int]


class Hands(msgspec.Struct, frozen=True, tag_field="event", tag="hands"):
    """To a class's teacher and the moderators: its raised hands, the first one first."""

    number: int
    part: UUID
    hands: tuple[Hand, ...]


class OwnHand(msgspec.Struct, frozen=True, tag_field="event", tag="own_hand"):
    """To a device: whether its hand is up, e.g. taken down by the teacher."""

    number: int
    is_on: bool


class ClassTold(msgspec.Struct, frozen=True, tag_field="event", tag="class"):
    """To a class's devices, its teacher and the moderators: what is so of it now."""

    number: int
    state: ClassState


class Classes(msgspec.Struct, frozen=True, tag_field="event", tag="classes"):
    """To moderators, and to a teacher of her own: who is here; at most once a second."""

    classes: tuple[ClassCount, ...]


class PhaseTold(msgspec.Struct, frozen=True, tag_field="event", tag="phase"):
    """The room is in another phase."""

    number: int
    at: int
    phase: Phase


class HostTold(msgspec.Struct, frozen=True, tag_field="event", tag="host"):
    """To moderators and presenters: who is the host now."""

    number: int
    member: UUID
    name: str


class OrderTold(msgspec.Struct, frozen=True, tag_field="event", tag="order"):
    """To moderators and presenters: the running order and where in it we are."""

    number: int
    items: tuple[Item, ...]
    item: int | None = None
    item_at: int | None = None


class TimerTold(msgspec.Struct, frozen=True, tag_field="event", tag="timer"):
    """To moderators and presenters: when the timer ends; null takes it away."""

    number: int
    until: int | None


class CueTold(msgspec.Struct, frozen=True, tag_field="event", tag="cue"):
    """To moderators and presenters: a moderator's word."""

    number: int
    at: int
    cue: CueKind


class CaptionTold(msgspec.Struct, frozen=True, tag_field="event", tag="caption"):
    """To everybody who may see the stage: a line of what is said came, or is another."""

    caption: Caption


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
    | Done
    | RoomNow
    | QuestionTold
    | OwnQuestionTold
    | WaitingTold
    | Gone
    | PollTold
    | PollResult
    | CountsTold
    | Reactions
    | Hands
    | OwnHand
    | ClassTold
    | Classes
    | PhaseTold
    | HostTold
    | OrderTold
    | TimerTold
    | CueTold
    | CaptionTold
)

Numbered: TypeAlias = (
    PresenterCame
    | PresenterLeft
    | OnAir
    | OffAir
    | Closed
    | QuestionTold
    | OwnQuestionTold
    | WaitingTold
    | Gone
    | PollTold
    | Hands
    | OwnHand
    | ClassTold
    | PhaseTold
    | HostTold
    | OrderTold
    | TimerTold
    | CueTold
)
"""Those that stand in the room's log and are told again to whoever asks `since`."""

_COMMANDS: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_WRITER = msgspec.json.Encoder()


def read(frame: str | bytes) -> Command:
    """The command in a frame. Raises `msgspec.DecodeError` for anything else."""
    return _COMMANDS.decode(frame)


def written(event: Event) -> str:
    """An event as its frame."""
    return _WRITER.encode(event).decode()
