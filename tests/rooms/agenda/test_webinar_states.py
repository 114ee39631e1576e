"""The table of a webinar's life: every state, verb and actor."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.agenda import webinar_states
from rooms.agenda.webinar_states import TABLE, Actor, State, Times, Verb, due, may, move, verbs
from rooms.errors import Conflict, Refused

# The whole table as its readers know it: state → actor → the verbs she has there.
LEAD, COMPANY, PRESENTER, TEACHER, SYSTEM = (
    (Actor.OFFICE, Actor.MODERATOR), (Actor.COMPANY,), (Actor.PRESENTER,), (Actor.TEACHER,),
    (Actor.SYSTEM,),
)  # fmt: skip
MAY: dict[State, tuple[tuple[tuple[Actor, ...], str], ...]] = {
    State.DRAFT: (
        (LEAD, "edit reschedule invite announce cancel copy"),
        (COMPANY, "edit reschedule invite"),
        (SYSTEM, "announce"),
    ),
    State.ANNOUNCED: (
        (LEAD, "edit reschedule invite let_in rehearse open cancel copy"),
        (COMPANY, "invite"),
        (PRESENTER, "rehearse"),
        (TEACHER, "register"),
        (SYSTEM, "open lapse cancel"),
    ),
    State.OPEN: (
        (LEAD, "edit invite let_in present go_live end cancel copy"),
        (PRESENTER, "present"),
        (TEACHER, "register come"),
        (SYSTEM, "come end cancel"),
    ),
    State.LIVE: (
        (LEAD, "invite let_in present go_live end copy"),
        (PRESENTER, "present"),
        (TEACHER, "register come"),
        (SYSTEM, "come end"),
    ),
    State.ENDED: ((LEAD, "copy archive"), (SYSTEM, "archive")),
    State.ARCHIVED: ((LEAD, "copy"),),
    State.CANCELLED: ((LEAD, "copy"),),
}
LEADS_TO = {
    Verb.ANNOUNCE: State.ANNOUNCED, Verb.OPEN: State.OPEN, Verb.GO_LIVE: State.LIVE,
    Verb.END: State.ENDED, Verb.LAPSE: State.ENDED, Verb.CANCEL: State.CANCELLED,
    Verb.ARCHIVE: State.ARCHIVED,
}  # fmt: skip
TEN = datetime(2026, 3, 17, 10, 0, tzinfo=UTC)
ELEVEN = TEN + timedelta(hours=1)


def _allowed(state: State, actor: Actor) -> set[Verb]:
    told = [words.split() for actors, words in MAY[state] if actor in actors]
    return {Verb(word) for words in told for word in words}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("actor", Actor)
def test_each_actor_has_her_verbs_in_each_state(state: State, actor: Actor) -> None:
    assert set(verbs(state, frozenset({actor}))) == _allowed(state, actor)


def test_a_verb_leads_where_its_name_says_from_every_state() -> None:
    for (state, verb), (after, _) in TABLE.items():
        assert after is LEADS_TO.get(verb, state), (state, verb)


@pytest.mark.parametrize(("state", "verb"), list(product(State, Verb)))
def test_a_move_is_made_or_refused_by_name(state: State, verb: Verb) -> None:
    for actor in Actor:
        actors = frozenset({actor})
        if (state, verb) not in TABLE:
            with pytest.raises(Conflict) as refused:
                move(state, verb, actors)
            assert refused.value.code == "webinar_state"
        elif verb not in _allowed(state, actor):
            with pytest.raises(Refused) as turned_away:
                move(state, verb, actors)
            assert turned_away.value.code == "webinar_actor"
        else:
            assert move(state, verb, actors) is LEADS_TO.get(verb, state)


@given(st.sampled_from(State), st.sampled_from(Verb), st.frozensets(st.sampled_from(Actor)))
def test_somebody_who_is_several_may_what_any_of_them_may(
    state: State, verb: Verb, actors: frozenset[Actor]
) -> None:
    assert may(state, verb, actors) == any(may(state, verb, frozenset({one})) for one in actors)


@pytest.mark.parametrize(
    ("state", "minutes_after_ten", "is_on_air", "verb"),
    [
        (State.DRAFT, 500, False, None),
        (State.ANNOUNCED, -16, False, None),
        (State.ANNOUNCED, -15, False, Verb.OPEN),
        (State.ANNOUNCED, 30, False, Verb.OPEN),
        (State.ANNOUNCED, 60, False, Verb.LAPSE),
        (State.OPEN, 179, False, None),
        (State.OPEN, 180, False, Verb.END),
        (State.LIVE, 180, False, Verb.END),
        (State.LIVE, 600, True, None),
        (State.ENDED, 60, False, None),
        (State.ENDED, 60 + 90 * 24 * 60, False, Verb.ARCHIVE),
        (State.ARCHIVED, 10**6, False, None),
        (State.CANCELLED, 10**6, False, None),
    ],
)
def test_what_is_due_by_itself(
    state: State, minutes_after_ten: int, is_on_air: bool, verb: Verb | None
) -> None:
    ended_at = ELEVEN if state is State.ENDED else None
    times = Times(state, TEN, ELEVEN, ended_at, is_on_air)
    assert due(times, TEN + timedelta(minutes=minutes_after_ten)) is verb
    if verb is not None:
        assert webinar_states.may(state, verb, frozenset({Actor.SYSTEM}))
