"""A room as this process tells it: what its log adds up to, and which frames each line makes.

Nothing here waits: rows are read by whoever owns the connection (`room_hub.py`), and who is told
is a question to an audience (`rooms/live/room_views.py`). A frame is written once for all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rooms.live import log as room_log
from rooms.live import protocol, room_views
from rooms.live.caption_board import Board
from rooms.live.log import Logged
from rooms.live.room import Line, Room
from rooms.live.room_state import Facts, HereNow, Who
from rooms.live.room_views import CREW, Audience, Texts

Frame = tuple[Audience, str]
Key = tuple[bool, frozenset[UUID], UUID | None]


@dataclass(slots=True)
class News:
    """`host_name`: of the host, as the log's line was read. `figures`: what each kind of visitor
    was told last, so that only changes are told.
    """

    state: Room = field(default_factory=Room)
    facts: Facts = field(default_factory=Facts)
    devices: dict[UUID, HereNow] = field(default_factory=dict)
    is_loaded: bool = False
    host_name: str = ""
    figures: dict[tuple[str, Key], str] = field(default_factory=dict)
    captions: Board = field(default_factory=Board)

    def load(self, logged: Sequence[Logged]) -> None:
        """The log so far; nobody is told."""
        for one in logged:
            self._take(room_log.line_of(one), one.name)
        self.is_loaded = True

    def take_in(self, logged: Logged, texts: Texts) -> Iterator[Frame]:
        """Takes in a line, if it is new here; what is told of it, and to whom."""
        if logged.number <= self.state.number:
            return
        line = room_log.line_of(logged)
        before = self._questions_before(line)
        self._take(line, logged.name)
        told = room_views.told(self.state, before, line, self.facts, texts)
        for audience, event in told:
            yield audience, protocol.written(event)
        if logged.kind == "host" and self.state.host is not None:
            host = protocol.HostTold(line.number, self.state.host, logged.name)
            yield CREW, protocol.written(host)

    def _take(self, line: Line, name: str) -> None:
        self.state.catch_up([line])
        if line.happened.kind == "host":
            self.host_name = name

    def _questions_before(self, line: Line) -> dict[UUID, str]:
        name = line.happened.data.get("question")
        question = self.state.questions.get(UUID(name)) if name else None
        return {question.id: question.state} if question is not None else {}

    # --- for one visitor ------------------------------------------------------------------------

    def welcome(self, who: Who, texts: Texts) -> list[str]:
        """All that she may see, for whoever has just come or has become somebody else."""
        state, facts = self.state, self.facts
        events: list[protocol.Event] = [
            room_views.snapshot(state, who, facts, texts, self._captions_for(who))
        ]
        if state.host is not None and CREW.has(who, facts):
            events.append(protocol.HostTold(state.number, state.host, self.host_name))
        events += room_views.hands_up(state, who, facts)
        frames = [protocol.written(event) for event in events]
        return frames + [frame for _, frame in self.figures_of(who)]

    def _captions_for(self, who: Who) -> tuple[protocol.Caption, ...]:
        """What was typed before the stage was everybody's was tried, and is not said again; the
        captioner goes on from it."""
        if not room_views.reads_captions(self.state, who, self.facts):
            return ()
        return self.captions.since(0 if who.captioner is not None else self.state.phase_at)

    def figures_of(self, who: Who) -> list[tuple[str, str]]:
        """What changes often, by what it replaces in her queue."""
        state, facts = self.state, self.facts
        found = [("counts", protocol.written(room_views.counts(state, who, facts)))]
        for result in room_views.poll_results(state, who, facts):
            found.append((f"result {result.poll}", protocol.written(result)))
        parts = room_views.classes(state, who, facts, self.devices)
        if parts is not None:
            found.append(("classes", protocol.written(parts)))
        return found

    def key_of(self, who: Who) -> Key:
        """Visitors with the same key are told the same figures."""
        return self.facts.moderates(who), who.parts, who.part if who.is_screen else None

    def changed_figures(self, visitors: Iterable[Who]) -> dict[Key, list[tuple[str, str]]]:
        """The figures that changed since they were told, for each kind of visitor there."""
        found: dict[Key, list[tuple[str, str]]] = {}
        told: dict[tuple[str, Key], str] = {}
        for who in visitors:
            key = self.key_of(who)
            if key not in found:
                figures = self.figures_of(who)
                found[key] = [one for one in figures if self.figures.get((one[0], key)) != one[1]]
                told |= {(name, key): frame for name, frame in figures}
        self.figures = told
        return found
