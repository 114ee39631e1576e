"""Every refusal has a sentence; none shows its code."""

import re
from pathlib import Path

from media.errors import CODES, FOUND
from server import errors

ROOT = Path(__file__).parent.parent.parent
# What a room's page says to what its socket refuses.
TALK = ROOT / "web" / "templates" / "rooms" / "talk.html"
# A domain error raised with its code written out.
RAISED = re.compile(r"(?:Refused|Conflict|RoomError|Broken|StorageError)\(\s*\"([a-z_]+)\"")
# Jinja drops the line's end after a block and what stands before the next one: words would touch.
GLUED = re.compile(
    r"\}\}(?:</\w+>)*\{% end(?:if|for) %\}\n[ \t]+\{% (?:if|for) [^%]*%\}(?:<(?:b|span)[^>]*>)?"
    r"(?:· )?\{\{ (?:_|ngettext)\("
)


def test_every_media_code_has_a_sentence_with_known_values() -> None:
    for code, names in CODES.items():
        text = errors.SENTENCES[code]
        assert set(re.findall(r"{(\w+)}", text)) <= set(names), code


def test_every_code_raised_in_the_code_has_a_sentence() -> None:
    said = {*errors.SENTENCES, *re.findall(r"\"([a-z_]+)\": _\(", TALK.read_text())}
    for folder in ("rooms", "media", "server", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            for code in RAISED.findall(path.read_text()):
                assert code in said, f"{code} in {path.relative_to(ROOT)}"


def test_values_are_said_as_people_read_them() -> None:
    said = errors.sentence("en", "too_long", {"duration_s": 12000.0, "limit_s": 10800.0})
    assert "3:20:00" in said
    assert "3:00:00" in said
    said = errors.sentence("nl", "too_large", {"size_bytes": 20.5e9, "limit_bytes": 20e9})
    assert "20,5 GB" in said
    said = errors.sentence("en", "over_quota", {"left_bytes": 0, "wanted_bytes": 69.24e6})
    assert "has 0 MB left here, and this film is 69.2 MB" in said


def test_every_kind_of_thing_a_file_can_be_has_a_word() -> None:
    assert set(FOUND) == set(errors.FOUND)


def test_no_sentence_runs_into_the_next() -> None:
    one, next_one = '<p>{{ _("One.") }}{% endif %}', '{{ _("Two.") }}{% endif %}</p>'
    assert GLUED.search(f"{one}\n  {{% if two %}}{next_one}")
    assert not GLUED.search(f"{one}\n  {{% if two %}} {next_one}")
    pages = (ROOT / "web" / "templates").rglob("*.html")
    assert [path.name for path in pages if GLUED.search(path.read_text())] == []
