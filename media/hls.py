"""HLS playlists as text, and the names of what they list; pure.

Written to RFC 8216 with the fragmented-MP4 additions (version 7). Our own text, not the
encoder's: measured bitrates and exact codec strings are what players choose a rendition by.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

MASTER = "master.m3u8"
INDEX = "index.m3u8"
INIT = "init.mp4"
SEGMENT_PATTERN = "s%05d.m4s"
AUDIO_GROUP = "sound"

CONTENT_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".m4s": "video/iso.segment",
    ".jpg": "image/jpeg",
    ".vtt": "text/vtt; charset=utf-8",
}

# the languages of the programmes and their neighbours; any other keeps its three letters
_SHORT = {
    "nld": "nl", "dut": "nl", "eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de",
    "spa": "es", "eus": "eu", "baq": "eu", "dan": "da", "swe": "sv", "nor": "no", "fin": "fi",
    "ita": "it", "por": "pt", "pol": "pl", "tur": "tr", "ara": "ar", "ukr": "uk", "fry": "fy",
    "bre": "br", "cat": "ca", "glg": "gl",
}  # fmt: skip

_EXTINF = re.compile(r"#EXTINF:([0-9.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\n][^\n]*)")


@dataclass(frozen=True)
class Segment:
    name: str
    duration_s: float
    size_bytes: int = 0


@dataclass(frozen=True)
class PictureTrack:
    """A rendition as the master playlist tells it. Bitrates in bit/s, without sound."""

    name: str
    width: int
    height: int
    fps: float
    codec: str
    peak_bps: int
    average_bps: int


@dataclass(frozen=True)
class SoundTrack:
    """`label`: what a menu shows. `language`: BCP 47, or "und"."""

    name: str
    language: str
    label: str
    is_default: bool
    codec: str
    peak_bps: int
    average_bps: int


def segment_name(number: int) -> str:
    """Name of the segment at this place, counted from 0."""
    return SEGMENT_PATTERN % number


def content_type(name: str) -> str:
    suffix = name[name.rfind(".") :]
    return CONTENT_TYPES.get(suffix, "application/octet-stream")


def media_playlist(segments: Sequence[Segment]) -> str:
    """The playlist of one finished rendition."""
    target = max(1, math.ceil(max(segment.duration_s for segment in segments) - 0.5))
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{target}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{INIT}"',
    ]
    for segment in segments:
        lines += [f"#EXTINF:{segment.duration_s:.6f},", segment.name]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def read_media_playlist(text: str) -> tuple[Segment, ...]:
    """The segments an encoder listed, in order; sizes are not known here."""
    return tuple(Segment(name.strip(), float(s)) for s, name in _EXTINF.findall(text))


def master_playlist(pictures: Sequence[PictureTrack], sounds: Sequence[SoundTrack]) -> str:
    """The playlist of playlists. The middle rendition is listed first, the others rising.

    A player's first guess is the first entry: half-way is safe on school Wi-Fi.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_sound_line(sound) for sound in sounds]
    for picture in _start_in_the_middle(pictures):
        lines += [_picture_line(picture, sounds), f"{picture.name}/{INDEX}"]
    return "\n".join([*lines, ""])


def _start_in_the_middle(pictures: Sequence[PictureTrack]) -> list[PictureTrack]:
    rising = sorted(pictures, key=lambda picture: picture.peak_bps)
    first = rising[len(rising) // 2]
    return [first, *(picture for picture in rising if picture is not first)]


def _sound_line(sound: SoundTrack) -> str:
    fields = [
        "TYPE=AUDIO",
        f'GROUP-ID="{AUDIO_GROUP}"',
        f"NAME={_quoted(sound.label)}",
        *([f"LANGUAGE={_quoted(sound.language)}"] if sound.language != "und" else []),
        f"DEFAULT={'YES' if sound.is_default else 'NO'}",
        "AUTOSELECT=YES",
        'CHANNELS="2"',
        f'URI="{sound.name}/{INDEX}"',
    ]
    return "#EXT-X-MEDIA:" + ",".join(fields)


def _picture_line(picture: PictureTrack, sounds: Sequence[SoundTrack]) -> str:
    codecs = [picture.codec, *dict.fromkeys(sound.codec for sound in sounds)]
    peak = picture.peak_bps + max((sound.peak_bps for sound in sounds), default=0)
    average = picture.average_bps + max((sound.average_bps for sound in sounds), default=0)
    fields = [
        f"BANDWIDTH={peak}",
        f"AVERAGE-BANDWIDTH={average}",
        f'CODECS="{",".join(codecs)}"',
        f"RESOLUTION={picture.width}x{picture.height}",
        f"FRAME-RATE={picture.fps:.3f}",
        *([f'AUDIO="{AUDIO_GROUP}"'] if sounds else []),
    ]
    return "#EXT-X-STREAM-INF:" + ",".join(fields)


def bcp47(language: str) -> str:
    """Containers write three letters (ISO 639-2, either form); HLS wants the shortest tag."""
    return _SHORT.get(language.lower(), language.lower())


def straight_init(init: bytes, priming: int = 0) -> bytes:
    """The init segment with one plain edit: play from the first sample that is meant to be seen.

    The encoder shifts every track by the largest reordering delay of all and writes the shift as
    an empty edit. Browsers skip those, so that sound would run up to 80 ms ahead. Without them,
    and with the encoder's `priming` samples of sound left out, every track starts at 0.
    Raises ValueError when there is no edit list.
    """
    at = init.find(b"elst")
    if at < 0:
        raise ValueError("no edit list")
    size, _, version, count = struct.unpack_from(">I4sII", init, at - 4)
    if version != 0 or size != 16 + 12 * count or not count:
        raise ValueError("an edit list of another kind")
    duration, start, rate = struct.unpack_from(">IiI", init, at - 4 + size - 12)
    one = struct.pack(">I4sIIIiI", 28, b"elst", 0, 1, duration, max(start, 0) + priming, rate)
    spare = size - len(one)  # the boxes around keep their sizes
    free = struct.pack(">I4s", spare, b"free").ljust(spare, b"\0") if spare else b""
    return init[: at - 4] + one + free + init[at - 4 + size :]


def _quoted(text: str) -> str:
    """A quoted string may hold neither quotes nor line ends."""
    return '"' + re.sub(r'["\x00-\x1f\x7f]', " ", text) + '"'


def bitrates(segments: Sequence[Segment]) -> tuple[int, int]:
    """Peak and average bit/s, measured; a last segment under 1 s says nothing about the peak."""
    total_s = sum(segment.duration_s for segment in segments)
    told = [s for s in segments if s.duration_s >= 1] or list(segments)
    peak = max(segment.size_bytes * 8 / max(segment.duration_s, 1e-3) for segment in told)
    average = sum(segment.size_bytes for segment in segments) * 8 / max(total_s, 1e-3)
    return math.ceil(max(peak, average)), math.ceil(average)


def timestamp(seconds: float) -> str:
    """hh:mm:ss.mmm as WebVTT writes it."""
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def storyboard_vtt(
    *, count: int, step_s: float, duration_s: float, size: tuple[int, int], grid: tuple[int, int]
) -> str:
    """Which part of which sheet shows which moment; `grid`: columns and rows of a sheet."""
    columns, rows = grid
    width, height = size
    lines = ["WEBVTT", ""]
    for number in range(count):
        sheet, place = divmod(number, columns * rows)
        row, column = divmod(place, columns)
        end = duration_s if number == count - 1 else (number + 1) * step_s
        area = f"{column * width},{row * height},{width},{height}"
        lines += [
            f"{timestamp(number * step_s)} --> {timestamp(end)}",
            f"{storyboard_name(sheet)}#xywh={area}",
            "",
        ]
    return "\n".join(lines)


def storyboard_name(sheet: int) -> str:
    return f"storyboard-{sheet:03}.jpg"
