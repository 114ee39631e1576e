"""What is kept for the next process is what would be made now, and nobody needs it."""

import sys
from pathlib import Path

import pytest

from server.kept_files import keep, kept, read


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # whatever the machine is told
    path = tmp_path / "words.po"
    path.write_text("one")
    return path


def made_of(source: Path, place: Path) -> tuple[bytes, bool]:
    """What it is made of `source`, and whether it was made now."""
    calls: list[bytes] = []

    def make() -> bytes:
        calls.append(source.read_bytes())
        return calls[-1]

    return kept(place, [source], make), bool(calls)


def test_it_is_made_once(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "not yet" / "words.mo"
    assert made_of(source, place) == (b"one", True)
    assert made_of(source, place) == (b"one", False)
    assert [path.name for path in place.parent.iterdir()] == ["words.mo"]


def test_and_again_when_a_source_changed(source: Path, tmp_path: Path) -> None:
    made_of(source, tmp_path / "words.mo")
    source.write_text("another")
    assert made_of(source, tmp_path / "words.mo") == (b"another", True)


@pytest.mark.parametrize("bytes_left", [0, 10, 40, 66])
def test_what_was_written_in_part_is_made_again(
    source: Path, tmp_path: Path, bytes_left: int
) -> None:
    place = tmp_path / "words.mo"
    made_of(source, place)
    place.write_bytes(place.read_bytes()[:bytes_left])
    assert made_of(source, place) == (b"one", True)
    assert made_of(source, place) == (b"one", False)


def test_where_it_cannot_be_written_it_is_made_each_time(source: Path) -> None:
    in_the_way = source / "words.mo"
    assert made_of(source, in_the_way) == (b"one", True)
    assert made_of(source, in_the_way) == (b"one", True)


def test_nothing_is_kept_where_python_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keep(tmp_path / "words.mo", b"one")
    assert read(tmp_path / "words.mo") is None
    assert not list(tmp_path.iterdir())
