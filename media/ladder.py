"""From what a film is to what is made of it; pure.

A `Plan` is complete: sizes, frame rate, kept pieces, sound tracks and storyboard are numbers in
here, so that the argument builders decide nothing and the check afterwards knows what to expect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from media.errors import Refused
from media.original import AudioTrack, Probe

SEGMENT_S = 4
SAMPLE_RATE_HZ = 48_000
MAX_FPS = 30
MIN_FPS = 10

# short side -> highest bitrate of a rung; quality is constant below it
_MAX_BPS = {1080: 5_000_000, 720: 2_800_000, 480: 1_400_000, 360: 800_000, 240: 400_000}
# a film this close under a rung gets the rung's name at its own size, not a smaller picture
_NEARLY = 0.97
_MAX_LONG_SIDE = 4096  # what phones decode
_NTSC_FILM, _NTSC = Fraction(24000, 1001), Fraction(30000, 1001)
_STANDARD_FPS = (_NTSC_FILM, Fraction(24), Fraction(25), _NTSC, Fraction(30))
_VFR_FPS = tuple(Fraction(rate) for rate in (10, 12, 15, 20, 24, 25, 30))
_NOT_TOLD = 2  # matrix code of a film without colour tags
_LOUDNESS_FROM_S = 10.0
_SEEK_FROM_S = 20.0
_SEEKABLE = ("mov", "matroska")  # containers with an index to trust

Edit = Sequence[tuple[float, float]]
"""Pieces of the original to keep, (start_s, end_s); empty: all of it."""


@dataclass(frozen=True)
class Rung:
    """One rendition of the picture; `width` and `height` are even."""

    name: str
    width: int
    height: int
    max_bps: int


@dataclass(frozen=True)
class Sound:
    """One sound track to make, always stereo at 48 kHz; `index`: stream in the original."""

    name: str
    index: int
    language: str
    title: str
    is_default: bool


@dataclass(frozen=True)
class Storyboard:
    """Small pictures every `step_frames`, tiled into sheets of `columns` by `rows`."""

    step_frames: int
    step_s: float
    width: int
    height: int
    count: int
    columns: int
    rows: int

    @property
    def sheets(self) -> int:
        return math.ceil(self.count / (self.columns * self.rows))


@dataclass(frozen=True)
class Plan:
    """Everything that will be made. Spans count frames of the constant rate `fps`.

    `read_from_s`, `read_until_s`: the part of the original that is read at all; spans count from
    there. `tone_map`: transfer code of an HDR original, else None. `notices`: stable codes of
    what the sender may like to know.
    """

    demuxer: str
    video_index: int
    fps: Fraction
    read_from_s: float
    read_until_s: float
    spans: tuple[tuple[int, int], ...]
    rungs: tuple[Rung, ...]
    sounds: tuple[Sound, ...]
    storyboard: Storyboard
    max_pixels: int
    tone_map: int | None = None
    assumes_bt709: bool = False  # an HD film without colour tags means BT.709, as players take it
    deinterlace: bool = False
    hold_last_s: float = 0.0  # the picture ends before the sound: its last one stays
    is_levelled: bool = False  # loudness is brought to target unless the film is silent
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return sum(end - start for start, end in self.spans)

    @property
    def duration_s(self) -> float:
        return float(self.frames / self.fps)

    @property
    def segments(self) -> int:
        """How many segments each rendition of the picture has: one starts at every 4 s."""
        starts = {math.ceil(n * SEGMENT_S * self.fps) for n in range(self._whole_segments() + 1)}
        return len([start for start in starts if start < self.frames])

    def _whole_segments(self) -> int:
        return math.floor(self.frames / self.fps / SEGMENT_S)


def plan_film(probe: Probe, edit: Edit = (), *, max_pixels: int = 8192 * 4608) -> Plan:
    """Decide everything. Raises Refused `nothing_kept` when the edit leaves no picture."""
    fps = frame_rate(probe)
    kept = kept_spans(probe.duration_s, fps, edit)
    read_from = _read_from(probe, fps, kept)
    shift = round(read_from * fps)
    spans = tuple((start - shift, end - shift) for start, end in kept)
    frames = sum(end - start for start, end in spans)
    sounds = sound_tracks(probe.audio)
    return Plan(
        demuxer=probe.demuxer,
        video_index=probe.video_index,
        fps=fps,
        read_from_s=float(read_from),
        read_until_s=float(kept[-1][1] / fps) + 1.0,
        spans=spans,
        rungs=rungs_for(*probe.display_size),
        sounds=sounds,
        storyboard=storyboard_for(frames, fps, probe.display_size),
        max_pixels=max_pixels,
        tone_map=probe.transfer if probe.is_hdr else None,
        assumes_bt709=probe.matrix == _NOT_TOLD and min(probe.width, probe.height) >= 720,
        deinterlace=probe.is_interlaced,
        hold_last_s=max(0.0, probe.duration_s - probe.video_end_s),
        is_levelled=bool(sounds) and float(frames / fps) >= _LOUDNESS_FROM_S,
        notices=_notices(probe, sounds),
    )


def frame_rate(probe: Probe) -> Fraction:
    """A constant rate near the film's own: at most 30, at least 10 pictures a second.

    50 and 60 are halved, which keeps their rhythm: in a classroom the network is the bottleneck.
    """
    own = probe.fps_median if probe.is_vfr else probe.fps_average
    rate = Fraction(own or probe.fps_guessed or 25.0)
    while rate >= 47:
        rate /= 2
    rate = min(rate, Fraction(MAX_FPS))
    if probe.is_vfr:
        return next((each for each in _VFR_FPS if each >= rate * Fraction(97, 100)), _VFR_FPS[-1])
    nearest = min(_STANDARD_FPS, key=lambda each: abs(each - rate))
    if abs(nearest - rate) <= nearest * Fraction(3, 1000):
        return nearest
    if rate < MIN_FPS:
        rate *= math.ceil(MIN_FPS / max(rate, Fraction(1, 100)))
    return max(Fraction(MIN_FPS), min(rate.limit_denominator(1001), Fraction(MAX_FPS)))


def kept_spans(duration_s: float, fps: Fraction, edit: Edit) -> tuple[tuple[int, int], ...]:
    """The pieces to keep in whole frames: in order, apart, inside the film."""
    last = max(1, round(duration_s * fps))
    if not edit:
        return ((0, last),)
    merged: list[tuple[int, int]] = []
    for start_s, end_s in sorted(edit):
        start, end = max(0, round(start_s * fps)), min(last, round(end_s * fps))
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            start, end = merged[-1][0], max(end, merged.pop()[1])
        merged.append((start, end))
    if not merged:
        raise Refused("nothing_kept")
    return tuple(merged)


def rungs_for(width: int, height: int) -> tuple[Rung, ...]:
    """Renditions by the short side of the displayed picture, largest first, never above it."""
    short = min(width, height)
    steps = [step for step in _MAX_BPS if short >= step * _NEARLY] or [min(_MAX_BPS)]
    return tuple(_rung(width, height, step) for step in steps)


def _rung(width: int, height: int, step: int) -> Rung:
    scale = min(1.0, step / min(width, height), _MAX_LONG_SIDE / max(width, height))
    name = f"{step if min(width, height) >= step * _NEARLY else _side(min(width, height), 1.0)}p"
    return Rung(name, _side(width, scale), _side(height, scale), _MAX_BPS[step])


def _side(length: int, scale: float) -> int:
    """The nearest even length, never above the original: colour is halved in both directions."""
    return max(2, min(round(length * scale / 2) * 2, length // 2 * 2))


def sound_tracks(tracks: Sequence[AudioTrack]) -> tuple[Sound, ...]:
    """One track per language and title; the first that calls itself default is the default."""
    kept: dict[tuple[str, str], AudioTrack] = {}
    for track in tracks:
        kept.setdefault((track.language, track.title), track)
    first = next((t for t in kept.values() if t.is_default), next(iter(kept.values()), None))
    return tuple(
        Sound(f"audio{number}", track.index, track.language, track.title, track is first)
        for number, track in enumerate(kept.values())
    )


def storyboard_for(frames: int, fps: Fraction, size: tuple[int, int]) -> Storyboard:
    """Every second in a short film, about 200 pictures in a long one; 160 px on the long side."""
    step_s = max(1.0, math.ceil(float(frames / fps) / 200))
    step = max(1, round(step_s * fps))
    scale = min(1.0, 160 / max(size))
    count = math.ceil(frames / step)
    columns = min(10, count)
    return Storyboard(
        step_frames=step,
        step_s=float(step / fps),
        width=_side(size[0], scale),
        height=_side(size[1], scale),
        count=count,
        columns=columns,
        rows=min(10, math.ceil(count / columns)),
    )


def _read_from(probe: Probe, fps: Fraction, kept: tuple[tuple[int, int], ...]) -> Fraction:
    """Where reading starts: a long beginning that was cut need not be decoded."""
    start = kept[0][0] / fps
    seeks = start >= _SEEK_FROM_S and probe.demuxer in _SEEKABLE
    return Fraction(start) if seeks else Fraction(0)


def _notices(probe: Probe, sounds: tuple[Sound, ...]) -> tuple[str, ...]:
    told = {
        "no_sound": not sounds,
        "sound_dropped": probe.unheard_tracks > 0 or len(sounds) < len(probe.audio),
        "colours_adapted": probe.is_hdr,
        "deinterlaced": probe.is_interlaced,
    }
    return tuple(code for code, applies in told.items() if applies)
