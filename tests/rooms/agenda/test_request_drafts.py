"""What a teacher may ask, and with which date a company may answer."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import pytest

from rooms.agenda import request_drafts as drafts
from rooms.agenda.request_drafts import Draft, Slot
from rooms.errors import Refused

TODAY = date(2026, 11, 28)  # a Saturday
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
WHOLE = Draft(
    uuid4(), uuid4(), "live_tour", "Corrosie", "Zien waar roest begint.", "", (),
    (date(2026, 12, 7),), "", 50, 27,
)  # fmt: skip


def test_a_whole_draft_has_no_problem() -> None:
    assert drafts.problems(WHOLE, TODAY) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"company_id": None}, "request_company"),
        ({"class_id": None}, "plan_class"),
        ({"kind": "excursion"}, "request_kind"),
        ({"subject": ""}, "request_subject"),
        ({"subject": "x" * 81}, "request_subject"),
        ({"goal": ""}, "request_goal"),
        ({"goal": "x" * 601}, "request_goal"),
        ({"prior_knowledge": "x" * 601}, "request_known"),
        ({"weeks": ()}, "request_weeks"),
        ({"weeks": (date(2026, 11, 23),)}, "request_week_gone"),  # this week
        ({"weeks": (date(2026, 12, 8),)}, "request_week_gone"),  # a Tuesday
        ({"times": "x" * 121}, "request_times"),
        ({"minutes": None}, "request_long"),
        ({"minutes": 14}, "request_long"),
        ({"minutes": 181}, "request_long"),
        ({"headcount": None}, "class_pupils"),
        ({"headcount": 0}, "class_pupils"),
        ({"headcount": 401}, "class_pupils"),
    ],
)
def test_each_problem_has_its_field_and_code(change: dict[str, object], code: str) -> None:
    [field] = change
    found = drafts.problems(replace(WHOLE, **change), TODAY)  # type: ignore[arg-type]
    assert found == {field: code}


def test_blanks_go_and_choices_stand_once_in_order() -> None:
    typed = replace(
        WHOLE,
        subject="  Corrosie \t en  roest ",
        goal="  Zien\nwaar het begint. ",
        room_setup=("phones", "screen", "phones", "spy"),
        weeks=(date(2026, 12, 14), date(2026, 12, 7), date(2026, 12, 14)),
    )
    tidy = drafts.tidied(typed)
    assert tidy.subject == "Corrosie en roest"
    assert tidy.goal == "Zien\nwaar het begint."
    assert tidy.room_setup == ("screen", "phones")
    assert tidy.weeks == (date(2026, 12, 7), date(2026, 12, 14))


def test_the_weeks_to_choose_from_are_mondays_from_next_week_on() -> None:
    weeks = drafts.weeks_from(TODAY)
    assert weeks[0] == date(2026, 11, 30)
    assert len(weeks) == drafts.WEEKS_AHEAD
    assert {week.weekday() for week in weeks} == {0}
    assert drafts.weeks_from(date(2026, 11, 30), 1) == (date(2026, 12, 7),)  # on a Monday


def slot(day: date = date(2026, 12, 8), at: time = time(10, 15), minutes: int = 50) -> Slot:
    return Slot(day, at, minutes, "Europe/Amsterdam")


def test_a_date_is_local_and_suits_a_week() -> None:
    assert slot().starts_at == datetime(2026, 12, 8, 9, 15, tzinfo=UTC)
    assert slot(date(2027, 6, 8)).starts_at == datetime(2027, 6, 8, 8, 15, tzinfo=UTC)
    assert slot().until_time == time(11, 5)
    assert drafts.suits(slot(), (date(2026, 12, 7),))
    assert drafts.suits(slot(date(2026, 12, 13)), (date(2026, 12, 7),))
    assert not drafts.suits(slot(date(2026, 12, 14)), (date(2026, 12, 7),))


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (slot(TODAY, time(13, 0)), "request_past"),
        (slot(TODAY + timedelta(days=370)), "request_far"),
        (slot(minutes=10), "request_long"),
        (slot(at=time(23, 30)), "request_night"),
    ],
)
def test_a_date_that_cannot_be_is_refused(bad: Slot, code: str) -> None:
    drafts.check_slot(slot(TODAY, time(13, 1)), NOW)
    with pytest.raises(Refused, match=code):
        drafts.check_slot(bad, NOW)
