from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.containers import DEMUXERS, demuxer_of, examine
from media.errors import MediaError, Refused
from tests.media.films import cut, film

ZIP = b"PK\x03\x04" + bytes(26)


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (b"\0\0\0\x18ftypisom", "mov"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "mov"),
        (b"\x1a\x45\xdf\xa3\x01", "matroska"),
        (b"\0\0\x01\xba\x44", "mpeg"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf"),
        ((b"G" + bytes(187)) * 5, "mpegts"),
        (bytes(4) + (b"G" + bytes(191)) * 5, "mpegts"),
    ],
)
def test_what_may_be_opened_and_with_what(head: bytes, demuxer: str) -> None:
    assert demuxer_of(head) == demuxer


@pytest.mark.parametrize(
    ("head", "code", "params"),
    [
        (b"", "empty", {}),
        (bytes(65536), "not_a_video", {"found": "unknown"}),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd", "not_a_video", {"found": "playlist"}),
        (b"ffconcat version 1.0\nfile x", "not_a_video", {"found": "playlist"}),
        (b"\n <?xml version='1.0'?><MPD>", "not_a_video", {"found": "playlist"}),
        (b"<!doctype HTML><script>", "not_a_video", {"found": "web_page"}),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "not_a_video", {"found": "picture"}),
        (b"\0\0\0\x18ftypheic", "not_a_video", {"found": "picture"}),
        (b"<svg onload=x>", "not_a_video", {"found": "picture"}),
        (b"%PDF-1.4", "not_a_video", {"found": "pdf"}),
        (b"WEBVTT\n\n", "not_a_video", {"found": "subtitles"}),
        (b"just words", "not_a_video", {"found": "text"}),
        (b"MZ\x90", "not_a_video", {"found": "program"}),
        (ZIP + b"word/document.xml", "not_a_video", {"found": "archive"}),
        (b"ID3\x04", "no_picture", {}),
        (b"RIFF\0\0\0\0WAVEfmt ", "no_picture", {}),
        (b"FLV\x01\x05", "unsupported", {"found": "flv"}),
        (ZIP + b"ppt/slides/slide1.xml", "export_first", {"application": "PowerPoint"}),
        (b"\xd0\xcf\x11\xe0" + "PowerPoint Document".encode("utf-16-le"), "export_first",
         {"application": "PowerPoint"}),
        (ZIP + b"Index/Document.iwa", "export_first", {"application": "Keynote"}),
        (b"<?xml version='1.0'?><!DOCTYPE fcpxml><fcpxml version='1.9'>", "export_first",
         {"application": "Final Cut Pro"}),
        (b"RIFX\0\0\0\0Egg!", "export_first", {"application": "After Effects"}),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(head: bytes, code: str, params: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        demuxer_of(head)
    assert (caught.value.code, caught.value.params) == (code, params)


def test_slides_are_told_by_the_end_of_the_archive_too() -> None:
    with pytest.raises(Refused) as caught:
        demuxer_of(ZIP + bytes(1000), b"PK\x01\x02 ppt/presentation.xml")
    assert caught.value.code == "export_first"


@given(st.binary(max_size=300))
def test_any_bytes_are_opened_or_refused_with_a_code(head: bytes) -> None:
    try:
        assert demuxer_of(head, head) in DEMUXERS
    except MediaError as error:
        assert error.code


@given(st.binary(max_size=400), st.sampled_from(DEMUXERS))
def test_any_bytes_can_be_examined(data: bytes, demuxer: str) -> None:
    data = data.ljust(12, b"\0")
    examine(io.BytesIO(data), len(data), demuxer)


@pytest.mark.parametrize(
    ("suffix", "demuxer", "codec"),
    [("mp4", "mov", None), ("mkv", "matroska", None), ("avi", "avi", ["-c:v", "mpeg4"]),
     ("wmv", "asf", ["-c:v", "wmv2"])],
)  # fmt: skip
def test_a_whole_film_is_whole_and_a_cut_one_is_not(
    tmp_path: Path, suffix: str, demuxer: str, codec: list[str] | None
) -> None:
    options = ["-movflags", "+faststart"] if suffix == "mp4" else []
    sound = None if suffix == "wmv" else "sine"
    whole = film(tmp_path / f"whole.{suffix}", *options, codec=codec, seconds=1, sound=sound)
    half = cut(whole, tmp_path / f"half.{suffix}", 0.6)
    for path, is_whole in ((whole, True), (half, False)):
        with path.open("rb") as file:
            assert demuxer_of(file.read(4096)) == demuxer
            assert examine(file, path.stat().st_size, demuxer).is_whole == is_whole


def test_a_scrambled_transport_stream_is_locked() -> None:
    clear = (b"G\0\x11\x10" + bytes(184)) * 50
    locked = (b"G\0\x11\x90" + bytes(184)) * 50
    assert not examine(io.BytesIO(clear), len(clear), "mpegts").is_encrypted
    assert examine(io.BytesIO(locked), len(locked), "mpegts").is_encrypted
