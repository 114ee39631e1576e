"""The fan-out: viewers go on without a hole in their numbers, whatever they are switched to."""

import itertools
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.live import sending
from media.live.gathering import GATHER_S
from media.live.packets import Header, newer
from media.live.sending import Filler, PythonFiller
from tests.support.live.wiring import SSRC, VP8_DELTA, Source, fillers, outlet, wired


def _steps(headers: list[Header]) -> set[int]:
    return {newer(b.seq, a.seq) for a, b in itertools.pairwise(headers)}


@pytest.mark.parametrize("filler", fillers(), ids=lambda each: type(each).__name__)
def test_a_viewer_starts_at_a_keyframe(filler: Filler) -> None:
    source = Source(filler)
    with wired(2) as ends:
        for end in ends:
            source.fanout.expect(outlet(end))
        source.send(times=3)
        assert [end.got() for end in ends] == [[], []]
        source.send(is_key=True)
        source.send(times=4)
        for end in ends:
            got = end.got()
            assert len(got) == 5
            assert _steps(got) == {1}
            assert {header.ssrc for header in got} == {SSRC}


def test_sound_starts_at_once() -> None:
    source = Source(codec="opus")
    with wired(1) as ends:
        source.fanout.expect(outlet(ends[0]))
        source.send()
        assert len(ends[0].got()) == 1


@pytest.mark.parametrize("filler", fillers(), ids=lambda each: type(each).__name__)
def test_a_switch_leaves_no_hole_and_loses_nothing(filler: Filler) -> None:
    small, large = Source(filler, first_seq=65_530), Source(filler, first_seq=9)
    with wired(3) as ends:
        lines = [outlet(end) for end in ends]
        for line in lines:
            small.fanout.expect(line)
        small.send(is_key=True)
        small.send(times=9)
        for line in lines[:2]:
            large.fanout.expect(line)
        small.send(times=2)
        large.now = small.now
        large.send(times=2)  # no keyframe yet: they stay where they are
        large.send(is_key=True)
        small.send(times=5)
        large.send(times=5)
        for end in ends[:2]:
            packets = end.packets()
            headers = [header for header, _ in packets]
            assert len(headers) == 12 + 6
            assert _steps(headers) == {1}
            times = [header.timestamp for header in headers]
            assert all(0 < (b - a) & 0xFFFFFFFF < 90_000 for a, b in itertools.pairwise(times))
        assert len(ends[2].got()) == 17, "who was not switched is not touched"


def test_a_late_packet_from_before_a_switch_never_reaches_who_switched() -> None:
    """Its number was used by the feed before: the same number must not be encrypted twice."""
    source = Source(first_seq=1000)
    with wired(2) as ends:
        source.fanout.expect(outlet(ends[0]))
        source.send(is_key=True)
        source.skip()  # 1001 is late
        source.fanout.expect(outlet(ends[1]))
        source.send(is_key=True)
        source.late()
        assert [header.seq for header in ends[0].got()] == [1000, 1002]
        assert [header.seq for header in ends[1].got()] == [1002]
        assert len(ends[0].alone) == 1, "who was there before gets it"
        assert ends[1].alone == []


def test_hidden_pictures_do_not_leave_and_numbers_go_on_after() -> None:
    source = Source()
    with wired(1) as ends:
        source.fanout.expect(outlet(ends[0]))
        source.send(is_key=True)
        source.send(times=3)
        source.fanout.hold()
        source.send(times=50)
        before = ends[0].got()
        assert len(before) == 4
        source.fanout.release()
        source.send(times=2)
        assert ends[0].got() == [], "only a keyframe begins again"
        source.send(is_key=True)
        source.send()
        after = ends[0].got()
        assert _steps([before[-1], *after]) == {1}


def test_who_left_gets_nothing() -> None:
    source = Source()
    with wired(2) as ends:
        lines = [outlet(end) for end in ends]
        for line in lines:
            source.fanout.expect(line)
        source.send(is_key=True)
        source.fanout.leave(lines[0])
        source.send(times=3)
        assert [len(end.got()) for end in ends] == [1, 4]
        assert lines[0].fanout is None
        assert lines[0].sent()[0] == 1
        assert lines[1].sent()[0] == 4


def test_who_waits_can_change_its_mind() -> None:
    one, other = Source(), Source()
    with wired(1) as ends:
        line = outlet(ends[0])
        one.fanout.expect(line)
        other.fanout.expect(line)
        one.send(is_key=True)
        assert ends[0].got() == []
        other.send(is_key=True)
        assert len(ends[0].got()) == 1
        assert line.next is None


def test_a_viewer_without_a_path_costs_the_others_nothing() -> None:
    source = Source()
    with wired(2) as ends:
        ends[0].path = None
        for end in ends:
            source.fanout.expect(outlet(end))
        source.send(is_key=True)
        assert len(ends[1].got()) == 1


def test_more_viewers_than_one_call_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.live.fanout.MOST_IN_ONE_CALL", 3)
    source = Source()
    with wired(8) as ends:
        for k, end in enumerate(ends):
            source.fanout.expect(outlet(end, payload_type=96 + k % 2))
        source.send(is_key=True)
        source.send()
        assert [len(end.got()) for end in ends] == [2] * 8


def test_send_times_are_stamped_when_they_leave() -> None:
    source = Source()
    with wired(1) as ends:
        source.fanout.expect(outlet(ends[0], send_time_id=3))
        source.send(is_key=True)
        header = ends[0].got()[0]
        assert header.extensions[3][1] == 3


@pytest.fixture
def gathering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two viewers are many."""
    if not sending.can_gather():
        pytest.skip("this kernel does not cut datagrams (UDP_SEGMENT)")
    monkeypatch.setattr("media.live.gathering.GATHER_FROM", 2)


@pytest.mark.usefixtures("gathering")
@pytest.mark.parametrize("filler", fillers(), ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(
    "sizes", [(300, 300, 300, 80), (300, 301, 301), (80, 300, 7), (300,) * 20, (5,)]
)
def test_a_picture_leaves_whole(filler: Filler, sizes: tuple[int, ...]) -> None:
    source = Source(filler)
    with wired(3) as ends:
        for end in ends:
            source.fanout.expect(outlet(end))
        source.send(is_key=True)
        before = [len(end.got()) for end in ends]
        source.picture(*sizes)
        source.pass_time(0.02)
        for end in ends:
            packets = end.packets()
            assert _steps([header for header, _ in packets]) <= {1}
            assert [len(payload) - len(VP8_DELTA) for _, payload in packets] == list(sizes)
        assert before == [1] * 3
        assert source.counted["sent"] == 3 * (1 + len(sizes))


@pytest.mark.usefixtures("gathering")
def test_a_packet_waits_for_the_rest_of_its_picture_but_not_long() -> None:
    source = Source()
    with wired(2) as ends:
        for end in ends:
            source.fanout.expect(outlet(end))
        source.send(is_key=True)
        ends[0].got()
        source.send(marker=False)
        source.pass_time(GATHER_S * 0.9)
        assert ends[0].got() == [], "the rest of the picture may be about to come"
        source.pass_time(GATHER_S * 0.2)
        assert len(ends[0].got()) == 1
        source.send(marker=False, after_s=0.001)
        source.send(marker=True, after_s=0.001)
        assert len(ends[0].got()) == 2, "nothing is waited for when the picture is whole"
        source.send(marker=False, after_s=0.001)
        source.pass_time(GATHER_S * 0.9)
        assert ends[0].got() == [], "the clock of the picture before does not count"
        source.pass_time(GATHER_S * 0.2)
        assert len(ends[0].got()) == 1


@pytest.mark.usefixtures("gathering")
def test_who_comes_or_goes_in_the_middle_of_a_picture_gets_what_is_its() -> None:
    source = Source()
    with wired(4) as ends:
        lines = [outlet(end) for end in ends]
        for line in lines[:3]:
            source.fanout.expect(line)
        source.send(is_key=True)
        source.picture(200, 200, 200)
        source.send(marker=False, times=2, after_s=0.001)
        source.fanout.leave(lines[0])
        source.fanout.expect(lines[3])
        source.send(marker=False, after_s=0.001)
        source.send(is_key=True, after_s=0.001)
        assert [len(end.got()) for end in ends] == [6, 8, 8, 1]
        assert lines[0].sent()[0] == 6


@pytest.mark.usefixtures("gathering")
def test_sound_waits_for_nothing() -> None:
    source = Source(codec="opus")
    with wired(2) as ends:
        for end in ends:
            source.fanout.expect(outlet(end))
        source.send(marker=False)
        assert len(ends[0].got()) == 1


class Faulty(PythonFiller):
    """Fails as often as it is told to."""

    faults = 0

    def fill(self, *given: Any, **named: Any) -> int:
        """See `Filler`."""
        if self.faults:
            self.faults -= 1
            raise MemoryError("of ours")
        return super().fill(*given, **named)


def asked_keyframes(source: Source) -> list[float]:
    """When the publisher is asked for one, from now on."""
    asked: list[float] = []
    source.feed.ask_keyframe = lambda: asked.append(source.now)
    return asked


def test_a_fault_costs_the_picture_up_to_the_next_keyframe(
    caplog: pytest.LogCaptureFixture,
) -> None:
    filler = Faulty()
    source, other = Source(filler), Source()
    asked = asked_keyframes(source)
    with wired(3) as ends:
        lines = [outlet(end) for end in ends]
        for line in lines:
            source.fanout.expect(line)
        source.send(is_key=True)
        source.send(times=3)
        filler.faults = 1
        source.send(times=3)
        assert len(asked) == 1
        assert [line.fanout for line in lines] == [None] * 3
        other.fanout.expect(lines[2])  # who wants another picture meanwhile gets it
        source.send(is_key=True)
        source.send(times=3)
        other.now = source.now
        other.send(is_key=True)
        for end, packets in zip(ends, (8, 8, 5), strict=True):
            got = end.got()
            assert len(got) == packets
            assert {number for number in _steps(got) if number != 1} == {2}, "one is not used again"
        assert source.feed.readers == (source.fanout,)
        assert source.counted["fanout_faults"] == 1
        assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_fault_in_sound_costs_one_packet() -> None:
    filler = Faulty()
    source = Source(filler, codec="opus")
    with wired(2) as ends:
        for end in ends:
            source.fanout.expect(outlet(end))
        source.send(times=3)
        filler.faults = 1
        source.send(times=3)
        assert [len(end.got()) for end in ends] == [5, 5]


def test_a_fault_that_stays_is_told_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    filler = Faulty()
    source = Source(filler, codec="opus")
    with wired(1) as ends:
        source.fanout.expect(outlet(ends[0]))
        filler.faults = 1000
        source.send(times=1000, after_s=0.02)
        assert source.counted["fanout_faults"] == 1000
        assert len(caplog.records) == 2
        source.send()
        assert len(ends[0].got()) == 1


@pytest.mark.usefixtures("gathering")
def test_a_fault_as_somebody_leaves_lets_it_leave() -> None:
    filler = Faulty()
    source = Source(filler)
    asked = asked_keyframes(source)
    with wired(3) as ends:
        lines = [outlet(end) for end in ends]
        for line in lines:
            source.fanout.expect(line)
        source.send(is_key=True)
        source.send(marker=False, after_s=0.001)  # it waits for the rest of its picture
        filler.faults = 1
        source.fanout.leave(lines[0])
        assert (len(asked), len(source.fanout), lines[0].next) == (1, 0, None)
        source.send(is_key=True)
        source.send()
        assert [len(end.got()) for end in ends] == [1, 3, 3]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=25))
def test_numbers_go_on_by_one_whatever_is_done(steps: list[tuple[int, int, bool]]) -> None:
    """(which viewer, which of three layers, or hold/release of that layer)."""
    _numbers_go_on(steps)


@pytest.mark.usefixtures("gathering")
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=25))
def test_numbers_go_on_by_one_when_pictures_leave_whole(steps: list[tuple[int, int, bool]]) -> None:
    _numbers_go_on(steps)


def _numbers_go_on(steps: list[tuple[int, int, bool]]) -> None:
    layers = [Source(first_seq=first) for first in (10, 65_000, 30_000)]
    with wired(3) as ends:
        lines = [outlet(end) for end in ends]
        for line in lines:
            layers[0].fanout.expect(line)
        for viewer, layer, is_hold in steps:
            fanout = layers[layer].fanout
            if not is_hold:
                fanout.expect(lines[viewer])
            elif fanout.is_held:
                fanout.release()
            else:
                fanout.hold()
            now = max(each.now for each in layers)
            for each in layers:
                each.now = now
                each.send(is_key=True)
                each.send(times=2)
                each.send(marker=False)
        for end in ends:
            assert _steps(end.got()) <= {1}
