from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.errors import Refused
from rooms.tours import captions
from rooms.tours.captions import (
    Captions,
    Cue,
    cues_through,
    fitted,
    parse_captions,
    parse_rows,
    sentences,
    sound_captions,
    spread_text,
    tidy,
    to_vtt,
)
from rooms.tours.chapters import Edit, LineError
from tests.support.samples import sample

VTT = """WEBVTT - made by hand
Kind: captions

STYLE
::cue { color: red }

NOTE
A note over
two lines

REGION
id:fred

1
00:01.000 --> 00:02.500 align:start position:10%
Eén regel & nog <b>iets</b>

intro
01:00:00.000 --> 01:00:02.000
<v Anna>Hallo</v>
<i.loud>daar</i>
"""
SRT = """1
00:00:01,000 --> 00:00:02,500
Eén regel & nog <b>iets</b>

2
01:00:00,000 --> 01:00:02,000  X1:1 X2:2
{\\an8}<font color="red">Hallo</font>
daar
"""
CUES = (
    Cue(1_000, 2_500, ("Eén regel & nog iets",)),
    Cue(3_600_000, 3_602_000, ("Hallo", "daar")),
)


def vtt(*blocks: str) -> str:
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def told(source: str | bytes) -> list[tuple[int, str]]:
    found = parse_captions(source)
    assert not found.cues
    return [(error.line, error.code) for error in found.errors]


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("text", [VTT, SRT])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_both_forms_give_the_same_in_any_encoding(text: str, encoding: str, end: str) -> None:
    found = parse_captions(text.replace("\n", end).encode(encoding))
    assert (found.cues, found.errors, found.notices) == (CUES, (), ())


def test_what_is_written_is_read_back() -> None:
    assert parse_captions(to_vtt(CUES)).cues == CUES


def test_what_is_written_is_clean() -> None:
    cue = Cue(0, 3_661_001, ("a < b & c --> d", "NOTE"))
    assert to_vtt([cue]) == (
        "WEBVTT\n\n00:00:00.000 --> 01:01:01.001\na &lt; b &amp; c --&gt; d\nNOTE\n"
    )


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a < b, c <3", "a < b, c <3"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("&lt;b&gt; is vet", "<b> is vet"),
        ("<b>&lt;i&gt;</b>", "<i>"),
        ("R&D &amp; more &nbsp; &bogus;", "R&D & more &bogus;"),
        ("<00:01.500>word <00:00:02.000>by word", "word by word"),
        ("<lang en>hi</lang> <c.x.y>klas</c>", "hi klas"),
        ("<a href=x>klik</a>", "<a href=x>klik</a>"),
        ("<body>", "<body>"),
        ("tab\there\x07", "tab here"),
        ("&#10;line&#0;", "line\ufffd"),
    ],
)
def test_caption_tags_go_and_text_stays(typed: str, shown: str) -> None:
    (cue,) = parse_captions(vtt(f"00:01.000 --> 00:02.000\n{typed}")).cues
    assert cue.text == shown
    assert parse_captions(to_vtt([cue])).cues == (cue,)


def test_srt_with_an_empty_line_in_its_text_or_with_dots() -> None:
    text = "1\n00:00:01.000 --> 00:00:02.000\nabove\n\nbelow\n\n2\n0:0:3,5 --> 00:00:04,000\nx\n"
    assert told(text) == [(8, "timing_form")]
    cues = parse_captions(text.replace("0:0:3,5", "0:00:03,5")).cues
    assert cues == (Cue(1_000, 2_000, ("above", "below")), Cue(3_500, 4_000, ("x",)))


def test_a_cue_may_be_named_note_and_one_without_text_is_dropped() -> None:
    text = vtt("NOTE\n00:01.000 --> 00:02.000\nx", "00:03.000 --> 00:04.000\n<b></b>")
    assert parse_captions(text).cues == (Cue(1_000, 2_000, ("x",)),)


# --- errors by line --------------------------------------------------------------------------


def test_every_wrong_line_is_told_at_once() -> None:
    text = vtt(
        "00:01.000 --> 00:02.000\nfine",
        "00:03.000 -> 00:04.000\narrow",
        "name\n00:05.000 --> 00:04.000\nbackwards",
        "just text",
        "00:61.000 --> 00:99.000\nseconds",
        "00:07.000 --> 00:08.000\nx\n00:09.000 --> 00:10.000\nno empty line",
        "00:11.000 --> 00:12.000\n" + "x" * 1001,
    )
    assert told(text) == [
        (6, "timing_form"),
        (10, "end_before_start"),
        (13, "timing_missing"),
        (15, "timing_form"),
        (20, "empty_line_missing"),
        (24, "cue_too_long"),
    ]


def test_srt_without_a_time_is_told() -> None:
    assert told("1\n00:00:01,000 --> 00:00:02,000\nx\n\n2\nlost\n") == [(6, "timing_missing")]
    assert told("1\n00:00:01,000 --> 00:00:02,000\nx\n\n2\n") == [(5, "timing_missing")]


@pytest.mark.parametrize("empty", ["", "\n\n", "\ufeff", "WEBVTT\n", "WEBVTT\n\nNOTE only\n"])
def test_nothing_in_it_is_told(empty: str) -> None:
    assert told(empty) == [(1, "captions_empty")]


def test_a_webvtt_without_its_header_is_told() -> None:
    assert told("\n00:00:00.500 --> 00:00:07.000\nCaption\n") == [(2, "header_missing")]
    assert told("WEBVTTX\n\n00:01.000 --> 00:02.000\nx\n") == [(1, "header_missing")]


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "MAX_CUES", 2)
    text = vtt(*(f"00:0{n}.000 --> 00:0{n}.900\nx{n}" for n in range(3)))
    assert told(text) == [(9, "too_many_cues")]
    rows = [(str(n), str(n + 1), f"x{n}") for n in range(3)]
    assert parse_rows(rows, 9_000).errors == (LineError(3, "too_many_cues", "2"),)
    monkeypatch.setattr(captions, "MAX_LINES", 8)
    assert told(text) == [(9, "too_many_lines")]
    with pytest.raises(Refused) as refused:
        parse_captions(b"x" * (captions.MAX_BYTES + 1))
    assert refused.value.code == "captions_too_big"


@given(st.one_of(st.text(), st.binary(), st.text("WEBVT0123:.,-> \n\r<&;ab")))
def test_no_file_does_worse_than_errors(source: str | bytes) -> None:
    with suppress(Refused):
        found = parse_captions(source)
        assert bool(found.cues) != bool(found.errors)


# --- putting right ---------------------------------------------------------------------------


def test_unsorted_cues_are_sorted_and_it_is_said() -> None:
    a, b = Cue(0, 1_000, ("a",)), Cue(2_000, 3_000, ("b",))
    assert tidy([b, a]) == Captions((a, b), notices=("sorted",))


def test_an_overlap_cuts_the_earlier_short() -> None:
    found = tidy([Cue(0, 3_000, ("a",)), Cue(2_000, 4_000, ("b",))])
    assert found.cues == (Cue(0, 2_000, ("a",)), Cue(2_000, 4_000, ("b",)))
    assert found.notices == ("overlaps",)


def test_two_speakers_at_once_share_a_cue() -> None:
    for later in (Cue(0, 3_000, ("b",)), Cue(1_000, 2_000, ("b",)), Cue(400, 3_000, ("b",))):
        assert tidy([Cue(0, 3_000, ("a",)), later]).cues == (Cue(0, 3_000, ("a", "b")),)


def test_the_same_line_twice_is_once() -> None:
    assert tidy([Cue(0, 3_000, ("a",)), Cue(1_000, 5_000, ("a",))]).cues == (Cue(0, 5_000, ("a",)),)


def test_a_line_over_the_whole_film_does_not_swallow_all_others() -> None:
    others = [Cue(n * 1_000, n * 1_000 + 900, (f"x{n}",)) for n in range(1, 50)]
    found = tidy([Cue(0, 60_000, ("made by us",)), *others])
    assert all(len(cue.lines) <= captions.MERGED_LINES for cue in found.cues)
    assert {line for cue in found.cues for line in cue.lines} >= {f"x{n}" for n in range(1, 50)}


some_cues = st.lists(
    st.builds(
        lambda start, length, text: Cue(start, start + length, (text,)),
        st.integers(0, 20_000),
        st.integers(1, 5_000),
        st.sampled_from("abcdef"),
    ),
    max_size=12,
)


@given(some_cues)
def test_tidy_cues_never_overlap_and_lose_no_text(cues: list[Cue]) -> None:
    found = tidy(cues).cues
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))
    assert all(cue.start_ms < cue.end_ms for cue in found)
    assert {line for cue in found for line in cue.lines} == {cue.text for cue in cues}
    assert tidy(found).cues == found


def test_cues_are_held_against_the_film() -> None:
    found = parse_captions(vtt("00:01.000 --> 00:12.000\na"))
    assert fitted(found, 10_000).cues == (Cue(1_000, 10_000, ("a",)),)
    assert fitted(found, 1_000).errors == (LineError(3, "cue_after_end", "a"),)
    wrong = parse_captions("")
    assert fitted(wrong, 1_000) is wrong


def test_cues_follow_the_edit() -> None:
    edit = Edit(((10.0, 20.0), (30.0, 40.0)))
    cues = [
        Cue(0, 5_000, ("before",)),
        Cue(8_000, 11_000, ("mostly cut",)),
        Cue(12_000, 14_000, ("kept",)),
        Cue(19_000, 31_000, ("mostly cut in the middle",)),
        Cue(18_000, 21_000, ("mostly kept",)),
        Cue(39_000, 41_000, ("half",)),
    ]
    assert cues_through(cues, edit) == (
        Cue(2_000, 4_000, ("kept",)),
        Cue(8_000, 10_000, ("mostly kept",)),
        Cue(19_000, 20_000, ("half",)),
    )


# --- typed, pasted, nobody speaks ------------------------------------------------------------


def test_typed_rows_become_cues() -> None:
    rows = [
        ("0:04", "0:06.5", "Second"),
        ("0", "4", "The first is a long line that will be broken in two"),
        ("", "", "  "),
    ]
    assert parse_rows(rows, 60_000).cues == (
        Cue(0, 4_000, ("The first is a long line", "that will be broken in two")),
        Cue(4_000, 6_500, ("Second",)),
    )


def test_wrong_rows_are_told_by_number() -> None:
    rows = [("0", "4", "ok"), ("x", "5", "a"), ("9", "8", "b"), ("0", "1", "y" * 1001)]
    assert [(e.line, e.code) for e in parse_rows(rows, 60_000).errors] == [
        (2, "time_form"),
        (3, "end_before_start"),
        (4, "cue_too_long"),
    ]
    assert parse_rows([("61", "62", "late")], 60_000).errors[0].code == "cue_after_end"


def test_sentences_are_found() -> None:
    text = (
        "Dit is dr. Jansen. Zij werkt bijv. met 3.5 liter!\nEn waarom? “Omdat het kan.” "
        "Goed…\n\nNieuwe alinea zonder punt\n\nOns bedrijf in St. Oedenrode: o.a. brood."
    )
    assert sentences(text) == [
        "Dit is dr. Jansen.",
        "Zij werkt bijv. met 3.5 liter!",
        "En waarom?",
        "“Omdat het kan.”",
        "Goed…",
        "Nieuwe alinea zonder punt",
        "Ons bedrijf in St. Oedenrode: o.a. brood.",
    ]


def test_a_long_sentence_is_laid_out_evenly() -> None:
    text = (
        "In deze hal maken wij iedere dag meer dan tienduizend broden, en dat doen wij met "
        "een oven die zo groot is als een zwembad."
    )
    found = spread_text(text, 30_000).cues
    assert [cue.lines for cue in found] == [
        ("In deze hal maken wij iedere dag", "meer dan tienduizend broden,"),
        ("en dat doen wij met een oven die", "zo groot is als een zwembad."),
    ]


def test_longer_sentences_get_more_time_and_no_cue_stands_too_long() -> None:
    short, long = "Kort.", "Dit is een heel wat langere zin van de bakker."
    first, second = spread_text(f"{short} {long}", 8_000).cues
    assert first.end_ms - first.start_ms < second.end_ms - second.start_ms
    assert (first.start_ms, second.start_ms, second.end_ms) == (0, first.end_ms, 8_000)
    first, second = spread_text(f"{short} {long}", 600_000).cues
    assert first.end_ms - first.start_ms == second.end_ms - second.start_ms == 7_000
    assert second.start_ms > 7_000


@pytest.mark.parametrize(
    ("text", "film_ms", "code"),
    [
        (" \n ", 60_000, "text_empty"),
        ("Hallo daar. " * 40, 20_000, "text_too_long_for_film"),
        ("x" * 100_001, 60_000, "text_too_long"),
    ],
)
def test_a_text_that_cannot_be_spread_is_refused(text: str, film_ms: int, code: str) -> None:
    with pytest.raises(Refused) as refused:
        spread_text(text, film_ms)
    assert refused.value.code == code


@given(st.text("abcdefg ABC.!?,\n é", max_size=600), st.integers(60_000, 900_000))
def test_spread_cues_fit_the_box_and_the_film_and_lose_no_word(text: str, film_ms: int) -> None:
    with suppress(Refused):
        found = spread_text(text, film_ms).cues
        for cue in found:
            assert len(cue.lines) <= 2
            assert all(0 < len(line) <= 42 for line in cue.lines)
            assert captions.MIN_CUE_MS <= cue.end_ms - cue.start_ms <= captions.MAX_CUE_MS
        assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))
        assert found[-1].end_ms <= film_ms
        assert "".join(cue.text for cue in found).replace(" ", "") == "".join(text.split())
        assert parse_captions(to_vtt(found)).cues == found


def test_a_fast_text_is_spread_and_said_to_be_fast() -> None:
    text = "Deze zin is veertig tekens lang, zo ja?? " * 10
    assert spread_text(text, 60_000).notices == ()
    assert spread_text(text, 18_000).notices == ("fast",)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "part", ["<b ", "{\\", "1:1", "&a", " \t", "\n", "x\n\n", "00:01.000 --> "]
)
def test_a_file_made_to_be_slow_is_not(part: str) -> None:
    hostile = part * (captions.MAX_BYTES // len(part) - 100)
    for start in (
        "1\n00:00:01,000 --> 00:00:02,000\n",
        "WEBVTT\n\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n",
    ):
        parse_captions(start + hostile)
    cues = (f"00:{n // 60:02d}:{n % 60:02d}.000 --> 01:00:00.000\n" for n in range(400))
    parse_captions(vtt(*(cue + part * (4_900 // len(part)) for cue in cues)))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("part", ["a. A", "A. ", '!"', "! (", "- ", "aa bb", "\n\n"])
def test_a_text_made_to_be_slow_is_not(part: str) -> None:
    with suppress(Refused):
        spread_text(part * (captions.MAX_PASTED_CHARACTERS // len(part)), 10 * 3_600_000)


def test_a_page_without_a_full_stop_is_laid_out_in_time() -> None:
    text = "woorden en nog meer woorden " * 3_500
    assert len(spread_text(text, 3 * 3_600_000).cues) > 1_000


def test_nobody_speaks_is_one_caption() -> None:
    assert sound_captions(" Machines zoemen, ver weg klinkt muziek ", 60_000).cues == (
        Cue(0, 8_000, ("[Machines zoemen, ver weg klinkt muziek]",)),
    )
    assert sound_captions("[Muziek]", 5_000).cues == (Cue(0, 5_000, ("[Muziek]",)),)
    for sentence, code in ((" ", "sound_sentence_empty"), ("x y " * 30, "sound_sentence_long")):
        with pytest.raises(Refused) as refused:
            sound_captions(sentence, 60_000)
        assert refused.value.code == code


# --- the real samples ------------------------------------------------------------------------


def test_the_real_dutch_subtitles_are_read_whole() -> None:
    found = parse_captions(sample("captions/Tears_Of_Steel_nld.vtt").read_bytes())
    assert found.errors == ()
    assert found.cues[0] == Cue(23_000, 24_500, ("Je bent een eikel, Thom.",))
    assert len(found.cues) > 50


def test_the_hostile_sample_is_only_text() -> None:
    found = parse_captions(sample("captions/xss-cues.vtt").read_bytes())
    assert len(found.cues) == 4
    body = to_vtt(found.cues).replace("-->", "")
    assert "<" not in body
    assert ">" not in body


@pytest.mark.parametrize(
    ("name", "code"), [("invalid.vtt", "header_missing"), ("empty.vtt", "captions_empty")]
)
def test_the_bad_samples_are_refused_by_line(name: str, code: str) -> None:
    (error,) = parse_captions(sample(f"captions/{name}").read_bytes()).errors
    assert (error.code, error.line >= 1) == (code, True)
