import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rooms.attendance.ranges import length_ms, union
from rooms.errors import Refused
from rooms.tours.chapters import (
    MAX_CHAPTERS,
    Chapter,
    Cut,
    Edit,
    LineError,
    chapter_ranges,
    chapters_through,
    kept_of,
    kept_spans,
    parse_chapters,
    parse_time,
    shown_time,
)

FILM_MS = 300_000


@pytest.mark.parametrize(
    ("typed", "time_ms"),
    [
        ("0", 0),
        ("62", 62_000),
        ("1:02", 62_000),
        ("01:02", 62_000),
        (" 1:02 ", 62_000),
        ("0:01:02.5", 62_500),
        ("1:02,5", 62_500),
        ("1:00:00", 3_600_000),
        ("90:00", 5_400_000),
        ("0:00.0014", 1),
        ("3600", 3_600_000),
    ],
)
def test_a_time_is_read_as_it_is_typed(typed: str, time_ms: int) -> None:
    assert parse_time(typed) == time_ms


@pytest.mark.parametrize(
    "typed", ["", "a", "1:", ":30", "1:60", "1:60:00", "1:2:3:4", "-1", "1.2.3", "1:02.", "1e3"]
)
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_time(typed)
    assert refused.value.code == "time_form"


@given(st.integers(0, 99 * 3_600_000))
def test_a_shown_time_is_read_back(time_ms: int) -> None:
    assert parse_time(shown_time(time_ms)) == time_ms


def test_times_are_shown_short() -> None:
    assert [shown_time(t) for t in (0, 62_000, 1_500, 3_662_000)] == [
        "0:00",
        "1:02",
        "0:01.5",
        "1:01:02",
    ]


# --- chapters --------------------------------------------------------------------------------


def test_chapters_are_typed_as_lines() -> None:
    text = "0:00 Welkom\n\n2:30 - The  oven\n1:02,5\tFlour & water \n(4:00) Aan tafel: brood\n"
    assert parse_chapters(text, FILM_MS).chapters == (
        Chapter(0, "Welkom"),
        Chapter(62_500, "Flour & water"),
        Chapter(150_000, "The oven"),
        Chapter(240_000, "Aan tafel: brood"),
    )


def test_every_wrong_line_is_named() -> None:
    text = "0:00 Good\nno time\n1:99 Bad time\n9:00 Too late\n1:00\n0:00 Twice\n2:00 " + "x" * 121
    found = parse_chapters(text, FILM_MS)
    assert found.chapters == ()
    assert found.errors == (
        LineError(2, "chapter_form", "no time"),
        LineError(3, "time_form", "1:99"),
        LineError(4, "chapter_after_end", "9:00"),
        LineError(5, "chapter_title_empty", "1:00"),
        LineError(6, "chapter_time_twice", "0:00"),
        LineError(7, "chapter_title_long", "x" * 40),
    )


def test_there_are_not_endless_chapters() -> None:
    text = "\n".join(f"{n} Part" for n in range(MAX_CHAPTERS + 1))
    assert parse_chapters(text, FILM_MS).errors[0].code == "too_many_chapters"


@given(st.text())
def test_no_text_does_worse_than_errors(text: str) -> None:
    found = parse_chapters(text, FILM_MS)
    assert not (found.chapters and found.errors)


def test_a_chapter_ends_where_the_next_begins() -> None:
    chapters = [Chapter(60_000, "b"), Chapter(0, "a")]
    assert chapter_ranges(chapters, FILM_MS) == ((0, 60_000), (60_000, FILM_MS))
    assert chapter_ranges([], FILM_MS) == ()


# --- edits -----------------------------------------------------------------------------------


def test_start_end_and_cuts_give_the_kept_spans() -> None:
    cuts = [Cut("2:00", "2:10.5"), Cut("0:30", "1:00")]
    assert kept_spans("0:10", "4:00", cuts, FILM_MS) == (
        (10.0, 30.0),
        (60.0, 120.0),
        (130.5, 240.0),
    )


def test_nothing_typed_keeps_all() -> None:
    assert kept_spans("", " ", [], FILM_MS) == ((0.0, 300.0),)


def test_cuts_that_touch_are_fine_and_open_cuts_reach_the_edge() -> None:
    assert kept_spans("", "", [Cut("1:00", "2:00"), Cut("2:00", "")], FILM_MS) == ((0.0, 60.0),)
    assert kept_spans("1:00", "", [Cut("", "2:00")], FILM_MS) == ((120.0, 300.0),)


def test_an_end_rounded_up_by_the_page_is_the_films_end() -> None:
    assert kept_spans("", "10.1", [], 10_033) == ((0.0, 10.033),)


@pytest.mark.parametrize(
    ("start", "end", "cuts", "code"),
    [
        ("x", "", [], "time_form"),
        ("2:00", "1:00", [], "span_reversed"),
        ("1:00", "1:00", [], "span_reversed"),
        ("", "6:00", [], "span_outside_film"),
        ("5:00", "", [], "span_reversed"),
        ("", "", [Cut("2:00", "1:00")], "span_reversed"),
        ("", "", [Cut("4:00", "5:01")], "span_outside_film"),
        ("", "", [Cut("1:00", "2:00"), Cut("1:59", "3:00")], "cuts_overlap"),
        ("", "", [Cut("0:00", "5:00")], "nothing_left"),
        ("1:00", "2:00", [Cut("1:00.5", "3:00")], "nothing_left"),
    ],
)
def test_a_wrong_edit_is_refused_by_what_is_wrong(
    start: str, end: str, cuts: list[Cut], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        kept_spans(start, end, cuts, FILM_MS)
    assert refused.value.code == code


def test_times_move_through_an_edit() -> None:
    edit = Edit(((10.0, 30.0), (60.0, 120.0)))
    assert edit.length_ms == 80_000
    assert [edit.to_cut(ms) for ms in (0, 10_000, 29_999, 45_000, 60_000, 120_000, 999_000)] == [
        0, 0, 19_999, 20_000, 20_000, 80_000, 80_000,
    ]  # fmt: skip
    assert [edit.to_original(ms) for ms in (-5, 0, 19_999, 20_000, 80_000, 99_000)] == [
        10_000, 10_000, 29_999, 60_000, 120_000, 120_000,
    ]  # fmt: skip
    assert edit.is_kept(10_000)
    assert not edit.is_kept(30_000)
    assert edit.ranges_to_cut([(0, 15_000), (25_000, 70_000)]) == ((0, 5_000), (15_000, 30_000))


kept = st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 60_000)), min_size=1, max_size=6)


@given(kept, st.integers(0, 60_000))
def test_a_kept_moment_comes_back_to_itself(spans: list[tuple[int, int]], moment: int) -> None:
    assume(length_ms(spans) >= 1000)
    edit = Edit(kept_of(spans))
    assert edit.spans == union(spans)
    assert edit.length_ms == length_ms(spans)
    if edit.is_kept(moment):
        assert edit.to_original(edit.to_cut(moment)) == moment
    assert edit.to_cut(moment) <= edit.to_cut(moment + 1)


def test_chapters_follow_the_edit() -> None:
    chapters = [
        Chapter(0, "cut whole"),
        Chapter(20_000, "kept"),
        Chapter(40_000, "cut whole too"),
        Chapter(50_000, "beginning cut"),
        Chapter(200_000, "after the end"),
    ]
    edit = Edit(((15.0, 30.0), (60.0, 120.0)))
    assert chapters_through(chapters, edit) == (
        Chapter(0, "cut whole"),
        Chapter(5_000, "kept"),
        Chapter(15_000, "beginning cut"),
    )
