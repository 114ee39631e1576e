from dataclasses import replace
from datetime import date

import pytest

from rooms.errors import Conflict, Refused
from rooms.tours.states import TABLE, Actor, State, TourFacts, Verb, may, missing, move, verbs

TODAY = date(2026, 3, 10)
WHOLE = TourFacts(
    title="Inside the bakery",
    description="How bread is made",
    has_film=True,
    is_film_ready=True,
    spoken_languages=("nl",),
    caption_languages=("nl", "en"),
    declared_until=date(2027, 1, 1),
    sectors=1,
    levels=2,
    is_checklist_ticked=True,
)


def test_the_way_to_the_public_and_back() -> None:
    state = State.DRAFT
    for verb, actor, expected in (
        (Verb.ASK_REVIEW, Actor.COMPANY, State.REVIEW),
        (Verb.RETURN, Actor.COORDINATOR, State.RETURNED),
        (Verb.EDIT, Actor.COMPANY, State.RETURNED),
        (Verb.ASK_REVIEW, Actor.COMPANY, State.REVIEW),
        (Verb.PUBLISH, Actor.COORDINATOR, State.PUBLISHED),
        (Verb.REPLACE_FILM, Actor.SYSTEM, State.REVIEW),
        (Verb.PUBLISH, Actor.BUREAU, State.PUBLISHED),
        (Verb.END_DATE, Actor.SYSTEM, State.UNPUBLISHED),
        (Verb.ASK_REVIEW, Actor.COMPANY, State.REVIEW),
        (Verb.WITHDRAW, Actor.COMPANY, State.DRAFT),
    ):
        state = move(state, verb, actor, reasons=("a badge is readable",))
        assert state is expected


def test_only_a_reviewer_publishes_and_only_out_of_review() -> None:
    ways = [(at, who) for (at, verb), (to, who) in TABLE.items() if to is State.PUBLISHED]
    assert ways == [(State.REVIEW, {Actor.COORDINATOR, Actor.BUREAU})]


def test_no_company_word_changes_under_a_reviewers_eyes() -> None:
    assert not may(State.REVIEW, Verb.EDIT, Actor.COMPANY)
    assert not may(State.PUBLISHED, Verb.EDIT, Actor.COMPANY)


def test_another_state_is_a_conflict_and_another_actor_is_refused() -> None:
    with pytest.raises(Conflict) as conflict:
        move(State.DRAFT, Verb.PUBLISH, Actor.COORDINATOR)
    assert conflict.value.code == "tour_state"
    with pytest.raises(Refused) as refused:
        move(State.REVIEW, Verb.PUBLISH, Actor.COMPANY)
    assert refused.value.code == "tour_actor"


@pytest.mark.parametrize(
    ("state", "verb", "actor"),
    [
        (State.DRAFT, Verb.ASK_REVIEW, Actor.COMPANY),
        (State.REVIEW, Verb.PUBLISH, Actor.COORDINATOR),
    ],
)
def test_nothing_goes_on_while_something_is_missing(state: State, verb: Verb, actor: Actor) -> None:
    with pytest.raises(Refused) as refused:
        move(state, verb, actor, missing=("captions:nl",))
    assert refused.value.code == "tour_missing"
    assert refused.value.params["missing"] == ("captions:nl",)


@pytest.mark.parametrize("reasons", [(), ("",), ("  ",)])
def test_a_return_says_why(reasons: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        move(State.REVIEW, Verb.RETURN, Actor.COORDINATOR, reasons=reasons)
    assert refused.value.code == "tour_reasons"


def test_the_buttons_of_each() -> None:
    assert verbs(State.REVIEW, Actor.COORDINATOR) == (Verb.RETURN, Verb.PUBLISH)
    assert verbs(State.REVIEW, Actor.COMPANY) == (Verb.WITHDRAW, Verb.REPLACE_FILM)
    assert verbs(State.PUBLISHED, Actor.COORDINATOR) == (Verb.UNPUBLISH,)
    assert verbs(State.DRAFT, Actor.COORDINATOR) == ()


def test_every_state_can_be_left() -> None:
    for state in State:
        assert any(at is state and to is not state for (at, _), (to, _) in TABLE.items())


def test_an_empty_tour_misses_all_in_the_pages_order() -> None:
    assert missing(TourFacts(), TODAY) == (
        "title",
        "description",
        "film",
        "spoken_language",
        "declaration",
        "sector",
        "level",
        "checklist",
    )


def test_a_whole_tour_misses_nothing() -> None:
    assert missing(WHOLE, TODAY) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": "  "}, ("title",)),
        ({"is_film_ready": False}, ("film_not_ready",)),
        ({"spoken_languages": ("nl", "fr")}, ("captions:fr",)),
        ({"caption_languages": ()}, ("captions:nl",)),
        ({"caption_languages": (), "nobody_speaks": True}, ()),
        ({"spoken_languages": (), "nobody_speaks": True}, ()),
        ({"declared_until": TODAY}, ("declaration_ended",)),
        ({"declared_until": date(2026, 3, 11)}, ()),
        ({"levels": 0}, ("level",)),
        ({"is_checklist_ticked": False}, ("checklist",)),
    ],
)
def test_one_thing_missing_is_named(change: dict[str, object], expected: tuple[str, ...]) -> None:
    assert missing(replace(WHOLE, **change), TODAY) == expected  # type: ignore[arg-type]
