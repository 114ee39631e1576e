"""The room as a pure state machine: what is so is its log's sum, and a command becomes lines.

No I/O and no clock: rows and time arrive as arguments. `take` decides and takes in what it
decided, so that the next command of the same tick sees it; whoever cannot keep the lines throws
the room away and reads its log again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rooms.errors import Refused
from rooms.live import classes_rule, flow_rule, polls_rule, protocol, questions_rule
from rooms.live.protocol import HeldFor
from rooms.live.room_state import Facts, Happening, RoomState, Who


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log: `at` in milliseconds since 1970."""

    number: int
    at: int
    happened: Happening


class Room(RoomState):
    """One room. Two of them that took in the same lines are the same."""

    def catch_up(self, lines: Iterable[Line]) -> None:
        """Takes in what the log has beyond what is known."""
        for line in lines:
            self.apply(line.number, line.at, line.happened)

    def take(
        self,
        command: protocol.StateCommand,
        who: Who,
        facts: Facts,
        now: int,
        held_for: tuple[HeldFor, ...] = (),
    ) -> tuple[Line, ...]:
        """The lines a command makes, taken in already; none where it changes nothing.

        Raises `Refused`, and then nothing has changed. `held_for`: of a question's text.
        """
        return self.add(self.decide(command, who, facts, now, held_for), now)

    def due(self, facts: Facts) -> tuple[Happening, ...]:
        """What rows make: the webinar's state, who is there, whether a moderator is needed."""
        if self.phase == "ended":
            return ()
        return (
            *flow_rule.follow(self, facts),
            *classes_rule.check_adults(self, facts),
            *questions_rule.settle(self, facts),
        )

    def see(self, facts: Facts, now: int) -> tuple[Line, ...]:
        """The lines of what is due, taken in; before any command."""
        return self.add(self.due(facts), now)

    def add(self, decided: tuple[Happening, ...], now: int) -> tuple[Line, ...]:
        """What was decided, numbered and taken in."""
        lines = tuple(Line(n, now, one) for n, one in enumerate(decided, self.number + 1))
        self.catch_up(lines)
        return lines

    def decide(
        self,
        command: protocol.StateCommand,
        who: Who,
        facts: Facts,
        now: int,
        held_for: tuple[HeldFor, ...] = (),
    ) -> tuple[Happening, ...]:
        """What a command would make; nothing has changed. Raises `Refused`."""
        match command:
            case protocol.Ask():
                return questions_rule.ask(self, who, command, facts, held_for, now)
            case protocol.SetTimer():
                return flow_rule.set_timer(self, who, command, facts, now)
            case protocol.Report():  # an incident has a row of its own, and no line
                return ()
        rule = _RULES.get(type(command))
        if rule is None:
            raise Refused("not_served")
        return rule(self, who, command, facts)


_RULES: dict[type[Any], Callable[..., tuple[Happening, ...]]] = {
    protocol.Upvote: questions_rule.upvote,
    protocol.Move: questions_rule.move,
    protocol.PassAll: questions_rule.pass_all,
    protocol.Pin: questions_rule.pin,
    protocol.FirstCheck: questions_rule.first_check,
    protocol.OpenPoll: polls_rule.open_poll,
    protocol.ClosePoll: polls_rule.close_poll,
    protocol.ShowPoll: polls_rule.show_poll,
    protocol.Vote: polls_rule.vote,
    protocol.CountHands: polls_rule.count_hands,
    protocol.RaiseHand: classes_rule.raise_hand,
    protocol.LowerHand: classes_rule.lower_hand,
    protocol.Consent: classes_rule.consent,
    protocol.PutOnStage: classes_rule.put_on_stage,
    protocol.Cut: classes_rule.cut,
    protocol.MuteClass: classes_rule.mute_class,
    protocol.Ban: classes_rule.ban,
    protocol.SetPhase: flow_rule.set_phase,
    protocol.TakeOver: flow_rule.take_over,
    protocol.SetOrder: flow_rule.set_order,
    protocol.GoTo: flow_rule.go_to,
    protocol.SendCue: flow_rule.send_cue,
}
