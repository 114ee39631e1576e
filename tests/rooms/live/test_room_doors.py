"""Every command of a room times everybody who can be in one: the table of who may, held to it."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from rooms.errors import Refused
from rooms.live import protocol as p
from rooms.live.room import Room
from rooms.live.room_state import ClassFacts, Facts, Who
from tests.rooms.live.test_room import (
    ELSEWHERE,
    MODERATOR,
    NOW,
    PHONES,
    PRESENTER,
    SCREEN,
    TEACHER,
    TWO,
    A,
    B,
    P,
    Q,
    a_poll,
    a_room,
    an_id,
    asked,
    do,
    phone,
    shown,
)  # fmt: skip

WATCHER = Who(an_id("coordinator elsewhere"))
EDITOR = Who(an_id("editor of the company"), is_presenter=True)
PEOPLE = {
    "phone": phone(),
    "other phone": phone(B),
    "screen": SCREEN,
    "teacher": TEACHER,
    "other teacher": ELSEWHERE,
    "presenter": PRESENTER,
    "editor": EDITOR,
    "moderator": MODERATOR,
    "watcher": WATCHER,
}
KEEPERS = {"teacher", "moderator"}
# Of class A, of a question of it, or of the room. Whoever is not named is told `not_allowed`.
MAY: dict[type[Any], set[str]] = {
    p.Ask: {"phone", "other phone", "teacher", "other teacher"},
    p.Upvote: {"phone", "other phone"},
    p.Move: KEEPERS,
    p.PassAll: {"teacher"},
    p.Pin: {"moderator"},
    p.FirstCheck: {"teacher"},
    p.OpenPoll: {"moderator"},
    p.ClosePoll: {"moderator"},
    p.ShowPoll: {"moderator"},
    p.Vote: {"phone", "other phone"},
    p.CountHands: {"teacher"},
    p.RaiseHand: {"phone", "other phone"},
    p.LowerHand: KEEPERS,
    p.Consent: {"teacher"},
    p.PutOnStage: {"moderator"},
    p.Cut: KEEPERS,
    p.MuteClass: KEEPERS,
    p.Ban: KEEPERS,
    p.SetPhase: {"moderator"},
    p.TakeOver: {"moderator"},
    p.SetOrder: {"moderator"},
    p.GoTo: {"moderator"},
    p.SetTimer: {"moderator"},
    p.SendCue: {"moderator"},
    p.Report: set(PEOPLE),
}
ITEMS = (p.Item("Hello", 5), p.Item("Workshop", 20))


def the_command(kind: type[Any], room: Room, name: str) -> Any:
    """One that is in order for whoever may."""
    at_teacher, public = list(room.questions)[:2]
    made: dict[type[Any], Callable[[], Any]] = {
        p.Ask: lambda: p.Ask(1, Q, "How?"),
        p.Upvote: lambda: p.Upvote(1, public),
        p.Move: lambda: (
            p.Move(1, public, "answered")
            if name == "moderator"
            else p.Move(1, at_teacher, "passed")
        ),
        p.Pin: lambda: p.Pin(1, public),
        p.FirstCheck: lambda: p.FirstCheck(1, A, "moderator"),
        p.OpenPoll: lambda: p.OpenPoll(1, an_id("new"), "?", ("a", "b")),
        p.ClosePoll: lambda: p.ClosePoll(1, P),
        p.ShowPoll: lambda: p.ShowPoll(1, P),
        p.Vote: lambda: p.Vote(1, P, (0,)),
        p.CountHands: lambda: p.CountHands(1, P, A, (1, 1)),
        p.RaiseHand: lambda: p.RaiseHand(1),
        p.Consent: lambda: p.Consent(1, A, False),
        p.Ban: lambda: p.Ban(1, PHONES[A][0]),
        p.SetPhase: lambda: p.SetPhase(1, "paused"),
        p.TakeOver: lambda: p.TakeOver(1),
        p.SetOrder: lambda: p.SetOrder(1, ITEMS[:1]),
        p.GoTo: lambda: p.GoTo(1, 1),
        p.SetTimer: lambda: p.SetTimer(1, 60),
        p.SendCue: lambda: p.SendCue(1, "next"),
        p.Report: lambda: p.Report(1, "stage", "unsafe"),
    }
    return made.get(kind, lambda: kind(1, A))()


def a_busy_room() -> Room:
    room = a_room()
    asked(room)
    shown(room)
    a_poll(room)
    do(room, TEACHER, p.Consent(1, A, True))
    do(room, MODERATOR, p.SetOrder(1, ITEMS))
    return room


def test_the_table_names_every_command() -> None:
    assert set(MAY) == set(get_args(p.StateCommand))


@pytest.mark.parametrize("kind", MAY, ids=lambda kind: kind.__name__)
def test_who_may(kind: type[Any]) -> None:
    for name, who in PEOPLE.items():
        room = a_busy_room()
        later = NOW + 600_000
        try:
            lines = room.take(the_command(kind, room, name), who, TWO, later)
        except Refused as refused:
            assert name not in MAY[kind], (name, refused.code)
            assert refused.code == "not_allowed", name
        else:
            assert name in MAY[kind], name
            nothing = kind in {p.Cut, p.LowerHand, p.Report}
            assert lines or nothing, name


@pytest.mark.parametrize("kind", MAY, ids=lambda kind: kind.__name__)
def test_a_class_that_has_left_may_nothing(kind: type[Any]) -> None:
    room = a_busy_room()
    left = Facts({A: ClassFacts(A, "3B", "Twente", 3, is_in=False), B: TWO.classes[B]})
    for name in ("phone", "teacher", "screen"):
        if kind is not p.Report:
            with pytest.raises(Refused, match="not_allowed"):
                room.take(the_command(kind, room, name), PEOPLE[name], left, NOW + 600_000)
