"""The presence rule, held against DOMAIN's words, one test a sentence, then properties."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.attendance.ranges import length_ms
from rooms.attendance.rule import (
    RULE_VERSION,
    ClassVerdict,
    Headcount,
    HeadcountBasis,
    Outcome,
    Rule,
    Seat,
    SeatKind,
    ShowingBasis,
    Verdict,
    Visit,
    Window,
    WindowKind,
    actual_window,
    film_window,
    judge_class,
    judge_seat,
    live_or_replay,
    narrowed,
    participations,
    pupils_reached,
    scheduled_window,
    unix_ms,
)
from rooms.errors import Refused

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
RULE = Rule()


def at(seconds: float) -> datetime:
    return NINE + timedelta(milliseconds=round(seconds * 1000))


def visit(start: float, end: float, **more: bool) -> Visit:
    return Visit(at(start), at(end), at(end), **more)


def lesson(seconds: float = 1000) -> Window:
    return scheduled_window(at(0), at(seconds))


def own(*visits: Visit) -> Seat:
    return Seat(SeatKind.OWN, visits)


def judged(*spans: tuple[float, float], window: Window | None = None) -> Verdict:
    return judge_seat(RULE, window or lesson(), own(*(visit(a, b) for a, b in spans)))


def in_class(*seats: Seat, window: Window | None = None, **more: object) -> ClassVerdict:
    count = more.pop("headcount", Headcount())
    assert isinstance(count, Headcount)
    return judge_class(RULE, window or lesson(), seats, count, **more)  # type: ignore[arg-type]


# --- duration --------------------------------------------------------------------------------


def test_overlapping_connections_count_once() -> None:
    assert judged((0, 400), (200, 500), (0, 400)).duration_ms == 500_000


def test_time_outside_the_window_counts_nothing() -> None:
    assert judged((-500, 100), (900, 5000)).duration_ms == 200_000


@pytest.mark.parametrize(
    ("hole_s", "expected_ms"),
    [(14.999, 1_000_000), (15.000, 1_000_000), (15.001, 984_999), (60, 940_000)],
)
def test_a_hole_counts_up_to_fifteen_seconds_and_not_a_millisecond_more(
    hole_s: float, expected_ms: int
) -> None:
    assert judged((0, 400), (400 + hole_s, 1000)).duration_ms == expected_ms


def test_coming_late_or_leaving_early_is_not_a_hole() -> None:
    assert judged((10, 990)).duration_ms == 980_000


def test_a_hole_across_the_windows_edge_is_not_inside_it() -> None:
    assert judged((-20, -5), (5, 1000)).duration_ms == 995_000


def test_a_pause_is_never_presence_even_when_it_is_short() -> None:
    window = actual_window([(at(0), at(500)), (at(510), at(1000))], NINE)
    verdict = judged((0, 1000), window=window)
    assert verdict.duration_ms == window.length_ms == 990_000
    assert len(verdict.intervals) == 2


def test_nothing_is_floored_to_minutes() -> None:
    verdict = judged((0, 59.999), (100, 659.001))
    assert verdict.duration_ms == 619_000
    assert verdict.duration_s == 619.0


def test_a_69_percent_attendee_of_a_short_lesson_is_present() -> None:
    assert judged((0, 138), window=lesson(200)).outcome is Outcome.PRESENT


def test_a_visit_cut_by_a_crash_ends_at_its_last_beat() -> None:
    still_open = Visit(at(0), at(300))
    swept_later = Visit(at(0), at(300), at(950))
    timed_out = Visit(at(0), at(300), at(303.001))
    for cut in (still_open, swept_later, timed_out):
        assert judge_seat(RULE, lesson(), own(cut)).duration_ms == 300_000


def test_a_clean_goodbye_between_two_beats_counts() -> None:
    goodbye = Visit(at(0), at(300), at(303))
    assert judge_seat(RULE, lesson(), own(goodbye)).duration_ms == 303_000


# --- windows ---------------------------------------------------------------------------------


def test_a_span_still_on_air_runs_to_now() -> None:
    assert actual_window([(at(0), None)], at(90)).length_ms == 90_000


def test_own_times_give_the_overlap_and_the_row_says_so() -> None:
    window = narrowed(lesson(), at(-100), at(500))
    verdict = judged((0, 300), window=window)
    assert window.length_ms == 500_000
    assert verdict.outcome is Outcome.PRESENT
    assert verdict.reason.params["is_own_times"] is True


def test_own_times_have_no_meaning_in_a_film() -> None:
    with pytest.raises(Refused) as refused:
        narrowed(film_window(60_000), at(0), at(10))
    assert refused.value.code == "own_times_need_a_clock"


def test_on_demand_the_chosen_part_of_the_film_is_the_window() -> None:
    window = film_window(600_000, [(0, 100_000), (300_000, 400_000), (590_000, 999_000)])
    assert (window.kind, window.length_ms) == (WindowKind.FILM, 210_000)
    assert film_window(600_000).length_ms == 600_000


def test_on_demand_each_second_counts_once_whatever_the_jumps_back() -> None:
    seat = Seat(SeatKind.OWN, (), ((0, 90_000), (30_000, 100_000), (0, 50_000)))
    verdict = judge_seat(RULE, film_window(200_000), seat)
    assert (verdict.duration_ms, verdict.outcome) == (100_000, Outcome.PARTIAL)


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(TypeError):
        unix_ms(datetime(2026, 3, 10, 9, 0))


# --- outcomes of a seat ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "outcome", "code"),
    [
        (59.999, Outcome.JOINED_ONLY, "under_a_minute"),
        (60, Outcome.PARTIAL, "below_threshold"),
        (599.999, Outcome.PARTIAL, "below_threshold"),
        (600, Outcome.PRESENT, "threshold_reached"),
        (1000, Outcome.PRESENT, "threshold_reached"),
    ],
)
def test_outcome_by_duration(seconds: float, outcome: Outcome, code: str) -> None:
    verdict = judged((0, seconds))
    assert (verdict.outcome, verdict.reason.code) == (outcome, code)
    assert verdict.rule_version == RULE_VERSION
    assert verdict.reason.params["duration_ms"] == round(seconds * 1000)
    assert verdict.reason.params["pass_share"] == "0.60"


def test_joining_before_anything_is_on_air_is_not_presence() -> None:
    verdict = judged((0, 500), window=actual_window([], NINE))
    assert (verdict.outcome, verdict.reason.code) == (Outcome.JOINED_ONLY, "window_empty")
    assert verdict.share == 0


def test_a_window_under_a_minute_is_judged_by_its_share_alone() -> None:
    assert judged((0, 24), window=lesson(40)).outcome is Outcome.PRESENT
    assert judged((0, 23.9), window=lesson(40)).outcome is Outcome.JOINED_ONLY
    assert judged((0, 59), window=lesson(60)).outcome is Outcome.JOINED_ONLY


def test_a_third_is_compared_exactly() -> None:
    rule = Rule(pass_share=Decimal("0.1"))
    verdict = judge_seat(rule, lesson(3000.01), own(visit(0, 300.001)))
    assert verdict.outcome is Outcome.PRESENT
    verdict = judge_seat(rule, lesson(3000.02), own(visit(0, 300.001)))
    assert verdict.outcome is Outcome.PARTIAL


def test_media_that_never_flowed_for_a_minute_is_unknown_network() -> None:
    assert (
        judge_seat(RULE, lesson(), own(visit(0, 800, has_media=False))).outcome
        is Outcome.UNKNOWN_NETWORK
    )
    assert (
        judge_seat(RULE, lesson(), own(visit(0, 59, has_media=False))).outcome
        is Outcome.JOINED_ONLY
    )


def test_media_on_one_of_several_visits_is_enough() -> None:
    seat = own(visit(0, 300, has_media=False), visit(300, 700))
    assert judge_seat(RULE, lesson(), seat).outcome is Outcome.PRESENT


def test_waiting_before_the_start_is_no_network_trouble() -> None:
    seat = own(visit(-900, -10, has_media=False))
    assert judge_seat(RULE, lesson(), seat).outcome is Outcome.JOINED_ONLY


def test_on_demand_a_page_that_got_no_film_is_unknown_network() -> None:
    seat = Seat(SeatKind.OWN, (visit(0, 120, has_media=False),), ())
    assert judge_seat(RULE, film_window(300_000), seat).outcome is Outcome.UNKNOWN_NETWORK
    watched = replace(seat, watched=((0, 200_000),))
    assert judge_seat(RULE, film_window(300_000), watched).outcome is Outcome.PRESENT


def test_beats_sent_later_are_marked_late() -> None:
    assert judge_seat(RULE, lesson(), own(visit(0, 800, is_late=True))).is_late
    assert not judged((0, 800)).is_late


def test_passing_in_a_replay_is_its_own_outcome() -> None:
    verdict = judge_seat(RULE, lesson(), own(visit(0, 800)), is_replay=True)
    assert (verdict.outcome, verdict.passes) == (Outcome.REPLAY_ONLY, True)


def test_a_rule_that_everyone_or_no_one_passes_is_refused() -> None:
    for share in ("0", "1.01", "-0.5"):
        with pytest.raises(Refused):
            Rule(pass_share=Decimal(share))
    with pytest.raises(Refused):
        Rule(gap_grace_s=-1)


# --- a class ---------------------------------------------------------------------------------


def beamer(*spans: tuple[float, float]) -> Seat:
    return Seat(SeatKind.BEAMER, tuple(visit(a, b) for a, b in spans))


def phone(start: float, end: float) -> Seat:
    return Seat(SeatKind.COMPANION, (visit(start, end),))


def test_a_class_takes_the_union_of_its_beamer_seats() -> None:
    verdict = in_class(
        beamer((0, 400)), beamer((350, 700)), headcount=Headcount(declared=28, confirmed=26)
    )
    assert verdict.outcome is Outcome.PRESENT
    assert verdict.presence.duration_ms == 700_000
    assert (verdict.pupils, verdict.headcount_basis) == (26, HeadcountBasis.CONFIRMED)
    assert verdict.student_ms == 26 * 700_000
    assert verdict.student_minutes == pytest.approx(26 * 700 / 60)


def test_companions_add_nothing() -> None:
    count = Headcount(declared=28)
    alone = in_class(beamer((0, 400)), headcount=count)
    helped = in_class(beamer((0, 400)), phone(0, 1000), phone(400, 1000), headcount=count)
    assert helped == alone
    assert helped.outcome is Outcome.PARTIAL
    assert helped.pupils == 0


def test_only_companions_measure_nothing() -> None:
    verdict = in_class(phone(0, 1000))
    assert (verdict.outcome, verdict.reason.code) == (Outcome.JOINED_ONLY, "only_companions")


def test_with_a_beamer_phones_that_watch_themselves_do_not_decide() -> None:
    verdict = in_class(beamer((0, 100)), own(visit(0, 1000)), headcount=Headcount(declared=28))
    assert (verdict.outcome, verdict.pupils) == (Outcome.PARTIAL, 0)


def test_without_a_beamer_one_passing_seat_is_enough_and_pupils_are_the_seats() -> None:
    seats = [own(visit(0, 700)), own(visit(0, 650)), own(visit(0, 100)), own(visit(0, 5))]
    verdict = in_class(*seats, headcount=Headcount(declared=28))
    assert (verdict.outcome, verdict.pupils, verdict.seats_passed) == (Outcome.PRESENT, 2, 2)
    assert (verdict.headcount, verdict.headcount_basis) == (28, HeadcountBasis.DECLARED)
    assert verdict.presence.duration_ms == 700_000


def test_more_seats_than_pupils_count_the_pupils() -> None:
    seats = [own(visit(0, 700)) for _ in range(5)]
    assert in_class(*seats, headcount=Headcount(confirmed=3)).pupils == 3


def test_without_a_word_from_the_teacher_the_passing_seats_are_the_count() -> None:
    verdict = in_class(own(visit(0, 700)), own(visit(0, 700)), own(visit(0, 9)))
    assert (verdict.pupils, verdict.headcount_basis) == (2, HeadcountBasis.MEASURED)


def test_a_screen_without_a_word_from_the_teacher_counts_one() -> None:
    verdict = in_class(beamer((0, 700)), beamer((0, 700)), phone(0, 700))
    assert (verdict.pupils, verdict.seats_passed) == (1, 1)
    assert verdict.headcount_basis is HeadcountBasis.MEASURED


def test_confirming_that_no_pupil_was_there_is_an_answer() -> None:
    verdict = in_class(beamer((0, 700)), headcount=Headcount(declared=28, confirmed=0))
    assert (verdict.pupils, verdict.headcount_basis) == (0, HeadcountBasis.CONFIRMED)
    assert verdict.student_ms == 0


def test_student_minutes_without_a_screen_count_the_seats_that_passed() -> None:
    seats = [own(visit(0, 700)), own(visit(0, 650)), own(visit(0, 100))]
    verdict = in_class(*seats, headcount=Headcount(declared=28))
    assert verdict.student_ms == 2 * 700_000


def test_seats_do_not_add_up_to_a_pass() -> None:
    verdict = in_class(own(visit(0, 500)), own(visit(500, 1000)))
    assert (verdict.outcome, verdict.pupils) == (Outcome.PARTIAL, 0)


def test_registered_and_nobody_came() -> None:
    verdict = in_class(headcount=Headcount(declared=28))
    assert (verdict.outcome, verdict.reason.code) == (Outcome.NO_SHOW, "no_seat")
    assert (verdict.pupils, verdict.student_ms) == (0, 0)


def test_a_showing_the_network_swallowed_can_be_declared() -> None:
    dark = Seat(SeatKind.BEAMER, (visit(0, 900, has_media=False),))
    count = Headcount(declared=28)
    measured = in_class(dark, headcount=count)
    declared = in_class(dark, headcount=count, declared_because="network_never_returned")
    assert (measured.outcome, measured.pupils) == (Outcome.UNKNOWN_NETWORK, 0)
    assert (declared.outcome, declared.basis) == (Outcome.PRESENT, ShowingBasis.DECLARED)
    assert declared.pupils == 28
    assert declared.presence == measured.presence
    assert declared.reason.params["measured"] == "unknown_network"


def test_a_declaration_changes_nothing_that_was_measured_to_pass() -> None:
    count = Headcount(declared=28)
    measured = in_class(beamer((0, 900)), headcount=count)
    assert in_class(beamer((0, 900)), headcount=count, declared_because="x") == measured


def test_replay_counts_only_for_who_did_not_pass_live() -> None:
    count = Headcount(declared=20)
    missed = in_class(headcount=count)
    live = in_class(beamer((0, 900)), headcount=count)
    replay = in_class(beamer((0, 900)), headcount=count, is_replay=True)
    failed_replay = in_class(beamer((0, 90)), headcount=count, is_replay=True)
    assert live_or_replay(missed, replay).outcome is Outcome.REPLAY_ONLY
    assert live_or_replay(live, replay).outcome is Outcome.PRESENT
    assert live_or_replay(missed, failed_replay).outcome is Outcome.NO_SHOW


def test_participations_and_pupils_reached_are_different_sums() -> None:
    first = in_class(beamer((0, 900)), headcount=Headcount(confirmed=26))
    second = in_class(beamer((0, 900)), headcount=Headcount(confirmed=24))
    failed = in_class(beamer((0, 90)), headcount=Headcount(confirmed=30))
    assert participations([first, second, failed]) == 50
    counted = [("3B", first.pupils), ("3B", second.pupils), ("3C", 20), ("3D", failed.pupils)]
    assert pupils_reached(counted) == 46


# --- properties ------------------------------------------------------------------------------

seconds = st.integers(-300_000, 1_300_000)
spans = st.tuples(seconds, seconds).map(lambda edge: (min(edge), max(edge)))
some_visits = st.lists(
    st.builds(lambda s, late: visit(s[0] / 1000, s[1] / 1000, is_late=late), spans, st.booleans()),
    max_size=8,
)
windows = st.lists(spans, min_size=1, max_size=4).map(
    lambda many: actual_window([(at(a / 1000), at(b / 1000)) for a, b in many], NINE)
)


@given(windows, some_visits, st.randoms())
def test_order_and_duplicates_change_nothing(
    window: Window, visits: list[Visit], chance: object
) -> None:
    shuffled = visits + visits[:3]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge_seat(RULE, window, own(*shuffled)) == judge_seat(RULE, window, own(*visits))


@given(windows, some_visits)
def test_no_sum_exceeds_the_window(window: Window, visits: list[Visit]) -> None:
    verdict = judge_seat(RULE, window, own(*visits))
    assert 0 <= verdict.duration_ms <= window.length_ms
    assert length_ms(verdict.intervals) == verdict.duration_ms
    assert 0 <= verdict.share <= 1


@given(windows, some_visits, spans, st.integers(0, 1_600_000))
def test_splitting_a_visit_changes_nothing(
    window: Window, others: list[Visit], span: tuple[int, int], cut: int
) -> None:
    middle = min(span[0] + cut, span[1])
    whole = visit(span[0] / 1000, span[1] / 1000)
    halves = [
        visit(span[0] / 1000, middle / 1000),
        visit(middle / 1000, span[1] / 1000),
    ]
    assert judge_seat(RULE, window, own(*others, *halves)) == judge_seat(
        RULE, window, own(*others, whole)
    )


@given(windows, some_visits, some_visits)
def test_another_visit_never_takes_away(
    window: Window, visits: list[Visit], more: list[Visit]
) -> None:
    before = judge_seat(RULE, window, own(*visits))
    after = judge_seat(RULE, window, own(*visits, *more))
    assert after.duration_ms >= before.duration_ms
    assert list(Outcome).index(after.outcome) >= list(Outcome).index(before.outcome)


@given(windows, some_visits, some_visits, st.integers(0, 40))
def test_a_class_never_counts_more_than_its_headcount(
    window: Window, visits: list[Visit], more: list[Visit], count: int
) -> None:
    seats = [own(*visits), own(*more), Seat(SeatKind.COMPANION, tuple(more))]
    verdict = judge_class(RULE, window, seats, Headcount(declared=count))
    assert verdict.pupils <= count
    assert verdict.student_ms <= count * window.length_ms
    assert verdict == judge_class(RULE, window, seats[::-1], Headcount(declared=count))
