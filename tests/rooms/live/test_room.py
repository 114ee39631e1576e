"""The room as a state machine: its rules one by one, and its promises under any order."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rooms.errors import Refused
from rooms.live import protocol as p
from rooms.live import room_views
from rooms.live.room import Line, Room
from rooms.live.room_state import PUBLIC, ClassFacts, Facts, Who

NOW = 1_772_614_800_000
HERE = UUID("6c1f5d1e-6a43-4a0c-9a51-0d5b4f1d9a10")


def an_id(name: str) -> UUID:
    return uuid5(HERE, name)


A, B = an_id("3B"), an_id("4A")
PHONES = {part: [an_id(f"{part}-{n}") for n in range(2)] for part in (A, B)}
MODERATOR = Who(an_id("moderator"), is_moderator=True, member=an_id("stage-1"))
OTHER = Who(an_id("second"), is_moderator=True, member=an_id("stage-2"))
PRESENTER = Who(an_id("presenter"), is_presenter=True, member=an_id("stage-3"))
TEACHER = Who(an_id("teacher"), parts=frozenset({A}))
ELSEWHERE = Who(an_id("elsewhere"), parts=frozenset({B}))
SCREEN = Who(an_id("screen"), part=A, seat=an_id("screen"), is_screen=True)
CLASS_A = ClassFacts(A, "3B", "Twente", 3, has_adult=True)
CLASS_B = ClassFacts(B, "4A", "Brabant", 2, has_adult=True)
ONE = Facts({A: CLASS_A})
TWO = Facts({A: CLASS_A, B: CLASS_B})
Q, P = an_id("question"), an_id("poll")


def phone(part: UUID = A, n: int = 0) -> Who:
    return Who(PHONES[part][n], part=part, seat=PHONES[part][n])


def a_room(facts: Facts = TWO) -> Room:
    made = Room()
    made.see(facts, NOW)
    return made


def do(room: Room, who: Who, command: Any, facts: Facts = TWO, now: int = NOW, **held: Any) -> Any:
    return room.take(command, who, facts, now, **held)


def refused(room: Room, who: Who, command: Any, facts: Facts = TWO, now: int = NOW) -> str:
    before = deepcopy(room)
    with pytest.raises(Refused) as caught:
        room.take(command, who, facts, now)
    assert room == before
    return caught.value.code


def asked(room: Room, part: UUID = A, facts: Facts = TWO, **held: Any) -> UUID:
    name = an_id(f"question-{len(room.questions)}")
    do(room, phone(part), p.Ask(1, name, "How?"), facts, NOW + 60_000 * len(room.questions), **held)
    return name


def shown(room: Room) -> UUID:
    name = asked(room)
    do(room, TEACHER, p.Move(1, name, "passed"))
    do(room, MODERATOR, p.Move(1, name, "shown"))
    return name


# --- questions ----------------------------------------------------------------------------------


def test_a_question_goes_from_class_to_teacher_to_moderator_to_stage() -> None:
    room = a_room()
    name = asked(room)
    assert room.questions[name].state == "asked"
    assert refused(room, MODERATOR, p.Move(1, name, "on_stage")) == "not_now"
    assert refused(room, ELSEWHERE, p.Move(1, name, "passed")) == "not_allowed"
    do(room, TEACHER, p.Move(1, name, "passed"))
    assert refused(room, TEACHER, p.Move(1, name, "on_stage")) == "not_now"
    do(room, MODERATOR, p.Move(1, name, "on_stage"))
    do(room, MODERATOR, p.Move(1, name, "answered"))
    do(room, MODERATOR, p.Move(1, name, "archived"))
    assert refused(room, MODERATOR, p.Move(1, name, "shown")) == "not_now"


def test_one_question_is_on_the_stage() -> None:
    room = a_room()
    first, second = shown(room), shown(room)
    do(room, MODERATOR, p.Move(1, first, "on_stage"))
    do(room, MODERATOR, p.Move(1, second, "on_stage"))
    assert room.questions[first].state == "answered"
    on = room.on_stage()
    assert on is not None and on.id == second


def test_with_one_class_its_teacher_is_the_moderator_until_another_comes() -> None:
    room = a_room(ONE)
    name = asked(room, facts=ONE)
    do(room, TEACHER, p.Move(1, name, "on_stage"), ONE)
    assert room.see(ONE, NOW) == ()
    room.see(TWO, NOW)
    assert room.questions[name].state == "passed"
    assert refused(room, TEACHER, p.Move(1, name, "on_stage")) == "not_now"
    expected = Facts({A: CLASS_A}, expected=30)
    assert refused(room, TEACHER, p.OpenPoll(1, P, "?", ("a", "b")), expected) == "not_allowed"


def test_pass_all_leaves_held_ones_where_they_are() -> None:
    room = a_room()
    held = asked(room, held_for=("phone",))
    plain, other = asked(room), asked(room, B)
    do(room, TEACHER, p.PassAll(1, A))
    states = [room.questions[one].state for one in (held, plain, other)]
    assert states == ["held", "passed", "asked"]
    do(room, TEACHER, p.Move(1, held, "passed"))
    assert room.questions[held].held_for == ("phone",)


def test_the_first_check_can_be_left_to_the_moderator() -> None:
    room = a_room()
    waits = asked(room)
    assert refused(room, MODERATOR, p.FirstCheck(1, A, "moderator")) == "not_allowed"
    do(room, TEACHER, p.FirstCheck(1, A, "moderator"))
    assert room.questions[waits].state == "passed"
    assert room.questions[asked(room, held_for=("email",))].state == "passed"
    assert room.questions[asked(room, B)].state == "asked"


def test_a_question_sent_again_is_the_same_one_and_nobody_elses() -> None:
    room = a_room()
    command = p.Ask(1, Q, "How?")
    assert len(do(room, phone(), command)) == 1
    assert do(room, phone(), command) == ()
    assert refused(room, phone(A, 1), command) == "not_allowed"


def test_a_device_asks_three_times_a_minute() -> None:
    room = a_room()
    for n in range(3):
        do(room, phone(), p.Ask(1, an_id(str(n)), "How?"))
    assert refused(room, phone(), p.Ask(1, Q, "How?")) == "too_many"
    do(room, phone(A, 1), p.Ask(1, an_id("other"), "How?"))
    do(room, phone(), p.Ask(1, Q, "How?"), now=NOW + 60_000)


def test_a_teacher_asks_for_her_class() -> None:
    room = a_room()
    do(room, TEACHER, p.Ask(1, Q, "How?"))
    assert (room.questions[Q].state, room.questions[Q].seat) == ("passed", None)
    assert refused(room, PRESENTER, p.Ask(1, an_id("x"), "How?")) == "not_allowed"
    assert refused(room, SCREEN, p.Ask(1, an_id("x"), "How?")) == "not_allowed"


def test_a_teacher_of_two_classes_says_for_which_she_asks() -> None:
    room, both = a_room(), replace(TEACHER, parts=frozenset({A, B}))
    assert refused(room, both, p.Ask(1, Q, "How?")) == "not_allowed"
    assert refused(room, both, p.Ask(1, Q, "How?", an_id("none of hers"))) == "not_allowed"
    assert refused(room, TEACHER, p.Ask(1, Q, "How?", B)) == "not_allowed"
    do(room, both, p.Ask(1, Q, "How?", B))
    assert (room.questions[Q].part, room.questions[Q].seat) == (B, None)


def test_each_device_wants_a_question_once() -> None:
    room = a_room()
    name = shown(room)
    for _ in range(2):
        do(room, phone(), p.Upvote(1, name))
    do(room, phone(B), p.Upvote(1, name))
    assert len(room.questions[name].upvotes) == 2
    do(room, phone(B), p.Upvote(1, name, False))
    assert len(room.questions[name].upvotes) == 1
    assert refused(room, phone(), p.Upvote(1, asked(room))) == "not_now"
    assert refused(room, TEACHER, p.Upvote(1, name)) == "not_allowed"


def test_a_moderator_pins_what_everybody_sees() -> None:
    room = a_room()
    name = shown(room)
    do(room, MODERATOR, p.Pin(1, name))
    assert room.questions[name].is_pinned
    assert refused(room, MODERATOR, p.Pin(1, asked(room))) == "not_now"
    assert refused(room, TEACHER, p.Pin(1, name, False)) == "not_allowed"


# --- polls --------------------------------------------------------------------------------------


def a_poll(room: Room, is_multiple: bool = False) -> None:
    do(room, MODERATOR, p.OpenPoll(1, P, "Which?", ("a", "b"), is_multiple))


def test_each_device_has_one_vote_and_may_change_it() -> None:
    room = a_room()
    a_poll(room)
    do(room, phone(), p.Vote(1, P, (0,)))
    do(room, phone(B), p.Vote(1, P, (0,)))
    do(room, phone(), p.Vote(1, P, (1,)))
    assert room.polls[P].counts() == ((1, 1), (0, 0))
    do(room, phone(), p.Vote(1, P, ()))
    assert room.polls[P].counts() == ((1, 0), (0, 0))
    for wrong in ((0, 1), (2,)):
        assert refused(room, phone(), p.Vote(1, P, wrong)) == "bad_command"
    assert refused(room, SCREEN, p.Vote(1, P, (0,))) == "not_allowed"
    do(room, MODERATOR, p.ClosePoll(1, P))
    assert refused(room, phone(), p.Vote(1, P, (0,))) == "not_now"


def test_hands_are_counted_up_to_the_headcount_where_nobody_votes_by_phone() -> None:
    room = a_room()
    a_poll(room)
    assert refused(room, TEACHER, p.CountHands(1, P, A, (2, 2))) == "hands_many"
    do(room, TEACHER, p.CountHands(1, P, A, (2, 1)))
    do(room, phone(B), p.Vote(1, P, (1,)))
    assert room.polls[P].counts() == ((0, 1), (2, 1))
    assert refused(room, phone(), p.Vote(1, P, (0,))) == "hands_beside_phones"
    assert refused(room, ELSEWHERE, p.CountHands(1, P, B, (1, 0))) == "hands_beside_phones"
    assert refused(room, ELSEWHERE, p.CountHands(1, P, A, (1, 0))) == "not_allowed"
    do(room, TEACHER, p.CountHands(1, P, A, (0, 0)))
    do(room, phone(), p.Vote(1, P, (0,)))
    unknown = Facts({A: ClassFacts(A, headcount=None, has_adult=True), B: CLASS_B})
    fresh = a_room()
    a_poll(fresh)
    assert refused(fresh, TEACHER, p.CountHands(1, P, A, (1, 0)), unknown) == "hands_many"


def test_in_a_multiple_poll_each_choice_has_all_hands() -> None:
    room = a_room()
    a_poll(room, is_multiple=True)
    do(room, TEACHER, p.CountHands(1, P, A, (3, 3)))
    do(room, phone(B), p.Vote(1, P, (1, 0)))
    assert room.polls[P].counts() == ((1, 1), (3, 3))


def test_one_poll_is_open() -> None:
    room = a_room()
    a_poll(room)
    do(room, MODERATOR, p.OpenPoll(1, an_id("next"), "And?", ("x", "y")))
    assert [one.is_open for one in room.polls.values()] == [False, True]


# --- classes ------------------------------------------------------------------------------------


def test_a_class_without_an_adult_freezes_and_lifts() -> None:
    room = Room()
    assert refused(room, phone(), p.Ask(1, Q, "How?")) == "class_frozen"
    room.see(TWO, NOW)
    do(room, TEACHER, p.Consent(1, A, True))
    do(room, MODERATOR, p.PutOnStage(1, A))
    a_poll(room)
    alone = Facts({A: ClassFacts(A, has_adult=False), B: CLASS_B})
    room.see(alone, NOW)
    assert not room.of_class(A).is_on_stage
    for command in (p.Ask(1, Q, "?"), p.Vote(1, P, (0,)), p.RaiseHand(1)):
        assert refused(room, phone(), command, alone) == "class_frozen"
    do(room, phone(B), p.Vote(1, P, (0,)), alone)
    room.see(TWO, NOW)
    do(room, phone(), p.Vote(1, P, (0,)))


def test_a_muted_class_is_muted_as_one() -> None:
    room = a_room()
    a_poll(room)
    do(room, phone(), p.RaiseHand(1))
    do(room, MODERATOR, p.MuteClass(1, A))
    assert room.of_class(A).hands == {}
    for command in (p.Ask(1, Q, "?"), p.Vote(1, P, (0,)), p.RaiseHand(1)):
        assert refused(room, phone(), command) == "class_muted"
    do(room, phone(B), p.RaiseHand(1))
    do(room, TEACHER, p.MuteClass(1, A, False))
    do(room, phone(), p.RaiseHand(1))
    assert refused(room, ELSEWHERE, p.MuteClass(1, A)) == "not_allowed"


def test_a_class_comes_on_stage_with_its_teachers_consent_only() -> None:
    room = a_room()
    assert refused(room, MODERATOR, p.PutOnStage(1, A)) == "no_consent"
    assert refused(room, MODERATOR, p.Consent(1, A, True)) == "not_allowed"
    for command in (p.Cut(1, A), p.Consent(1, A, False), p.MuteClass(1, A)):
        do(room, TEACHER, p.Consent(1, A, True))
        do(room, MODERATOR, p.PutOnStage(1, A))
        assert room.of_class(A).is_on_stage
        do(room, TEACHER, command)
        assert not room.of_class(A).is_on_stage
    assert refused(room, TEACHER, p.PutOnStage(1, A)) == "not_allowed"


def test_hands_are_a_queue_and_come_down() -> None:
    room = a_room()
    do(room, phone(A, 1), p.RaiseHand(1))
    do(room, phone(), p.RaiseHand(1), now=NOW + 1)
    assert list(room.of_class(A).hands) == [PHONES[A][1], PHONES[A][0]]
    do(room, TEACHER, p.LowerHand(1, A, PHONES[A][1]))
    assert list(room.of_class(A).hands) == [PHONES[A][0]]
    assert refused(room, ELSEWHERE, p.LowerHand(1, A)) == "not_allowed"


def test_a_removed_device_says_nothing_any_more() -> None:
    room = a_room()
    name = asked(room)
    assert refused(room, ELSEWHERE, p.Ban(1, PHONES[A][0])) == "not_allowed"
    assert refused(room, MODERATOR, p.Ban(1, PHONES[B][1])) == "not_allowed"
    do(room, TEACHER, p.Ban(1, PHONES[A][0]))
    assert room.questions[name].state == "archived"
    assert refused(room, phone(), p.Ask(1, Q, "How?")) == "not_allowed"
    do(room, phone(A, 1), p.Ask(1, Q, "How?"))


# --- how it goes --------------------------------------------------------------------------------


def test_phases_go_one_way_and_their_first_moderator_is_host() -> None:
    room = a_room()
    room.phase = "green"
    assert refused(room, phone(), p.Ask(1, Q, "?")) == "not_open"
    assert refused(room, MODERATOR, p.SetPhase(1, "paused")) == "not_now"
    assert refused(room, PRESENTER, p.SetPhase(1, "live")) == "not_allowed"
    for phase in ("lobby", "live", "paused", "live"):
        do(room, MODERATOR, p.SetPhase(1, phase))  # type: ignore[arg-type]
    assert (room.phase, room.host) == ("live", MODERATOR.member)
    do(room, MODERATOR, p.SetPhase(1, "ended"))
    assert refused(room, phone(), p.Ask(1, Q, "?")) == "room_closed"
    assert refused(room, MODERATOR, p.SetPhase(1, "live")) == "room_closed"


def test_a_webinars_room_follows_its_webinar() -> None:
    room = a_room()
    announced = Facts(TWO.classes, phases=("green",))
    assert room_views.snapshot(room, MODERATOR, announced, {}).phase == "green"
    for phases in (("green",), ("lobby",), ("live", "paused"), ("ended",)):
        facts = Facts(TWO.classes, phases=phases)  # type: ignore[arg-type]
        assert [one.happened.data for one in room.see(facts, NOW)] == [{"to": phases[0]}]
        assert room.see(facts, NOW) == ()
        if "paused" in phases:
            do(room, MODERATOR, p.SetPhase(1, "paused"), facts)
            assert room.see(facts, NOW) == ()


def test_another_moderator_takes_over_when_the_host_is_gone() -> None:
    room = a_room()
    do(room, MODERATOR, p.TakeOver(1))
    here = Facts(TWO.classes, is_host_here=True)
    assert refused(room, OTHER, p.TakeOver(1), here) == "host_here"
    assert refused(room, TEACHER, p.TakeOver(1)) == "not_allowed"
    do(room, OTHER, p.TakeOver(1))
    assert room.host == OTHER.member


def test_the_running_order_keeps_its_place() -> None:
    room = a_room()
    items = (p.Item("Hello", 5), p.Item("Workshop", 20))
    do(room, MODERATOR, p.SetOrder(1, items))
    do(room, MODERATOR, p.GoTo(1, 1))
    do(room, MODERATOR, p.SetOrder(1, items))
    assert room.item == 1
    do(room, MODERATOR, p.SetOrder(1, items[:1]))
    assert room.item is None
    assert refused(room, MODERATOR, p.GoTo(1, 1)) == "not_now"
    do(room, MODERATOR, p.SetTimer(1, 300))
    assert room.timer_until == NOW + 300_000
    do(room, MODERATOR, p.SetTimer(1, 0))
    assert room.timer_until is None
    [cue] = do(room, MODERATOR, p.SendCue(1, "next"))
    assert cue.happened.data == {"cue": "next"}


# --- any order ----------------------------------------------------------------------------------

QUESTIONS = [an_id(f"q{n}") for n in range(3)]
POLLS = [an_id(f"p{n}") for n in range(2)]
SEATS = [seat for phones in PHONES.values() for seat in phones]
PEOPLE = [
    MODERATOR, OTHER, PRESENTER, TEACHER, ELSEWHERE, SCREEN,
    *(phone(part, n) for part in (A, B) for n in range(2)),
]  # fmt: skip
parts, flags = st.sampled_from([A, B]), st.booleans()
questions, polls = st.sampled_from(QUESTIONS), st.sampled_from(POLLS)
STATES = st.sampled_from(p.QuestionState.__args__)  # type: ignore[attr-defined]
COMMANDS = st.one_of(
    st.builds(p.Ask, st.just(1), questions, st.just("x")),
    st.builds(p.Move, st.just(1), questions, STATES),
    st.builds(p.Move, st.just(1), questions, st.sampled_from(["passed", "shown", "on_stage"])),
    st.builds(p.Upvote, st.just(1), questions, flags),
    st.builds(p.Pin, st.just(1), questions, flags),
    st.builds(p.PassAll, st.just(1), parts),
    st.builds(p.FirstCheck, st.just(1), parts, st.sampled_from(["teacher", "moderator"])),
    st.builds(p.OpenPoll, st.just(1), polls, st.just("?"), st.just(("a", "b")), flags),
    st.builds(p.ClosePoll, st.just(1), polls),
    st.builds(p.ShowPoll, st.just(1), polls, flags),
    st.builds(p.Vote, st.just(1), polls, st.sampled_from([(), (0,), (1,), (0, 1)])),
    st.builds(
        p.CountHands, st.just(1), polls, parts,
        st.tuples(st.integers(0, 4), st.integers(0, 4)),
    ),
    st.builds(p.RaiseHand, st.just(1), flags),
    st.builds(p.LowerHand, st.just(1), parts, st.none() | st.sampled_from(SEATS)),
    st.builds(p.Consent, st.just(1), parts, flags),
    st.builds(p.PutOnStage, st.just(1), parts),
    st.builds(p.Cut, st.just(1), parts),
    st.builds(p.MuteClass, st.just(1), parts, flags),
    st.builds(p.Ban, st.just(1), st.sampled_from(SEATS)),
    st.builds(p.SetPhase, st.just(1), st.sampled_from(["live", "paused"])),
    st.builds(p.TakeOver, st.just(1)),
)  # fmt: skip
FACTS = st.builds(
    lambda a, b, in_b: Facts(
        {
            A: ClassFacts(A, "3B", "Twente", 3, has_adult=a),
            B: ClassFacts(B, "4A", "Brabant", 2, is_in=in_b, has_adult=b),
        }
    ),
    flags, flags, flags,
)  # fmt: skip
STEPS = st.lists(
    st.tuples(FACTS | st.just(TWO), st.sampled_from(PEOPLE), COMMANDS, flags), max_size=60
)


def text_of(question: UUID) -> str:
    return f"secret-{question}"


TEXTS = {one: text_of(one) for one in QUESTIONS}


def events_of(room: Room, lines: tuple[Line, ...], facts: Facts, before: Room) -> Iterator[Any]:
    """Who is told what of these lines, each taken in one by one as a process tells them."""
    for line in lines:
        states = {one.id: one.state for one in before.questions.values()}
        before.catch_up([line])
        yield from room_views.told(before, states, line, facts, TEXTS)


def check_secrets(room: Room, who: Who, facts: Facts, written: str) -> None:
    for name, question in room.questions.items():
        if question.state in PUBLIC or text_of(name) not in written:
            continue
        at_teacher = question.state in {"asked", "held", "not_now"}
        may_read = question.part in who.parts if at_teacher else facts.moderates(who)
        assert may_read, (who, question)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_in_any_order_its_promises_hold(steps: list[tuple[Facts, Who, Any, bool]]) -> None:
    room, log = Room(), list[Line]()
    for n, (facts, who, command, is_held) in enumerate(steps):
        before, now = deepcopy(room), NOW + n * 20_000
        lines = room.see(facts, now)
        try:
            held: tuple[p.HeldFor, ...] = ("phone",) if is_held else ()
            lines += room.take(command, who, facts, now, held)
        except Refused:
            pass
        log += lines
        assert [line.number for line in log] == list(range(1, len(log) + 1))
        assert '"x"' not in msgspec.json.encode([line.happened.data for line in log]).decode()
        for question in room.questions.values():
            if facts.is_several and question.state in PUBLIC:
                assert question.by_moderator
        assert sum(one.state == "on_stage" for one in room.questions.values()) <= 1
        for poll in room.polls.values():
            check_votes(poll.counts(), poll.is_multiple)
        for part, now_of in room.classes.items():
            one = facts.classes[part]
            if now_of.is_on_stage:
                assert now_of.has_consent and one.has_adult and one.is_in and not now_of.is_muted
        for audience, event in events_of(room, lines, facts, before):
            written = p.written(event)
            for person in PEOPLE:
                if audience.has(person, facts):
                    check_secrets(before, person, facts, written)
        for person in PEOPLE:
            told = p.written(room_views.snapshot(room, person, facts, TEXTS))
            check_secrets(room, person, facts, told)
    again = Room()
    again.catch_up(log)
    assert again == room


def check_votes(counts: tuple[tuple[int, ...], tuple[int, ...]], is_multiple: bool) -> None:
    """Seats and headcounts are an upper bound, for each choice and, in a single poll, for all."""
    most = len(SEATS) + 5
    devices, hands = counts
    together = [one + other for one, other in zip(devices, hands, strict=True)]
    assert all(one <= most for one in together)
    assert is_multiple or sum(together) <= most
