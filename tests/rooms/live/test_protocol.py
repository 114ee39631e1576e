"""The socket's page and its types say the same, field by field."""

import json
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from rooms.live import protocol
from server import room_lines, room_socket

PAGE = (Path(protocol.__file__).parent.parent / "PROTOCOL.md").read_text()
COMMANDS = {one.__struct_config__.tag: one for one in get_args(protocol.Command)}
EVENTS = {one.__struct_config__.tag: one for one in get_args(protocol.Event)}
PARTS = {"stage": protocol.Stage, "track": protocol.Track, "ice server": protocol.IceServer}
STATE = {
    "question": protocol.Question,
    "own question": protocol.OwnQuestion,
    "waiting question": protocol.Waiting,
    "poll": protocol.Poll,
    "hand": protocol.Hand,
    "class state": protocol.ClassState,
    "class count": protocol.ClassCount,
    "item": protocol.Item,
    "caption": protocol.Caption,
}
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def section(name: str) -> dict[str, str]:
    """What stands under each `###` of a `##`."""
    [found] = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    pieces = re.split(r"^### (.+)\n", found, flags=re.MULTILINE)
    return dict(zip((one.strip("`") for one in pieces[1::2]), pieces[2::2], strict=True))


SECTIONS = {
    "Commands": COMMANDS,
    "Events": EVENTS,
    "Stages, tracks, ice servers": PARTS,
    "Questions, polls, classes": STATE,
}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_message_stands_on_the_page(name: str) -> None:
    assert list(section(name)) == list(SECTIONS[name])


@pytest.mark.parametrize(
    ("name", "message"), [(name, one) for name, known in SECTIONS.items() for one in known]
)
def test_every_field_stands_on_the_page(name: str, message: str) -> None:
    told = {field: kind for field, kind, _ in ROW.findall(section(name)[message])}
    fields = {one.name: one for one in msgspec.structs.fields(SECTIONS[name][message])}
    assert list(told) == list(fields)
    for field, kind in told.items():
        assert ("default" in kind) == (not fields[field].required), field
        for value in re.findall(r"`(\w+)`", kind.partition(", default")[0]):
            assert value in repr(fields[field].type), (field, value)


@pytest.mark.parametrize(
    ("name", "message"), [(n, one) for n in ("Commands", "Events") for one in SECTIONS[n]]
)
def test_every_example_is_read(name: str, message: str) -> None:
    [example] = re.findall(r"```json\n(.*?)```", section(name)[message], re.DOTALL)
    found = msgspec.json.decode(example, type=SECTIONS[name][message])
    told = json.loads(example)
    assert set(told) - {"do", "event"} <= set(found.__struct_fields__)
    if name == "Events":
        assert json.loads(protocol.written(found)) == {**json.loads(msgspec.json.encode(found))}
    else:
        assert protocol.read(example) == found


def test_every_numbered_event_stands_in_the_log() -> None:
    numbered = {one.__struct_config__.tag for one in get_args(protocol.Numbered)}
    with_number = {
        tag for tag, one in EVENTS.items() if "number" in one.__struct_fields__ and tag != "ping"
    }
    assert numbered == with_number - {"hello"}


def test_every_close_code_is_explained() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE)}
    ours = {room_lines.RESUME, room_lines.IDLE, room_lines.NOT_UNDERSTOOD, room_lines.TOO_MANY}
    assert told == {1000, room_lines.TRY_LATER, room_socket.TOO_BIG, *ours}


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        "{}",
        '{"do":"fly"}',
        '{"do":"hello","since":-1}',
        '{"do":"hello","since":1e400}',
        '{"do":"pong","number":1}',
        '{"do":"want","wish":"everything"}',
        '{"do":"hello","connection":"me"}',
        '{"do":"send_cue","request":1,"cue":"hurry"}',
        '{"do":"open_poll","request":1,"poll":"6c1f5d1e-6a43-4a0c-9a51-0d5b4f1d9a10",'
        '"text":"a\\u0000b","choices":["a","b"]}',
        "\ud800",
        "{" * 20_000,
    ],
)
def test_what_is_no_command_is_refused(frame: str) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeEncodeError)):
        protocol.read(frame)


def test_the_page_says_how_long_a_frame_may_be() -> None:
    assert str(protocol.FRAME_BYTES) in PAGE
