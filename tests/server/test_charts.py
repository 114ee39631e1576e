"""Pictures from figures: what is drawn adds up to what the table says, and nothing has a style."""

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.attendance.review import Month
from server import charts
from server.charts import PLOT_PX, TOP_PX, Chart, Mark, Series, Table
from server.pages import review

values = st.lists(st.integers(0, 10_000), min_size=1, max_size=40)


def every(marks: tuple[Mark, ...]) -> Iterator[Mark]:
    for mark in marks:
        yield mark
        yield from every(mark.inside)


def drawn(chart: Chart, kind: str) -> list[dict[str, str]]:
    found = [dict(mark.attributes) for mark in every(chart.marks)]
    return [one for one in found if kind in one.get("class", "").split()]


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 1), (1, 1), (2, 2), (3, 4), (7, 8), (9, 10), (99, 100), (101, 200), (4_999, 6000)],
)
def test_an_axis_ends_with_a_round_number(most: int, top: int) -> None:
    assert charts.nice_top(most) == top


@given(values, st.data())
def test_columns_stand_on_one_another_and_stay_in_the_plot(
    first: list[int], data: st.DataObject
) -> None:
    second = data.draw(st.lists(st.integers(0, 10_000), min_size=len(first), max_size=len(first)))
    series = [Series("a", tuple(map(float, first))), Series("b", tuple(map(float, second)))]
    places = [str(n) for n in range(len(first))]
    chart = charts.columns("t", "w", places, series, "h", lambda value: f"{value:.0f}")
    for one in drawn(chart, "column"):
        top, height = float(one["y"]), float(one["height"])
        assert top >= TOP_PX - 0.1 and top + height <= PLOT_PX + 1.1
        assert float(one["x"][:-1]) >= 0 and float(one["x"][:-1]) + float(one["width"][:-1]) <= 100
    assert len(drawn(chart, "column-1")) == sum(value > 0 for value in first)
    assert all(one["fill"] == "url(#hatch-2)" for one in drawn(chart, "column-2"))
    assert [row[1:] for row in chart.table.rows] == [
        (str(a), str(b)) for a, b in zip(first, second, strict=True)
    ]
    assert all("style" not in dict(mark.attributes) for mark in every(chart.marks))


@given(st.integers(1, 200))
def test_a_phone_has_room_for_the_words_it_shows(count: int) -> None:
    months = [f"mrt {n:02d}" for n in range(count)]
    chart = charts.columns("t", "w", months, [Series("a", (1.0,) * count)], "h", str)
    everywhere = len(drawn(chart, "place"))
    on_phone = everywhere - len(drawn(chart, "place-wide"))
    assert 1 <= on_phone <= charts.MOST_ON_PHONE and on_phone <= everywhere <= charts.MOST_WORDS
    # The first has its words, and those of a phone stand as far from each other.
    shown = ["place-wide" not in one["class"] for one in drawn(chart, "place")]
    gaps = {b - a for a, b in pairwise(at for at, is_shown in enumerate(shown) if is_shown)}
    assert shown[0] and len(gaps) <= 1
    chart = charts.line("t", "w", months, Series("a", (1.0,) * count), "h", str)
    assert len(drawn(chart, "place")) - len(drawn(chart, "place-wide")) <= charts.MOST_ON_PHONE


def test_a_number_of_the_scale_is_drawn_over_what_stands_on_its_line() -> None:
    for chart in (
        charts.columns("t", "w", ["a"], [Series("a", (8.0,))], "h", str),
        charts.line("t", "w", ["a"], Series("a", (8.0,)), "h", str),
    ):
        kinds = [dict(mark.attributes).get("class", "line").split()[0] for mark in chart.marks]
        drawn_on = "column" if "column" in kinds else "line"
        assert kinds.index("scale") > kinds.index(drawn_on)


@given(values, st.booleans())
def test_a_line_stays_in_its_square_and_has_a_spot_for_each_value(
    told: list[int], steps: bool
) -> None:
    series = Series("a", tuple(map(float, told)))
    places = [str(n) for n in range(len(told))]
    chart = charts.line("t", "w", places, series, "h", str, steps=steps)
    [line] = drawn(chart, "series")
    spots = [tuple(map(float, spot.split(","))) for spot in line["points"].split()]
    assert len(spots) >= len(told) and spots == sorted(spots, key=lambda spot: spot[0])
    assert all(0 <= x <= charts.BOX and 0 <= y <= charts.BOX for x, y in spots)
    assert [row[0] for row in chart.table.rows] == places


def test_without_a_value_there_is_nothing_drawn_and_an_empty_table() -> None:
    chart = charts.line("t", "w", [], Series("a", ()), "h", str)
    assert drawn(chart, "series") == [] and chart.table.rows == ()


def test_words_stand_in_a_picture_as_they_were_typed() -> None:
    inside = (Mark("text", (("class", 'a"b'),), "R&D <now>"),)
    chart = Chart("t", "w", (Mark("svg", (), inside=inside),), Table((), ()))
    assert chart.svg == '<svg><text class="a&quot;b">R&amp;D &lt;now&gt;</text></svg>'


def test_a_month_without_a_lesson_has_its_place() -> None:
    told = [Month("2023-12", 3, 2), Month("2024-03", 1, 0)]
    assert review.every_month(told) == [
        Month("2023-12", 3, 2),
        Month("2024-01", 0, 0),
        Month("2024-02", 0, 0),
        Month("2024-03", 1, 0),
    ]
    assert review.every_month([]) == []


@pytest.mark.parametrize(("minutes", "first"), [(50, "10:00"), (30, "10:00"), (2, "10:00:02")])
def test_no_two_places_of_a_session_have_the_same_words(minutes: int, first: str) -> None:
    row = cast(Any, SimpleNamespace(zone="Europe/Amsterdam"))
    ten = 1_772_442_000_000  # in Amsterdam, on 2 March 2026
    places = review._places(row, (ten, ten + minutes * 60_000))
    assert places[0] == first and len(set(places)) == len(places) == review.POINTS
