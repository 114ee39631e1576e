"""A sender's clock: from its reports, and over the silences of a stopped microphone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.live.sender_clock import SenderClock

NTP = 4e9
RATE = 48_000
PACKET_S = 0.02


class Microphone:
    """Sends a packet every 20 ms from second 100 on; its timestamps count what it sent."""

    def __init__(self, delay_s: float = 0.05, *, says_when: bool = False) -> None:
        self.clock = SenderClock(RATE)
        self.now = 100.0
        self.delay_s = delay_s
        self.says_when = says_when  # abs-send-time
        self.seq = 0
        self.sent = 2**32 - RATE  # wraps within a second
        self.newest = 0  # timestamp of the newest packet as viewers get it

    def speak(self, seconds: float) -> None:
        for _ in range(round(seconds / PACKET_S)):
            self.comes(self.now + self.delay_s)

    def comes(self, arrived: float) -> None:
        """The next packet is sent now."""
        self.seq += 1
        left = round(self.now * 2**18) % 2**24 if self.says_when else None
        self.newest = self.clock.came(self.seq, self.sent % 2**32, arrived, left)
        self.sent += round(PACKET_S * RATE)
        self.now += PACKET_S

    def report(self) -> None:
        """As Chromium says it: at the moment its newest packet left."""
        newest = (self.sent - round(PACKET_S * RATE)) % 2**32
        left = self.now - PACKET_S
        self.clock.note_report(NTP + left, newest, (self.newest, left + self.delay_s))

    @property
    def wrong_by_s(self) -> float:
        """How far off the newest packet is put from when it left."""
        said = self.clock.ntp_of(self.newest)
        assert said is not None
        return said - NTP - (self.now - PACKET_S)


def test_before_a_report_no_time_is_known() -> None:
    clock = SenderClock(90_000)
    assert clock.came(1, 5, 1.0) == 5
    assert clock.ntp_of(5) is None
    clock.note_report(0.0, 5, None)  # a sender without a clock
    assert clock.ntp_of(5) is None
    assert clock.changes == 0


def test_times_are_told_over_the_wrap() -> None:
    clock = SenderClock(90_000)
    clock.note_report(NTP, 2**32 - 45_000, None)
    assert clock.ntp_of(45_000) == pytest.approx(NTP + 1)
    assert clock.ntp_of(2**32 - 135_000) == pytest.approx(NTP - 1)


@given(
    st.floats(3.9e9, 4.2e9), st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([8000, 48_000, 90_000]),
)  # fmt: skip
def test_a_timestamp_ahead_or_behind_is_told_the_shorter_way_round(
    ntp: float, rtp: int, ahead: int, clock_rate: int
) -> None:
    clock = SenderClock(clock_rate)
    clock.note_report(ntp, rtp, None)
    timestamp = (rtp + ahead) % 2**32
    moment = clock.ntp_of(timestamp)
    assert moment is not None
    assert moment - ntp == pytest.approx(ahead / clock_rate, abs=1e-5)


@given(st.floats(0.6, 30), st.floats(0, 1))
def test_a_microphone_that_was_stopped_is_soon_in_step_again(
    silent_s: float, delay_s: float
) -> None:
    microphone = Microphone(delay_s)
    microphone.speak(2)
    microphone.report()
    microphone.now += silent_s
    microphone.speak(0.1)
    assert microphone.wrong_by_s == pytest.approx(-silent_s, abs=0.05)
    microphone.speak(0.4)
    assert microphone.wrong_by_s == pytest.approx(0, abs=0.001)
    assert microphone.clock.changes == 1
    microphone.report()  # what it says itself changes nothing any more
    assert microphone.wrong_by_s == pytest.approx(0, abs=0.001)
    assert microphone.clock.changes == 1


@given(st.floats(0.6, 300), st.floats(0, 1))
def test_a_silence_of_a_sender_that_says_when_is_put_into_its_timestamps(
    silent_s: float, delay_s: float
) -> None:
    """No report contradicts another, and no packet is ever out of step."""
    microphone = Microphone(delay_s, says_when=True)
    microphone.speak(1)
    microphone.report()
    before = microphone.newest
    for _ in range(3):
        microphone.now += silent_s
        microphone.speak(PACKET_S)
        assert (microphone.newest - before) % 2**32 / RATE == pytest.approx(
            silent_s + PACKET_S, abs=0.001
        )
        assert microphone.wrong_by_s == pytest.approx(0, abs=0.001)
        microphone.report()
        microphone.speak(0.5)
        assert microphone.wrong_by_s == pytest.approx(0, abs=0.001)
        before = microphone.newest
    assert microphone.clock.changes == 0


def test_a_packet_from_before_a_silence_keeps_its_place() -> None:
    microphone = Microphone(says_when=True)
    microphone.speak(1)
    late, late_seq = microphone.sent % 2**32, microphone.seq + 1
    microphone.seq += 1
    microphone.sent += 960
    microphone.now += 5
    microphone.speak(0.1)
    again = microphone.clock.came(late_seq, late, microphone.now)
    assert again == late
    put_right = (microphone.newest - late) % 2**32 / RATE
    assert put_right == pytest.approx(5 + 0.1, abs=0.021)
    last = microphone.clock.came(microphone.seq, (microphone.sent - 960) % 2**32, microphone.now)
    assert last == microphone.newest


@pytest.mark.parametrize("says_when", [False, True])
def test_what_a_network_held_back_does_not_move_the_clock(says_when: bool) -> None:
    """Two seconds stand still, then all of it comes at once, and what follows in time."""
    microphone = Microphone(says_when=says_when)
    microphone.speak(1)
    microphone.report()
    held_from = microphone.now
    for n in range(100):
        microphone.comes(held_from + 2.05 + n / 1000)
    microphone.speak(1)
    assert microphone.wrong_by_s == pytest.approx(0, abs=0.001)
    assert microphone.clock.changes == 0


def test_a_report_that_contradicts_is_noticed_and_one_that_drifts_is_not() -> None:
    clock = SenderClock(RATE)
    clock.note_report(NTP, 0, None)
    clock.note_report(NTP + 1.01, RATE, None)
    assert clock.changes == 0
    clock.note_report(NTP + 4, 2 * RATE, None)
    assert clock.changes == 1


def test_without_a_report_since_it_came_a_silence_changes_nothing() -> None:
    microphone = Microphone()
    microphone.speak(1)
    microphone.clock.note_report(NTP + microphone.now, microphone.sent % 2**32, None)
    microphone.now += 3
    microphone.speak(1)
    assert microphone.clock.changes == 0
