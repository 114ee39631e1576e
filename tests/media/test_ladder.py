from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import Refused
from media.ladder import frame_rate, kept_spans, plan_film, rungs_for, sound_tracks
from media.original import AudioTrack, Probe

PLAIN = Probe(
    demuxer="mov", size_bytes=1, duration_s=60.0, video_index=0, video_codec="h264",
    video_start_s=0.0, video_end_s=60.0, width=1920, height=1080, rotation=0, sar_num=1, sar_den=1,
    pix_fmt="yuv420p", transfer=1, matrix=1, frames=1500, fps_average=25.0, fps_guessed=25.0,
    fps_median=25.0, is_vfr=False, is_interlaced=False, audio=(), unheard_tracks=0, has_data=False,
    has_subtitles=False,
)  # fmt: skip


def track(index: int, language: str = "und", title: str = "", default: bool = False) -> AudioTrack:
    return AudioTrack(index, "aac", language, title, 2, "stereo", 48000, 0.0, 60.0, default)


def sizes(width: int, height: int) -> list[tuple[str, int, int]]:
    return [(rung.name, rung.width, rung.height) for rung in rungs_for(width, height)]


def test_a_full_hd_film_gets_every_rung() -> None:
    assert sizes(1920, 1080) == [
        ("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480),
        ("360p", 640, 360), ("240p", 426, 240),
    ]  # fmt: skip


def test_portrait_is_measured_on_its_short_side() -> None:
    assert sizes(720, 1280)[0] == ("720p", 720, 1280)
    assert sizes(720, 1280)[-1] == ("240p", 240, 426)


def test_four_k_is_made_smaller() -> None:
    assert sizes(3840, 2160)[0] == ("1080p", 1920, 1080)


def test_a_picture_below_the_ladder_keeps_its_own_even_size() -> None:
    assert sizes(161, 121) == [("120p", 160, 120)]
    assert sizes(1, 1) == [("2p", 2, 2)]


def test_a_picture_just_under_a_rung_is_not_made_smaller() -> None:
    assert sizes(1918, 1078)[0] == ("1080p", 1918, 1078)
    assert sizes(642, 642)[0] == ("480p", 480, 480)


def test_a_very_wide_picture_fits_a_phones_decoder() -> None:
    assert max(rung.width for rung in rungs_for(12000, 1080)) <= 4096


@given(st.integers(2, 9000), st.integers(2, 9000))
def test_any_picture_gets_even_sizes_never_above_its_own(width: int, height: int) -> None:
    rungs = rungs_for(width, height)
    assert rungs
    for rung in rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert 2 <= rung.width <= max(2, width)
        assert 2 <= rung.height <= max(2, height)
    assert len({rung.name for rung in rungs}) == len(rungs)
    shorts = [min(rung.width, rung.height) for rung in rungs]
    assert shorts == sorted(shorts, reverse=True)


@given(st.integers(240, 4000), st.integers(240, 4000))
def test_the_shape_is_kept(width: int, height: int) -> None:
    for rung in rungs_for(width, height):
        assert abs(rung.width - rung.height * width / height) <= 2 * max(1, width / height)


def test_rotation_and_pixel_shape_make_the_display_size() -> None:
    assert replace(PLAIN, rotation=90).display_size == (1080, 1920)
    assert replace(PLAIN, rotation=270).display_size == (1080, 1920)
    assert replace(PLAIN, rotation=180).display_size == (1920, 1080)
    pal = replace(PLAIN, width=720, height=576, sar_num=16, sar_den=15)
    assert pal.display_size == (768, 576)
    assert replace(pal, sar_num=100_000, sar_den=1).display_size == (720, 576)
    assert replace(pal, sar_num=0, sar_den=0).display_size == (720, 576)


@pytest.mark.parametrize(
    ("own", "made"),
    [
        (25.0, Fraction(25)), (24.0, Fraction(24)), (23.976, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)), (29.9587, Fraction(30000, 1001)), (30.0, Fraction(30)),
        (50.0, Fraction(25)), (59.94, Fraction(30000, 1001)), (60.0, Fraction(30)),
        (240.0, Fraction(30)), (48.0, Fraction(24)), (40.0, Fraction(30)), (15.0, Fraction(15)),
        (12.5, Fraction(25, 2)), (1.0, Fraction(10)), (7.5, Fraction(15)), (0.0, Fraction(25)),
    ],
)  # fmt: skip
def test_the_frame_rate_stays_near_the_films_own(own: float, made: Fraction) -> None:
    assert frame_rate(replace(PLAIN, fps_average=own)) == made


def test_a_varying_rate_becomes_the_usual_one() -> None:
    phone = replace(PLAIN, is_vfr=True, fps_average=22.1, fps_median=29.98)
    assert frame_rate(phone) == 30
    assert frame_rate(replace(phone, fps_median=0.5)) == 10
    assert frame_rate(replace(phone, fps_median=1000.0)) == 30


@given(st.floats(0, 1e6), st.booleans())
def test_any_frame_rate_lies_between_the_bounds(own: float, is_vfr: bool) -> None:
    probe = replace(PLAIN, fps_average=own, fps_median=own, is_vfr=is_vfr)
    assert 10 <= frame_rate(probe) <= 30


def test_without_an_edit_all_is_kept() -> None:
    plan = plan_film(PLAIN)
    assert plan.spans == ((0, 1500),)
    assert plan.duration_s == 60.0
    assert (plan.read_from_s, plan.segments) == (0.0, 15)


def test_pieces_are_put_in_order_joined_and_clipped() -> None:
    fps = Fraction(25)
    assert kept_spans(60, fps, [(30, 99), (2, 4), (3, 6), (6, 8)]) == ((50, 200), (750, 1500))
    assert kept_spans(60, fps, [(-5, 1)]) == ((0, 25),)


def test_an_edit_that_keeps_nothing_is_refused() -> None:
    for edit in ([(5.0, 5.0)], [(70.0, 80.0)], [(9.0, 3.0)]):
        with pytest.raises(Refused) as caught:
            plan_film(PLAIN, edit)
        assert caught.value.code == "nothing_kept"


def test_a_late_start_is_not_decoded_from_the_beginning() -> None:
    plan = plan_film(PLAIN, [(30, 40), (50, 55)])
    assert plan.read_from_s == 30.0
    assert plan.spans == ((0, 250), (500, 625))
    assert plan.read_until_s == 56.0
    assert plan.duration_s == 15.0
    no_index = plan_film(replace(PLAIN, demuxer="mpegts"), [(30, 40)])
    assert (no_index.read_from_s, no_index.spans) == (0.0, ((750, 1000),))


@given(st.lists(st.tuples(st.floats(-10, 100), st.floats(-10, 100)), min_size=1, max_size=8))
def test_any_edit_keeps_what_it_says_within_a_frame(edit: list[tuple[float, float]]) -> None:
    try:
        spans = kept_spans(60, Fraction(25), edit)
    except Refused:
        assert all(min(end, 60) - max(start, 0) < 0.04 for start, end in edit)
        return
    assert all(start < end for start, end in spans)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    assert spans[0][0] >= 0
    assert spans[-1][1] <= 1500


@pytest.mark.parametrize(
    ("seconds", "fps", "segments"),
    [(0.04, 25.0, 1), (4.0, 25.0, 1), (4.04, 25.0, 2), (8.0, 29.97, 2), (8.1, 29.97, 3)],
)
def test_a_segment_starts_every_four_seconds(seconds: float, fps: float, segments: int) -> None:
    probe = replace(PLAIN, duration_s=seconds, video_end_s=seconds, fps_average=fps)
    assert plan_film(probe).segments == segments


def test_one_sound_track_per_language() -> None:
    sounds = sound_tracks([track(1, "nld"), track(2, "eng", default=True), track(3, "eng")])
    assert [(s.index, s.language, s.is_default) for s in sounds] == [
        (1, "nld", False), (2, "eng", True),
    ]  # fmt: skip
    assert [s.is_default for s in sound_tracks([track(1, "a"), track(2, "b")])] == [True, False]


def test_loudness_is_for_films_of_ten_seconds_with_sound() -> None:
    heard = replace(PLAIN, audio=(track(1),))
    assert plan_film(heard).is_levelled
    assert not plan_film(heard, [(0, 9)]).is_levelled
    assert not plan_film(PLAIN).is_levelled


def test_what_is_special_is_planned_and_told() -> None:
    plan = plan_film(
        replace(PLAIN, transfer=16, is_interlaced=True, audio=(track(1),), unheard_tracks=1)
    )
    assert (plan.tone_map, plan.deinterlace) == (16, True)
    assert plan.notices == ("sound_dropped", "colours_adapted", "deinterlaced")
    assert plan_film(PLAIN).notices == ("no_sound",)


def test_the_picture_stays_while_the_sound_goes_on() -> None:
    assert plan_film(replace(PLAIN, video_end_s=50.0)).hold_last_s == 10.0


@given(st.floats(0.04, 10800), st.sampled_from([(16, 9), (9, 16), (1, 1), (300, 2)]))
def test_the_storyboard_covers_the_film_and_stays_small(
    seconds: float, shape: tuple[int, int]
) -> None:
    probe = replace(PLAIN, duration_s=seconds, width=shape[0] * 100, height=shape[1] * 100)
    plan = plan_film(probe)
    board = plan.storyboard
    assert (board.count - 1) * board.step_frames < plan.frames <= board.count * board.step_frames
    assert board.count <= 201
    assert board.sheets <= 3
    assert max(board.width, board.height) <= 160
    assert board.width % 2 == board.height % 2 == 0
