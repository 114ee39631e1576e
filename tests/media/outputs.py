"""Look at a finished package the way a player does: join init and segments, decode them."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from media.ffmpeg import executable, read_loudness
from media.hls import INDEX, INIT, read_media_playlist
from media.package import Package


@dataclass(frozen=True)
class Watched:
    """One rendition as decoded. Times in seconds."""

    start_s: float
    end_s: float
    frames: int
    width: int
    height: int
    pix_fmt: str
    channels: int
    rate_hz: int
    tags: dict[str, str]


def joined(folder: Path) -> bytes:
    segments = read_media_playlist((folder / INDEX).read_text("utf-8"))
    return b"".join((folder / name).read_bytes() for name in [INIT, *(s.name for s in segments)])


def watch(folder: Path) -> Watched:
    with av.open(io.BytesIO(joined(folder)), format="mov") as film:
        stream: Any = film.streams[0]
        frames: list[Any] = list(film.decode(stream))
        first, last = frames[0], frames[-1]
        is_picture = stream.type == "video"
        length = 0 if is_picture else last.samples / last.sample_rate
        return Watched(
            start_s=float(first.pts * first.time_base),
            end_s=float(last.pts * last.time_base) + length,
            frames=len(frames),
            width=first.width if is_picture else 0,
            height=first.height if is_picture else 0,
            pix_fmt=first.format.name,
            channels=0 if is_picture else first.layout.nb_channels,
            rate_hz=0 if is_picture else first.sample_rate,
            tags={**film.metadata, **stream.metadata},
        )


def pixel(folder: Path, at_s: float, x: float, y: float) -> tuple[int, int, int]:
    """Colour (red, green, blue) at a place (0 to 1) of the picture shown at this moment."""
    with av.open(io.BytesIO(joined(folder)), format="mov") as film:
        shown: Any = None
        for frame in film.decode(video=0):
            if frame.time is not None and frame.time > at_s + 0.01:
                break
            shown = frame
        plane = shown.reformat(format="rgb24").planes[0]
        at = int(y * shown.height) * plane.line_size + int(x * shown.width) * 3
        red, green, blue = bytes(plane)[at : at + 3]
        return red, green, blue


def loudness(folder: Path, scratch: Path) -> float:
    """Integrated loudness of a finished sound rendition, LUFS."""
    path = scratch / "sound.mp4"
    path.write_bytes(joined(folder))
    command = [
        executable(), "-nostdin", "-nostats", "-v", "info", "-i", str(path),
        "-af", "ebur128=peak=sample:framelog=quiet", "-f", "null", "-",
    ]  # fmt: skip
    ended = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return read_loudness(ended.stderr.decode("utf-8", "replace")).integrated_lufs


def says_where(package: Package) -> list[str]:
    """Names of files that hold something like a place on earth, or a maker's mark."""
    place = re.compile(rb"[+-]\d\d\.\d{3,}[+-]\d{3}\.\d{3,}|\xa9xyz|Exif\0\0|com\.apple\.quicktime")
    return [f.name for f in package.files if place.search((package.folder / f.name).read_bytes())]
