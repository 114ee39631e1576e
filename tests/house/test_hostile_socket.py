"""Any words in every text a page may say to its room: taken as they are, or not at all.

What is taken comes back out of the room's own frames letter for letter, and fits the wire and the
database: no noughts, nothing that is no Unicode.
"""

import json
from typing import Any

import msgspec
import pytest

from rooms.live import protocol as p
from rooms.live import room_views
from rooms.safety import personal_data
from server.room_wire import framed
from tests.house.test_hostile_words import words
from tests.rooms.live.test_room import (
    MODERATOR,
    NOW,
    TEACHER,
    TWO,
    P,
    Q,
    a_room,
    phone,
)  # fmt: skip

FIELDS: dict[str, dict[str, Any]] = {
    "question": {"do": "ask", "question": str(Q), "text": "WORD"},
    "poll": {"do": "open_poll", "poll": str(P), "text": "WORD", "choices": ["a", "b"]},
    "choice": {"do": "open_poll", "poll": str(P), "text": "?", "choices": ["WORD", "b"]},
    "item": {"do": "set_order", "items": [{"title": "WORD", "minutes": 5}]},
}
# Not Unicode, and one that JSON may escape but no text column takes.
NO_TEXTS = ('"\\ud800"', '"x\\udfffx"', '"\\u0000"', '"a\\u0000b"')


def frame(field: str, word: str) -> bytes:
    """The command with this word in its field, as a page sends it."""
    return json.dumps({"request": 1, **FIELDS[field]}).replace('"WORD"', word).encode()


def shown(command: Any) -> str:
    """What everybody reads of the room after this command, as frames on the wire."""
    room = a_room()
    who = phone() if isinstance(command, p.Ask) else MODERATOR
    if isinstance(command, p.Ask):
        held = personal_data.reasons(command.text)
        room.take(command, who, TWO, NOW, held)
        room.take(p.Move(1, Q, "passed"), TEACHER, TWO, NOW)
        room.take(p.Move(1, Q, "shown"), MODERATOR, TWO, NOW)
        texts = {Q: command.text}
    else:
        room.take(command, who, TWO, NOW)
        texts = {}
    told = p.written(room_views.snapshot(room, MODERATOR, TWO, texts))
    assert framed(told).endswith(told.encode())
    return told


@pytest.mark.parametrize("field", FIELDS)
def test_words_come_out_as_they_went_in(field: str) -> None:
    taken = 0
    for word in words():
        try:
            command = p.read(frame(field, json.dumps(word)))
        except msgspec.DecodeError:
            assert not word or len(word) > 50 or "\0" in word, word
            continue
        told = shown(command)
        assert json.dumps(word) in json.dumps(json.loads(told)), word
        taken += 1
    assert taken > 20


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("word", NO_TEXTS)
def test_what_is_no_text_is_not_taken(field: str, word: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        p.read(frame(field, word))
