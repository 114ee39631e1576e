"""What the bytes themselves say: which container, whether it is whole, whether it is locked.

Plain Python over a seekable file, before any demuxer touches it. Only what is on the allow-list
goes on, with the demuxer named, so that a playlist or a script called film.mp4 is never opened.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from media.errors import Refused

HEAD_BYTES = 64 * 1024
"""How much of either end of the file `demuxer_of` wants to see."""

DEMUXERS = ("mov", "matroska", "mpegts", "mpeg", "avi", "asf")

_MAX_BOXES = 200_000  # a fragmented film of 3 h has about 20,000
_MP4_FIRST = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp")
_STILL_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"avif", b"avis", b"crx ")
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_LOCKED = (
    bytes.fromhex("fbb31122 23bdd211 b4b700a0 c955fc6e".replace(" ", "")),
    bytes.fromhex("14e68a29 2226174c b935dae0 7ee9289c".replace(" ", "")),
)

# what a zip archive holds that tells who made it
_ZIP_MARKS = (
    (b"ppt/", "PowerPoint"),
    (b"opendocument.presentation", "LibreOffice Impress"),
    (b"Index/Presentation", "Keynote"),
    (b"Index/Document.iwa", "Keynote"),
    (b"project.xml", "DaVinci Resolve"),
    (b".tscproj", "Camtasia"),
    (b".wfp", "Filmora"),
)
_TEXT_MARKS = (
    (b"<fcpxml", "Final Cut Pro"),
    (b"<xmeml", "Premiere Pro"),
    (b"<PremiereData", "Premiere Pro"),
    (b"<mlt ", "Kdenlive / Shotcut"),
    (b"<Project name=", "Windows Movie Maker"),
    (b"<AfterEffectsProject", "After Effects"),
    (b'"sourceBin"', "Camtasia"),
)
_OTHER_FILMS = (
    (0, b"FLV\x01", "flv"),
    (0, b"OggS", "ogg"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "mxf"),
    (0, b".RMF", "realmedia"),
    (0, b"DKIF", "ivf"),
)
_SOUNDS = (
    (0, b"ID3"),
    (0, b"fLaC"),
    (8, b"WAVE"),
    (8, b"AIFF"),
    (0, b"#!AMR"),
    (0, b"\xff\xfb"),
    (0, b"\xff\xf3"),
    (0, b"\xff\xf1"),
    (0, b"\xff\xf9"),
)
_NOT_FILMS = (
    (0, b"\xff\xd8\xff", "picture"),
    (0, b"\x89PNG\r\n\x1a\n", "picture"),
    (0, b"GIF8", "picture"),
    (0, b"BM", "picture"),
    (0, b"II*\0", "picture"),
    (0, b"MM\0*", "picture"),
    (8, b"WEBP", "picture"),
    (0, b"8BPS", "picture"),
    (0, b"%PDF", "pdf"),
    (0, b"PK\x03\x04", "archive"),
    (0, b"Rar!", "archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "archive"),
    (0, b"\x1f\x8b", "archive"),
    (0, b"\xd0\xcf\x11\xe0", "document"),
    (0, b"MZ", "program"),
    (0, b"\x7fELF", "program"),
)
_TEXTS = (
    (b"#EXTM3U", "playlist"),
    (b"ffconcat", "playlist"),
    (b"[playlist]", "playlist"),
    (b"<MPD", "playlist"),
    (b"<smil", "playlist"),
    (b"WEBVTT", "subtitles"),
    (b"<svg", "picture"),
    (b"<!DOCTYPE html", "web_page"),
    (b"<html", "web_page"),
    (b"<script", "web_page"),
)


def demuxer_of(head: bytes, tail: bytes = b"") -> str:
    """Name of the one demuxer that may open a file with this beginning and end.

    Raises Refused: `empty`, `not_a_video`, `unsupported`, `no_picture` (a sound file),
    `export_first` (slides or an editor's project).
    """
    if not head:
        raise Refused("empty")
    return _film(head) or _refuse(head, tail)


def _film(head: bytes) -> str | None:
    if head[4:8] in _MP4_FIRST:
        return None if _is_still(head) else "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(_ASF):
        return "asf"
    return "mpegts" if _is_transport(head) else None


def _is_still(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS


def _is_transport(head: bytes) -> bool:
    """Sync bytes at five packet starts: 188 bytes, or 192 with a camera's time stamp first."""
    for start, step in ((0, 188), (4, 192), (0, 204)):
        marks = head[start : start + step * 5 : step]
        if len(marks) >= 3 and set(marks) == {0x47}:
            return True
    return False


def _refuse(head: bytes, tail: bytes) -> NoReturn:
    if application := _application(head, tail):
        raise Refused("export_first", application=application)
    if head[4:8] == b"ftyp":
        raise Refused("not_a_video", found="picture")
    for at, mark, found in _OTHER_FILMS:
        if head.startswith(mark, at):
            raise Refused("unsupported", found=found)
    if any(head.startswith(mark, at) for at, mark in _SOUNDS):
        raise Refused("no_picture")
    for at, mark, found in _NOT_FILMS:
        if head.startswith(mark, at):
            raise Refused("not_a_video", found=found)
    raise Refused("not_a_video", found=_text(head))


def _application(head: bytes, tail: bytes) -> str | None:
    """Who made the slides or the project file, when it is one."""
    if head.startswith(b"PK"):
        return _first(_ZIP_MARKS, head + tail)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "PowerPoint" if "PowerPoint".encode("utf-16-le") in head + tail else None
    if head.startswith(b"RIFX") and head[8:12] == b"Egg!":
        return "After Effects"
    if head.startswith(b"riff\x2e\x91\xcf\x11"):
        return "VEGAS Pro"
    if head.startswith(b"\x1f\x8b") and b".prproj" in head[:512]:
        return "Premiere Pro"
    return _first(_TEXT_MARKS, head[:4096])


def _first(marks: tuple[tuple[bytes, str], ...], data: bytes) -> str | None:
    return next((name for mark, name in marks if mark in data), None)


def _text(head: bytes) -> str:
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, found in _TEXTS:
        if start.startswith(mark.lower()) or (mark[:1] == b"<" and mark.lower() in start):
            return found
    return "text" if re.fullmatch(rb"[\t\n\r\x20-\x7e\x80-\xff]+", head[:1024]) else "unknown"


@dataclass(frozen=True)
class Wholeness:
    """What the structure says. `missing_bytes`: how much is announced beyond the end."""

    missing_bytes: int = 0
    has_index: bool = True
    is_encrypted: bool = False

    @property
    def is_whole(self) -> bool:
        return self.missing_bytes <= 0 and self.has_index


def examine(file: BinaryIO, size: int, demuxer: str) -> Wholeness:
    """Walk the container's own bookkeeping; never reads the pictures themselves."""
    look = {
        "mov": _examine_mp4,
        "matroska": _examine_matroska,
        "avi": _examine_avi,
        "asf": _examine_asf,
        "mpegts": _examine_transport,
    }.get(demuxer)
    return look(file, size) if look else Wholeness()


# --- MP4, MOV ---------------------------------------------------------------------------------

_MP4_PATH = (b"trak", b"mdia", b"minf", b"stbl")
_MP4_MATTERS = (b"moov", b"mdat", b"moof")


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of content, end of box); the end may lie beyond `end` in a cut file."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        header = file.read(16)
        size, kind = struct.unpack(">I4s", header[:8])
        content = start + 8
        if size == 1 and len(header) == 16:
            size = struct.unpack(">Q", header[8:])[0]
            content = start + 16
        elif size == 0:  # "to the end", also QuickTime's terminator inside containers
            size = end - start
        if start + size < content:
            return  # cannot even hold its own header: the rest is not boxes
        yield kind, content, start + size
        start += size


def _examine_mp4(file: BinaryIO, size: int) -> Wholeness:
    missing, has_index, locked = 0, False, False
    for kind, content, end in _boxes(file, 0, size):
        if kind in _MP4_MATTERS:
            missing = max(missing, end - size)
        if kind == b"moov":
            has_index = True
            locked = locked or _is_locked_mp4(file, content, min(end, size))
    return Wholeness(missing, has_index, locked)


def _is_locked_mp4(file: BinaryIO, start: int, end: int) -> bool:
    return any(kind in (b"encv", b"enca", b"drmi", b"drms")
               for kind in _sample_entries(file, start, end, _MP4_PATH))  # fmt: skip


def _sample_entries(
    file: BinaryIO, start: int, end: int, path: tuple[bytes, ...]
) -> Iterator[bytes]:
    for kind, content, box_end in _boxes(file, start, end):
        if path and kind == path[0]:
            yield from _sample_entries(file, content, min(box_end, end), path[1:])
        elif not path and kind == b"stsd":  # version, flags and a count come first
            yield from (entry for entry, _, _ in _boxes(file, content + 8, min(box_end, end)))


# --- Matroska, WebM ---------------------------------------------------------------------------

_SEGMENT, _CLUSTER, _TRACKS = 0x18538067, 0x1F43B675, 0x1654AE6B
_TRACK_PATH = {_TRACKS, 0xAE, 0x6D80, 0x6240}  # Tracks, TrackEntry, ContentEncodings, one of them
_ENCRYPTION = 0x5035
_UNKNOWN = (1 << 56) - 1


def _number(data: bytes, at: int, keep_marker: bool) -> tuple[int, int]:
    """An EBML number and its length; (0, 0) when it is broken or cut off."""
    if at >= len(data) or data[at] == 0:
        return 0, 0
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return 0, 0
    value = int.from_bytes(data[at : at + length], "big")
    if keep_marker:
        return value, length
    mask = (1 << (7 * length)) - 1
    return (_UNKNOWN if value & mask == mask else value & mask), length


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(id, start of content, end); end is -1 where the size is unknown (a live recording)."""
    for _ in range(_MAX_BOXES):
        file.seek(start)
        header = file.read(12)
        name, used = _number(header, 0, keep_marker=True)
        size, more = _number(header, used, keep_marker=False)
        if start >= end or not used or not more:
            return
        content = start + used + more
        yield name, content, -1 if size == _UNKNOWN else content + size
        # what is inside an element of unknown size is walked as if it were beside it
        start = content if size == _UNKNOWN else content + size


def _examine_matroska(file: BinaryIO, size: int) -> Wholeness:
    missing, locked = 0, False
    for name, content, end in _elements(file, 0, size):
        missing = max(missing, end - size)
        if name == _SEGMENT and end >= 0:
            locked = locked or _is_locked_matroska(file, content, min(end, size))
        elif name == _TRACKS:
            locked = locked or _is_locked_matroska(file, content, min(end, size), inside=True)
    return Wholeness(missing, True, locked)


def _is_locked_matroska(file: BinaryIO, start: int, end: int, inside: bool = False) -> bool:
    for name, content, element_end in _elements(file, start, end):
        if name == _ENCRYPTION and inside:
            return True
        if name in _TRACK_PATH and (inside or name == _TRACKS) and _is_locked_matroska(
            file, content, min(element_end, end) if element_end >= 0 else end, inside=True
        ):  # fmt: skip
            return True
    return False


# --- AVI, WMV, transport stream -----------------------------------------------------------------


def _examine_avi(file: BinaryIO, size: int) -> Wholeness:
    file.seek(4)
    announced = struct.unpack("<I", file.read(4))[0]
    return Wholeness(announced + 8 - size if announced else 0)


def _examine_asf(file: BinaryIO, size: int) -> Wholeness:
    file.seek(0)
    header = file.read(1024 * 1024)
    at = header.find(_ASF_FILE)
    missing = 0
    if at >= 0 and len(header) >= at + 92:
        announced = struct.unpack_from("<Q", header, at + 40)[0]
        is_live = struct.unpack_from("<I", header, at + 88)[0] & 1  # then the size means nothing
        missing = 0 if is_live else announced - size
    return Wholeness(missing, True, any(guid in header for guid in _ASF_LOCKED))


def _examine_transport(file: BinaryIO, size: int) -> Wholeness:
    """Scrambled when most packets that carry something say so. A cut stream cannot be told."""
    file.seek(0)
    head = file.read(192 * 2000)
    start, step = next(
        (
            (start, step)
            for start, step in ((0, 188), (4, 192), (0, 204))
            if set(head[start : start + step * 3 : step]) == {0x47}
        ),
        (0, 188),
    )
    flags = head[start + 3 :: step]
    scrambled = sum(1 for flag in flags if flag & 0xC0)
    return Wholeness(is_encrypted=scrambled * 2 > len(flags) > 0)
