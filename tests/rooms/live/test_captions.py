"""Captions without I/O: which lines a page gets that comes in now, and who reads along."""

from uuid import uuid4

import pytest

from rooms.live import room_views
from rooms.live.caption_board import KEPT_FOR, MOST_TOLD, Board
from rooms.live.captions import read
from rooms.live.protocol import Caption, Phase
from rooms.live.room import Room
from rooms.live.room_state import Facts, Who
from tests.rooms.live.test_room import MODERATOR, NOW, PRESENTER, SCREEN, TEACHER, phone

KEPT_MS = int(KEPT_FOR.total_seconds() * 1000)
CAPTIONER = Who(uuid4(), captioner=uuid4())


def a_line(number: int, at: int = NOW, text: str = "Here the steel comes in.") -> Caption:
    return Caption(uuid4(), "en", text, at, number)


def test_a_line_is_corrected_and_an_older_word_of_it_changes_nothing() -> None:
    board, first = Board(), a_line(1)
    corrected = Caption(first.id, "en", "Here the steal comes in.", NOW, 3)
    late = Caption(first.id, "en", "Hear", NOW, 2)
    assert [board.take(one, NOW) for one in (first, corrected, late, corrected)] == [
        True,
        True,
        False,
        False,
    ]
    assert board.since(NOW) == (corrected,)
    assert board.take(Caption(first.id, "en", "", NOW, 4), NOW)
    assert board.since(0) == ()


def test_lines_stand_in_the_order_in_which_they_were_said_and_go_with_time() -> None:
    board = Board()
    lines = [a_line(n, NOW + n) for n in range(MOST_TOLD + 5)]
    for one in reversed(lines):
        board.take(one, NOW)
    assert board.since(NOW) == tuple(lines[-MOST_TOLD:])
    assert not board.take(a_line(99, NOW - KEPT_MS - 1), NOW)
    newest = a_line(100, NOW + KEPT_MS + MOST_TOLD + 5)
    assert board.take(newest, newest.at)
    assert board.since(0) == (newest,)


@pytest.mark.parametrize(
    ("phase", "is_everybodys"),
    [("green", False), ("lobby", False), ("live", True), ("paused", True)],
)
def test_before_the_stage_is_everybodys_captions_are_tried(
    phase: Phase, is_everybodys: bool
) -> None:
    room, facts = Room(), Facts(phases=(phase,))
    for who in (phone(), SCREEN, TEACHER):
        assert room_views.reads_captions(room, who, facts) == is_everybodys
    for who in (CAPTIONER, PRESENTER, MODERATOR):
        assert room_views.reads_captions(room, who, facts)


@pytest.mark.parametrize("payload", ["", "[]", '{"room": "x"}', '{"room": null, "caption": {}}'])
def test_a_notification_that_is_none_of_ours_tells_nothing(payload: str) -> None:
    assert read(payload) == (None, None)
