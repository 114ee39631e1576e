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

    def __init__(self, delay_s: float = 0.05) -> None:
        self.clock = SenderClock(RATE)
        self.now = 100.0
        self.delay_s = delay_s
        self.sent = 2**32 - RATE  # wraps within a second

    def speak(self, seconds: float) -> None:
        for _ in range(round(seconds / PACKET_S)):
            self.clock.came(self.sent % 2**32, self.now + self.delay_s)
            self.sent += round(PACKET_S * RATE)
            self.now += PACKET_S

    def report(self) -> None:
        """As Chromium says it: at the moment its newest packet left."""
        newest = (self.sent - round(PACKET_S * RATE)) % 2**32
        left = self.now - PACKET_S
        self.clock.note_report(NTP + left, newest, (newest, left + self.delay_s))

    @property
    def wrong_by_s(self) -> float:
        """How far off the newest packet is put from when it left."""
        newest = self.sent - round(PACKET_S * RATE)
        said = self.clock.ntp_of(newest % 2**32)
        assert said is not None
        return said - NTP - (self.now - PACKET_S)


def test_before_a_report_no_time_is_known() -> None:
    clock = SenderClock(90_000)
    clock.came(5, 1.0)
    assert clock.ntp_of(5) is None
    assert clock.timestamp_at(NTP) is None
    clock.note_report(0.0, 5, None)  # a sender without a clock
    assert clock.ntp_of(5) is None
    assert clock.changes == 0


def test_times_are_told_over_the_wrap() -> None:
    clock = SenderClock(90_000)
    clock.note_report(NTP, 2**32 - 45_000, None)
    assert clock.ntp_of(45_000) == pytest.approx(NTP + 1)
    assert clock.ntp_of(2**32 - 135_000) == pytest.approx(NTP - 1)
    assert clock.timestamp_at(NTP + 1) == 45_000
    assert clock.timestamp_at(NTP - 1) == 2**32 - 135_000


@given(
    st.floats(3.9e9, 4.2e9), st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([8000, 48_000, 90_000]),
)  # fmt: skip
def test_a_timestamp_and_its_time_lead_to_each_other(
    ntp: float, rtp: int, ahead: int, clock_rate: int
) -> None:
    clock = SenderClock(clock_rate)
    clock.note_report(ntp, rtp, None)
    timestamp = (rtp + ahead) % 2**32
    moment = clock.ntp_of(timestamp)
    assert moment is not None
    assert moment - ntp == pytest.approx(ahead / clock_rate, abs=1e-5)
    assert clock.timestamp_at(moment) == timestamp


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


def test_what_a_network_held_back_does_not_move_the_clock() -> None:
    """Two seconds stand still, then all of it comes at once, and what follows in time."""
    microphone = Microphone()
    microphone.speak(1)
    microphone.report()
    held_from = microphone.now
    for n in range(100):
        microphone.clock.came(microphone.sent % 2**32, held_from + 2.05 + n / 1000)
        microphone.sent += round(PACKET_S * RATE)
        microphone.now += PACKET_S
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
