"""A tour's way to the public: who may do what in which state, and what is still missing.

One table says it all. Whoever stores a move also stores who made it and, for a return, the
reasons: the history of a review is never overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rooms.errors import Conflict, Refused


class State(StrEnum):
    """Where a tour stands; only `published` is seen by others."""

    DRAFT = "draft"
    REVIEW = "review"
    RETURNED = "returned"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"


class Verb(StrEnum):
    """What can be done to a tour's state."""

    EDIT = "edit"
    ASK_REVIEW = "ask_review"
    WITHDRAW = "withdraw"
    RETURN = "return"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    END_DATE = "end_date"
    """The declaration has run out."""
    REPLACE_FILM = "replace_film"
    """A new version of the film has become ready and taken the old one's place."""


class Actor(StrEnum):
    """In what role somebody acts on this very tour; scope has been checked before."""

    COMPANY = "company"
    COORDINATOR = "coordinator"
    BUREAU = "bureau"
    SYSTEM = "system"


_COMPANY = frozenset({Actor.COMPANY})
_REVIEWER = frozenset({Actor.COORDINATOR, Actor.BUREAU})
_SYSTEM = frozenset({Actor.SYSTEM})
_ANY_PERSON = _COMPANY | _REVIEWER
_FILM = _COMPANY | _SYSTEM

TABLE: dict[tuple[State, Verb], tuple[State, frozenset[Actor]]] = {
    (State.DRAFT, Verb.EDIT): (State.DRAFT, _COMPANY),
    (State.DRAFT, Verb.REPLACE_FILM): (State.DRAFT, _FILM),
    (State.DRAFT, Verb.ASK_REVIEW): (State.REVIEW, _COMPANY),
    (State.REVIEW, Verb.WITHDRAW): (State.DRAFT, _COMPANY),
    (State.REVIEW, Verb.RETURN): (State.RETURNED, _REVIEWER),
    (State.REVIEW, Verb.PUBLISH): (State.PUBLISHED, _REVIEWER),
    (State.REVIEW, Verb.REPLACE_FILM): (State.REVIEW, _FILM),
    (State.RETURNED, Verb.EDIT): (State.RETURNED, _COMPANY),
    (State.RETURNED, Verb.REPLACE_FILM): (State.RETURNED, _FILM),
    (State.RETURNED, Verb.ASK_REVIEW): (State.REVIEW, _COMPANY),
    (State.PUBLISHED, Verb.UNPUBLISH): (State.UNPUBLISHED, _ANY_PERSON),
    (State.PUBLISHED, Verb.END_DATE): (State.UNPUBLISHED, _SYSTEM),
    (State.PUBLISHED, Verb.REPLACE_FILM): (State.REVIEW, _FILM),
    (State.UNPUBLISHED, Verb.EDIT): (State.UNPUBLISHED, _COMPANY),
    (State.UNPUBLISHED, Verb.REPLACE_FILM): (State.UNPUBLISHED, _FILM),
    (State.UNPUBLISHED, Verb.ASK_REVIEW): (State.REVIEW, _COMPANY),
}

_NEEDS_ALL = frozenset({Verb.ASK_REVIEW, Verb.PUBLISH})


def may(state: State, verb: Verb, actor: Actor) -> bool:
    """Whether the table has such a move for this actor; what is missing is not looked at."""
    return (state, verb) in TABLE and actor in TABLE[state, verb][1]


def verbs(state: State, actor: Actor) -> tuple[Verb, ...]:
    """What to offer this actor, in the table's order."""
    return tuple(verb for at, verb in TABLE if at is state and may(state, verb, actor))


def move(
    state: State,
    verb: Verb,
    actor: Actor,
    *,
    missing: tuple[str, ...] = (),
    reasons: tuple[str, ...] = (),
) -> State:
    """The state after a move.

    Raises `Conflict` `tour_state` when the state knows no such move (it may have changed
    meanwhile), `Refused` `tour_actor` when it is another's to make, `tour_missing` with what is
    still missing, and `tour_reasons` for a return that does not say why.
    """
    if (state, verb) not in TABLE:
        raise Conflict("tour_state", state=state.value, verb=verb.value)
    if not may(state, verb, actor):
        raise Refused("tour_actor", verb=verb.value, actor=actor.value)
    if verb in _NEEDS_ALL and missing:
        raise Refused("tour_missing", missing=missing)
    if verb is Verb.RETURN and not any(reason.strip() for reason in reasons):
        raise Refused("tour_reasons")
    return TABLE[state, verb][0]


@dataclass(frozen=True)
class TourFacts:
    """What the checklist before review looks at."""

    title: str = ""
    description: str = ""
    has_film: bool = False
    is_film_ready: bool = False
    spoken_languages: tuple[str, ...] = ()
    caption_languages: tuple[str, ...] = ()
    nobody_speaks: bool = False
    """The company says that nobody speaks, and has described the sound in one sentence."""
    declared_until: date | None = None
    """End date of the rights and portrait declaration; None without a declaration."""
    sectors: int = 0
    levels: int = 0
    is_checklist_ticked: bool = False
    """Looked for faces, names, badges, screens, phone numbers, music."""


def missing(facts: TourFacts, today: date) -> tuple[str, ...]:
    """Codes of all that is still missing, in the order of the page.

    Missing captions are named per language, as `captions:nl`. `today` is the programme's date.
    """
    return (
        *(["title"] if not facts.title.strip() else []),
        *(["description"] if not facts.description.strip() else []),
        *_missing_film(facts),
        *_missing_captions(facts),
        *_missing_declaration(facts, today),
        *(["sector"] if not facts.sectors else []),
        *(["level"] if not facts.levels else []),
        *(["checklist"] if not facts.is_checklist_ticked else []),
    )


def _missing_film(facts: TourFacts) -> tuple[str, ...]:
    if not facts.has_film:
        return ("film",)
    return () if facts.is_film_ready else ("film_not_ready",)


def _missing_captions(facts: TourFacts) -> tuple[str, ...]:
    if facts.nobody_speaks:
        return ()
    if not facts.spoken_languages:
        return ("spoken_language",)
    captioned = set(facts.caption_languages)
    return tuple(f"captions:{code}" for code in facts.spoken_languages if code not in captioned)


def _missing_declaration(facts: TourFacts, today: date) -> tuple[str, ...]:
    if facts.declared_until is None:
        return ("declaration",)
    return ("declaration_ended",) if facts.declared_until <= today else ()
