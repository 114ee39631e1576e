"""The confined half of the probe: reads one file, prints one JSON document, exits.

Only this module and the live stage import PyAV. It runs in a child process of `media.probe`,
which holds the limits; whatever happens in here, the worker lives on.

The document: {"refused": code, "params": {…}} or {"probe": {…}} with the fields of `Probe`.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import av.error
from av.stream import Disposition

from media.containers import HEAD_BYTES, Wholeness, demuxer_of, examine
from media.errors import Refused

_FIRST_FRAMES = 4  # decoded to learn the true size, rotation and whether it is interlaced
_TRY_PACKETS = 400  # given up as undecodable after so many
_PICTURE_ONLY = Disposition.attached_pic | Disposition.timed_thumbnails
_SAMPLED_STEPS = 20_000  # time stamps kept to judge the frame rate


@dataclass
class _Track:
    """What one stream turned out to hold while its packets went by. Times in seconds."""

    stream: Any
    packets: int = 0
    start_s: float | None = None
    end_s: float = 0.0
    stamps: list[float] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)
    wanted: int = 1
    damaged: bool = False

    def take(self, packet: Any) -> None:
        if packet.pts is None and packet.dts is None:
            return
        if packet.is_corrupt:
            self.damaged = True
            return
        self._decode(packet)
        if packet.is_discard:  # an edit list leaves it out
            return
        self.packets += 1
        at = float((packet.pts if packet.pts is not None else packet.dts) * packet.time_base)
        self.start_s = at if self.start_s is None else min(self.start_s, at)
        self.end_s = max(self.end_s, at + float((packet.duration or 0) * packet.time_base))
        if len(self.stamps) < _SAMPLED_STEPS:
            self.stamps.append(at)

    def _decode(self, packet: Any) -> None:
        if len(self.frames) < self.wanted and self.packets < _TRY_PACKETS:
            try:
                self.frames += packet.decode()
            except av.error.FFmpegError:
                self.damaged = True

    def flush(self) -> None:
        if not self.frames:
            try:
                self.frames += self.stream.codec_context.decode(None)
            except (av.error.FFmpegError, EOFError):
                self.damaged = True

    def steps(self) -> list[float]:
        stamps = sorted(self.stamps)
        return [b - a for a, b in pairwise(stamps) if b - a > 1e-6]


def probe(path: Path, limits: dict[str, Any]) -> dict[str, Any]:
    """Look at one file; raises Refused."""
    size = path.stat().st_size
    if size > limits["max_bytes"]:
        raise Refused("too_large", size_bytes=size, limit_bytes=limits["max_bytes"])
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size - HEAD_BYTES))
        demuxer = demuxer_of(head, file.read(HEAD_BYTES))
        whole = examine(file, size, demuxer)
    if whole.is_encrypted:
        raise Refused("encrypted")
    if not whole.has_index:
        raise Refused("incomplete", readable_s=None, expected_s=None)
    try:
        return _read(path, demuxer, whole, limits)
    except av.error.FFmpegError:
        raise _gap(whole, None, None) or Refused("unreadable") from None


def _read(path: Path, demuxer: str, whole: Wholeness, limits: dict[str, Any]) -> dict[str, Any]:
    with _open(path, demuxer, limits) as film:
        if any("enc_key_id" in stream.metadata for stream in film.streams):
            raise Refused("encrypted")
        video = _video(film)
        sounds = [_Track(stream) for stream in film.streams.audio][: limits["max_audio_tracks"]]
        _scan(film, [video, *sounds], limits)
        declared = film.duration / 1e6 if film.duration else None
        _must_be_whole(video, sounds, declared, whole, demuxer)
        _must_fit(video, limits)
        return _report(film, demuxer, path, video, sounds)


def _open(path: Path, demuxer: str, limits: dict[str, Any]) -> Any:
    """Open with the one demuxer that the bytes call for; nothing may be opened from inside it."""
    return av.open(
        str(path),
        format=demuxer,
        options={
            "format_whitelist": demuxer,
            "protocol_whitelist": "file",
            "max_streams": "64",
            **({"enable_drefs": "0", "use_absolute_path": "0"} if demuxer == "mov" else {}),
        },
        metadata_errors="replace",
    )


def _video(film: Any) -> _Track:
    """The film's picture: the default one, else the largest; covers and previews do not count."""
    moving = [s for s in film.streams.video if not s.disposition & _PICTURE_ONLY]
    if not moving:
        raise Refused("no_picture") if film.streams.audio else Refused("unreadable")
    best = max(
        moving, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height)
    )
    return _Track(best, wanted=_FIRST_FRAMES)


def _scan(film: Any, tracks: list[_Track], limits: dict[str, Any]) -> None:
    """Let every packet go by: headers lie about durations, packets do not."""
    by_index = {track.stream.index: track for track in tracks}
    for track in tracks:
        if track.stream.type == "video":
            track.stream.codec_context.options = {"max_pixels": str(limits["max_pixels"])}
            track.stream.codec_context.thread_count = 1
    for seen, packet in enumerate(_packets(film, [track.stream for track in tracks]), 1):
        if seen > limits["max_packets"]:
            raise Refused("too_many_packets", limit=limits["max_packets"])
        by_index[packet.stream.index].take(packet)
    for track in tracks:
        track.flush()


def _packets(film: Any, streams: list[Any]) -> Iterator[Any]:
    try:
        yield from film.demux(streams)
    except (av.error.EOFError, av.error.InvalidDataError):
        return  # what came before it counts; the durations tell what is missing


def _gap(whole: Wholeness, readable: float | None, expected: float | None) -> Refused | None:
    if whole.is_whole:
        return None
    return Refused("incomplete", readable_s=readable, expected_s=expected)


def _must_be_whole(
    video: _Track, sounds: list[_Track], declared: float | None, whole: Wholeness, demuxer: str
) -> None:
    start, end = _span([video, *sounds])
    readable = round(end - start, 3)
    expected = round(declared, 3) if declared else None
    if gap := _gap(whole, readable, expected):
        raise gap
    if not video.packets:
        raise Refused("incomplete", readable_s=0.0, expected_s=expected)
    # these three write the duration when the recording ends; MP4's claim was checked box by box
    announces = demuxer in ("matroska", "avi", "asf") and declared is not None
    if announces and declared is not None and readable < declared - max(1.0, declared * 0.02):
        raise Refused("incomplete", readable_s=readable, expected_s=expected)


def _must_fit(video: _Track, limits: dict[str, Any]) -> None:
    """A decoder that was told the limit gives no picture: then the header's size is the reason."""
    told = video.frames[0] if video.frames else video.stream
    if told.width * told.height > limits["max_pixels"]:
        raise Refused(
            "too_many_pixels",
            width=told.width,
            height=told.height,
            limit_pixels=limits["max_pixels"],
        )
    if not video.frames:
        raise Refused("unreadable")


def _span(tracks: Iterable[_Track]) -> tuple[float, float]:
    used = [track for track in tracks if track.start_s is not None]
    if not used:
        return 0.0, 0.0
    return min(t.start_s for t in used if t.start_s is not None), max(t.end_s for t in used)


def _report(
    film: Any, demuxer: str, path: Path, video: _Track, sounds: list[_Track]
) -> dict[str, Any]:
    steps = video.steps()
    step = statistics.median(steps) if steps else 0.0
    _close_last_frame(video, step)
    heard = [track for track in sounds if track.packets and track.frames]
    start, end = _span([video, *heard])
    frame, stream = video.frames[0], video.stream
    sar = stream.sample_aspect_ratio or Fraction(1)
    return {
        "demuxer": demuxer,
        "size_bytes": path.stat().st_size,
        "duration_s": round(end - start, 6),
        "video_index": stream.index,
        "video_codec": stream.codec_context.name,
        "video_start_s": round((video.start_s or 0.0) - start, 6),
        "video_end_s": round(video.end_s - start, 6),
        "width": frame.width,
        "height": frame.height,
        "rotation": round(frame.rotation / 90) * 90 % 360,
        "sar_num": sar.numerator,
        "sar_den": sar.denominator,
        "pix_fmt": frame.format.name,
        "transfer": int(frame.color_trc),
        "matrix": int(frame.colorspace),
        "frames": video.packets,
        "fps_average": _rate(video.packets - 1, sum(steps)) if steps else 0.0,
        "fps_guessed": float(stream.guessed_rate or 0),
        "fps_median": 1 / step if step else 0.0,
        "is_vfr": _varies(steps, step),
        "is_interlaced": any(f.interlaced_frame for f in video.frames),
        "audio": [_audio(track, start) for track in heard],
        "unheard_tracks": len(sounds) - len(heard),
        "has_data": bool(film.streams.data),
        "has_subtitles": bool(film.streams.subtitles),
    }


def _rate(count: int, seconds: float) -> float:
    return min(count, _SAMPLED_STEPS - 1) / seconds if seconds > 0 else 0.0


def _close_last_frame(video: _Track, step: float) -> None:
    """Some containers give no duration to a packet: the last picture then lasts as the others."""
    if video.stamps and video.end_s <= max(video.stamps) and video.packets < _SAMPLED_STEPS:
        video.end_s = max(video.stamps) + step


def _varies(steps: list[float], step: float) -> bool:
    """More than 2 % of the pictures stay a quarter longer or shorter than usual."""
    odd = sum(1 for each in steps if abs(each - step) > step / 4)
    return len(steps) > 0 and odd > len(steps) * 0.02


def _audio(track: _Track, start: float) -> dict[str, Any]:
    stream, frame = track.stream, track.frames[0]
    return {
        "index": stream.index,
        "codec": stream.codec_context.name,
        "language": stream.metadata.get("language", "und")[:8],
        "title": stream.metadata.get("title", "")[:80],
        "channels": frame.layout.nb_channels,
        "layout": frame.layout.name,
        "rate_hz": frame.sample_rate,
        "start_s": round((track.start_s or 0.0) - start, 6),
        "end_s": round(track.end_s - start, 6),
        "is_default": bool(stream.disposition & Disposition.default),
    }


def main(argv: list[str]) -> None:
    av.logging.set_level(None)
    try:
        answer: dict[str, Any] = {"probe": probe(Path(argv[0]), json.loads(argv[1]))}
    except Refused as refused:
        answer = {"refused": refused.code, "params": refused.params}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)  # a broken file may hang a codec's clean-up
