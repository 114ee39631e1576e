"""Everybody × every command of a room's socket, from the code's own tables.

Who somebody is in a room follows from her grants or her device's seat (`rooms.role_in`); what she
may then do is held in `tests/rooms/live/test_room_doors.py`. Here both meet: each role of a
programme, and the same roles of another programme, at a company's room and at a webinar's.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from rooms.agenda.webinar_states import State
from rooms.errors import Refused
from rooms.live import protocol as p
from rooms.live import room_views, rooms
from rooms.live.room_state import ClassFacts, Facts, Who
from rooms.live.rooms import Cast, Room
from rooms.scope import Grant, Scope
from tests.rooms.live.test_room import NOW, SCREEN, A, B, an_id, phone
from tests.rooms.live.test_room_doors import MAY, PEOPLE, a_busy_room, the_command

LATER = NOW + 600_000
HERE, ELSEWHERE = an_id("programme"), an_id("another programme")
NEAR, FAR, WERF, MOLEN, SCHOOL = (an_id(one) for one in ("near", "far", "werf", "molen", "school"))

# Each with the part of the programme her role covers.
GRANTS: dict[str, Grant] = {
    "teacher": Grant("teacher", school_id=SCHOOL),
    "other teacher": Grant("teacher", school_id=SCHOOL),
    "teacher without a class here": Grant("teacher", school_id=SCHOOL),
    "editor": Grant("editor", company_id=WERF),
    "opener": Grant("editor", company_id=WERF),
    "editor of another company": Grant("editor", company_id=MOLEN),
    "presenter": Grant("presenter", company_id=WERF),
    "invited presenter": Grant("presenter", company_id=MOLEN),
    "moderator": Grant("moderator"),
    "moderator of this webinar": Grant("teacher", school_id=SCHOOL),
    "coordinator": Grant("coordinator", region_id=NEAR),
    "far coordinator": Grant("coordinator", region_id=FAR),
    "facilitator": Grant("facilitator"),
    "bureau": Grant("bureau"),
    "safeguarding": Grant("safeguarding"),
    "operator": Grant("operator"),
    "nobody of the programme": Grant("funder"),
}
# As whom of the table of commands each counts; '' : the room is not there for her.
IN_A_COMPANYS_ROOM = {
    "teacher": "teacher",
    "other teacher": "other teacher",
    "teacher without a class here": "watcher",
    "editor": "editor",
    "opener": "moderator",
    "editor of another company": "",
    "presenter": "editor",
    "invited presenter": "",
    "moderator": "moderator",
    "moderator of this webinar": "watcher",
    "coordinator": "moderator",
    "far coordinator": "watcher",
    "facilitator": "",
    "bureau": "moderator",
    "safeguarding": "",
    "operator": "moderator",
    "nobody of the programme": "",
}
IN_A_WEBINARS_ROOM = IN_A_COMPANYS_ROOM | {
    "editor": "watcher",
    "opener": "watcher",
    "presenter": "watcher",
    "invited presenter": "presenter",
    "moderator of this webinar": "moderator",
}
DEVICES: dict[str, tuple[Who, str]] = {
    "pupil": (phone(), "phone"),
    "pupil of another class": (phone(B), "other phone"),
    "screen": (SCREEN, "screen"),
    "pupil of a class elsewhere": (Who(an_id("x"), part=an_id("5C"), seat=an_id("x")), "watcher"),
}
CAST = Cast(
    an_id("webinar"), State.LIVE, True, True,
    moderator_ids=frozenset({an_id("moderator of this webinar")}),
    presenter_ids=frozenset({an_id("invited presenter")}),
    vetted_ids=frozenset({an_id("invited presenter")}),
    teacher_ids=frozenset({an_id("teacher"), an_id("other teacher")}),
)  # fmt: skip
OF_A_COMPANY = Room(
    HERE, an_id("room"), an_id("session"), "Live", WERF, "Werf", NEAR, "Europe/Amsterdam",
    an_id("opener"), datetime.fromtimestamp(NOW / 1000, UTC), None, 0,
)  # fmt: skip
OF_A_WEBINAR = replace(OF_A_COMPANY, cast=CAST)
FACTS = Facts(
    {
        A: ClassFacts(A, "3B", "Twente", 3, has_adult=True, teachers=frozenset({an_id("teacher")})),
        B: ClassFacts(
            B, "4A", "Brabant", 2, has_adult=True, teachers=frozenset({an_id("other teacher")})
        ),
    }
)


def who_is(name: str, room: Room, programme: UUID = HERE) -> Who | None:
    """Somebody who is signed in, as the socket makes her from her role; None: she is told 404."""
    scope = Scope(programme, an_id(name), (GRANTS[name],))
    role = rooms.role_in(scope, room)
    if role is None:
        return None
    member = an_id(f"place of {name}") if role in rooms.ON_STAGE else None
    return Who(
        an_id(name), rooms.is_moderator(role, room, scope.person_id), role == "presenter",
        member=member, person=scope.person_id,
    )  # fmt: skip


def allowed(who: Who) -> dict[str, set[type[Any]]]:
    """The commands this visitor may have done, and those of which only the code says no."""
    found: dict[str, set[type[Any]]] = {"may": set(), "not_allowed": set()}
    for kind in get_args(p.StateCommand):
        room = a_busy_room()
        name = "moderator" if FACTS.moderates(who) else ""
        try:
            room.take(the_command(kind, room, name), FACTS.now(who), FACTS, LATER)
        except Refused as refused:
            found[refused.code].add(kind)
        else:
            found["may"].add(kind)
    return found


def the_table(of: str) -> set[type[Any]]:
    """What the table of commands lets somebody like this do."""
    return {kind for kind, names in MAY.items() if of in names}


@pytest.mark.parametrize("name", GRANTS)
@pytest.mark.parametrize(
    ("room", "as_whom"),
    [(OF_A_COMPANY, IN_A_COMPANYS_ROOM), (OF_A_WEBINAR, IN_A_WEBINARS_ROOM)],
    ids=["company", "webinar"],
)
def test_a_person(name: str, room: Room, as_whom: dict[str, str]) -> None:
    who = who_is(name, room)
    assert (who is None) == (as_whom[name] == "")
    if who is not None:
        found = allowed(who)
        assert found["may"] == the_table(as_whom[name])
        assert found["may"] | found["not_allowed"] == set(get_args(p.StateCommand))
        assert not room_views.may_react(a_busy_room(), who, FACTS)


@pytest.mark.parametrize("room", [OF_A_COMPANY, OF_A_WEBINAR], ids=["company", "webinar"])
def test_the_same_roles_of_another_programme_find_no_room(room: Room) -> None:
    for name in GRANTS:
        assert who_is(name, room, ELSEWHERE) is None, name


def test_whoever_opened_it_and_lost_her_role_finds_no_room() -> None:
    scope = Scope(HERE, an_id("opener"), (Grant("facilitator"),))
    assert rooms.role_in(scope, OF_A_COMPANY) is None


@pytest.mark.parametrize("name", DEVICES)
def test_a_device(name: str) -> None:
    who, as_whom = DEVICES[name]
    found = allowed(who)
    assert found["may"] == the_table(as_whom)
    assert room_views.may_react(a_busy_room(), who, FACTS) == (as_whom in {"phone", "other phone"})


def test_before_the_doors_open_a_webinars_room_is_its_casts_alone() -> None:
    room = replace(OF_A_WEBINAR, cast=replace(CAST, state=State.ANNOUNCED))
    there = {name for name in GRANTS if who_is(name, room) is not None}
    assert there == {
        "invited presenter", "moderator", "moderator of this webinar", "coordinator", "bureau",
        "operator",
    }  # fmt: skip


def test_the_people_of_the_table_are_all_somebody_here() -> None:
    used = {*IN_A_COMPANYS_ROOM.values(), *IN_A_WEBINARS_ROOM.values()}
    used |= {as_whom for _, as_whom in DEVICES.values()}
    assert set(PEOPLE) <= used
