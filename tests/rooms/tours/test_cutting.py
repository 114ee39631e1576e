import pytest

from rooms.errors import Refused
from rooms.tours import cutting
from rooms.tours.chapters import Cut
from rooms.tours.cutting import Asked


def test_pieces_are_read_line_by_line() -> None:
    assert cutting.parse_cuts("1:05 - 1:20\n\n2:00–\n") == (Cut("1:05", "1:20"), Cut("2:00", ""))
    with pytest.raises(Refused) as refused:
        cutting.parse_cuts("een stuk")
    assert refused.value.code == "cut_form"


def test_a_cut_of_a_cut_is_an_edit_of_the_original() -> None:
    # 60 s, of which 10–20 is out already: the film that plays lasts 50 s.
    spans = ((0, 10_000), (20_000, 60_000))
    kept = cutting.kept_now(Asked("0:05", "", cutting.parse_cuts("0:08 - 0:15")), 50_000)
    assert kept == ((5_000, 8_000), (15_000, 50_000))
    # 8–15 of the cut film spans the join: 8–10 and 20–25 of the original.
    assert cutting.in_original(spans, kept) == ((5_000, 8_000), (25_000, 60_000))


def test_a_piece_comes_back_and_the_whole_film_is_no_edit() -> None:
    spans = ((0, 10_000), (20_000, 60_000))
    assert cutting.taken_out(spans, 60_000) == ((10_000, 20_000),)
    whole = cutting.with_back(spans, (10_000, 20_000))
    assert cutting.whole_or(whole, 60_000) is None
    assert cutting.whole_or(spans, 60_000) == spans
    assert cutting.spans_of(None, 60_000) == ((0, 60_000),)


def test_nothing_asked_is_told_apart_from_something() -> None:
    assert Asked(" ", "").is_empty
    assert not Asked("", "", (Cut("0:01", "0:02"),)).is_empty
