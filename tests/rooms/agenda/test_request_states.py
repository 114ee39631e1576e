"""An invitation's table: every state, every verb, every role; and its term."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from rooms.agenda import request_states as states
from rooms.agenda.request_states import Actor, State, Verb
from rooms.errors import Conflict, Refused

# state, who acts, verb, state afterwards: whatever is not here cannot be done.
MOVES = {
    ("asked", "company", "accept"): "accepted",
    ("asked", "company", "propose"): "proposed",
    ("asked", "company", "decline"): "declined",
    ("asked", "teacher", "withdraw"): "withdrawn",
    ("asked", "system", "expire"): "expired",
    ("proposed", "teacher", "accept_date"): "accepted",
    ("proposed", "teacher", "decline_date"): "asked",
    ("proposed", "teacher", "withdraw"): "withdrawn",
    ("proposed", "company", "propose"): "proposed",
    ("proposed", "company", "decline"): "declined",
    ("proposed", "system", "expire"): "expired",
    ("accepted", "company", "cancel"): "accepted",
    ("accepted", "teacher", "cancel"): "accepted",
}


@pytest.mark.parametrize(
    ("state", "actor", "verb"), list(product(State, Actor, Verb)), ids=lambda one: one.value
)
def test_a_move_is_in_the_table_or_is_refused(state: State, actor: Actor, verb: Verb) -> None:
    after = MOVES.get((state.value, actor.value, verb.value))
    who = frozenset({actor})
    assert states.may(state, verb, who) == (after is not None)
    assert (verb in states.verbs(state, who)) == (after is not None)
    if after is not None:
        assert states.move(state, verb, who, reason="Geen plek") is State(after)
        return
    with pytest.raises((Conflict, Refused)) as refused:
        states.move(state, verb, who, reason="Geen plek")
    another_may = any((state.value, one.value, verb.value) in MOVES for one in Actor)
    assert refused.value.code == ("request_actor" if another_may else "request_state")


def test_a_no_says_why_and_whoever_has_both_roles_may_do_both() -> None:
    with pytest.raises(Refused, match="request_reason"):
        states.move(State.ASKED, Verb.DECLINE, frozenset({Actor.COMPANY}), reason="  ")
    both = frozenset({Actor.COMPANY, Actor.TEACHER})
    assert states.verbs(State.ASKED, both) == (
        Verb.ACCEPT, Verb.PROPOSE, Verb.DECLINE, Verb.WITHDRAW,
    )  # fmt: skip
    assert State.ASKED in states.OPEN
    assert State.ACCEPTED not in states.OPEN


def test_the_term_is_counted_in_the_programmes_own_days() -> None:
    # Friday evening in Amsterdam is Friday; in Auckland it is Saturday already.
    evening = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
    assert states.term(evening, "Europe/Amsterdam") == states.Term(
        date(2026, 12, 4), date(2026, 12, 11)
    )
    assert states.term(evening, "Pacific/Auckland") == states.Term(
        date(2026, 12, 4), date(2026, 12, 11)
    )
    late = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)  # Monday there, since half an hour
    assert states.term(late, "Europe/Amsterdam").word_on == date(2026, 12, 7)
    assert states.term(late, "UTC").word_on == date(2026, 12, 4)
