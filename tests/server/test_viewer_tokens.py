"""Viewer tokens: ours, for one room and one seat, for a minute."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from server import viewer_tokens
from server.viewer_tokens import make, read

SECRET = b"a-secret-of-the-tests-32-characters-long"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ROOM, SEAT = uuid4(), uuid4()


def test_it_says_for_whom_it_was_made() -> None:
    told = read(SECRET, make(SECRET, ROOM, SEAT, NOW), NOW)
    assert told is not None
    assert (told.room_id, told.seat_id) == (ROOM, SEAT)


def test_it_is_over_after_a_minute() -> None:
    token = make(SECRET, ROOM, SEAT, NOW)
    assert read(SECRET, token, NOW + timedelta(seconds=59)) is not None
    assert read(SECRET, token, NOW + viewer_tokens.HOLDS_FOR) is None


def test_another_installations_is_not_ours() -> None:
    assert read(b"another" + SECRET, make(SECRET, ROOM, SEAT, NOW), NOW) is None


@given(st.integers(0, 71), st.integers(1, 255))
def test_one_changed_bit_is_enough(place: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(make(SECRET, ROOM, SEAT, NOW)))
    raw[place] ^= change
    assert read(SECRET, base64.urlsafe_b64encode(raw).decode(), NOW) is None


@given(st.text(max_size=200))
def test_whatever_stands_there_is_read_without_a_fault(text: str) -> None:
    assert read(SECRET, text, NOW) is None
