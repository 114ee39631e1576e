"""Command lines for ffmpeg (pure, each flag with its reason) and `run`, which runs them.

One decode of the film makes every rendition, every sound track, the poster and the storyboard
pictures. Before it sound is measured, which decodes sound only; after it the storyboard
pictures are tiled, because tiling inside the main run silences its progress.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from media.child import ChildLimits, run_child
from media.errors import Broken
from media.hls import INDEX, INIT, SEGMENT_PATTERN, storyboard_name
from media.ladder import SAMPLE_RATE_HZ, SEGMENT_S, Plan, Rung, Sound, Storyboard

OnSeconds = Callable[[float], Awaitable[None]]
"""Told how many seconds of the result are made."""

POSTER = "poster.jpg"
SMALL_PICTURES = "small-%05d.jpg"
TRUE_PEAK_DB = -1.5  # room for what AAC adds on top of the samples
_HLG = 18
_FEW_CORES, _MOST_THREADS = 4, 6


def _threads() -> int:
    """A bound on a machine with many cores.

    By itself x264 takes one and a half threads per core for every rendition: on 32 cores their
    stacks and pictures are more than the memory the child may have.
    """
    return 0 if (os.cpu_count() or 1) <= _FEW_CORES else _MOST_THREADS


@dataclass(frozen=True)
class Encoder:
    """How much work to spend. `crf`: quality, lower is better; bitrates only cap it.

    `threads`: of the decoder, the filters and each rendition; 0 leaves it to the programs.
    `wall_per_s`: seconds of work allowed per second of result, `wall_base_s` for any film.
    """

    preset: str = "veryfast"
    crf: int = 22
    threads: int = field(default_factory=_threads)
    sound_bps: int = 128_000
    stall_s: float = 60.0
    wall_base_s: float = 600.0
    wall_per_s: float = 30.0
    memory_bytes: int = 3 * 1024**3


@dataclass(frozen=True)
class Level:
    """What brings one sound track to its loudness: a constant gain, peaks held if need be."""

    gain_db: float = 0.0
    holds_peaks: bool = False


@dataclass(frozen=True)
class Loudness:
    """Measured by EBU R 128. `peak_db`: highest sample, full scale is 0."""

    integrated_lufs: float
    peak_db: float


def executable() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


# --- the main run ----------------------------------------------------------------------------


def film_command(
    source: Path, out: Path, plan: Plan, levels: Sequence[Level], encoder: Encoder
) -> list[str]:
    """Everything from one decode, written under `out`; `levels` stand beside `plan.sounds`."""
    film = _input(source, plan, encoder.threads)
    split = _picture(film[str(plan.video_index)], plan).filter_multi_output(
        "split", len(plan.rungs) + 2
    )
    pictures = [_scaled(split[n], rung, n == 0) for n, rung in enumerate(plan.rungs)]
    sounds = [
        _level(_sound(film[str(sound.index)], plan), level)
        for sound, level in zip(plan.sounds, levels, strict=True)
    ]
    renditions = ffmpeg.output(
        *pictures, *sounds, str(out / "%v" / INDEX), **_hls_options(out, plan, encoder)
    )
    n = len(plan.rungs)
    return _compile(
        renditions,
        _poster(split[n], out, plan),
        _small_pictures(split[n + 1], out, plan),
        filter_threads=encoder.threads,
    )


def _compile(*outputs: Any, filter_threads: int = 0) -> list[str]:
    whole = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    command: list[str] = whole.global_args(
        "-hide_banner",
        "-nostdin",  # it would read keys from a terminal
        "-nostats",
        "-v", "warning",
        "-progress", "pipe:1",
        "-stats_period", "1",
        "-filter_complex_threads", str(filter_threads),
    ).compile(cmd=executable(), overwrite_output=True)  # fmt: skip
    return command


def _input(source: Path, plan: Plan, threads: int = 0) -> Any:
    options: dict[str, Any] = {
        "threads": threads,
        "f": plan.demuxer,  # never guessed: a playlist named film.mp4 would read other files
        "format_whitelist": plan.demuxer,  # nor anything nested in it
        "protocol_whitelist": "file",
        "max_pixels": plan.max_pixels,  # refuse a later picture that is larger than was probed
        "t": round(plan.read_until_s - plan.read_from_s, 6),  # whatever the headers claim
    }
    if not plan.deinterlace:
        # a call or a screen changes size halfway: the scaler follows, where a new graph would
        # count its pictures from 0 again
        options["reinit_filter:v"] = 0
    if plan.read_from_s:
        options["ss"] = round(plan.read_from_s, 6)  # accurate: decodes from the key frame before
    return ffmpeg.input(str(source), **options)


def _picture(stream: Any, plan: Plan) -> Any:
    """Constant rate, kept pieces, largest size, square pixels, SDR in BT.709, nothing attached."""
    if plan.deinterlace:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    stream = stream.filter("fps", fps=_text(plan.fps), start_time=0)  # a late start is filled
    stream = _kept_pictures(stream, plan)
    top = plan.rungs[0]
    if plan.tone_map is not None:
        stream = _to_sdr(
            stream.filter("scale", top.width, top.height, flags="bicubic"), plan.tone_map
        )
    else:
        stream = stream.filter(
            "scale", top.width, top.height, flags="bicubic",
            in_color_matrix="bt709" if plan.assumes_bt709 else "auto",
            out_color_matrix="bt709", out_range="tv",
        )  # fmt: skip
    return (
        stream.filter("format", "yuv420p")
        .filter("setsar", 1)
        .filter(
            "setparams", range="tv", colorspace="bt709", color_primaries="bt709", color_trc="bt709"
        )
        .filter("sidedata", mode="delete")  # EXIF with a place, HDR and camera data of the original
    )


def _kept_pictures(stream: Any, plan: Plan) -> Any:
    """Exactly `plan.frames` pictures: a rounding short of the end is filled with the last one."""
    stream = stream.filter("tpad", stop_mode="clone", stop_duration=f"{plan.hold_last_s + 0.5:.3f}")
    first, last = plan.spans[0][0], plan.spans[-1][1]
    if len(plan.spans) == 1:
        stream = stream.filter("trim", start_frame=first, end_frame=last)
    else:
        kept = "+".join(f"between(n,{start},{end - 1})" for start, end in plan.spans)
        stream = stream.filter("trim", end_frame=last).filter("select", kept)
    # counted anew, so that cuts leave no gap and every rendition has the same times
    return stream.filter("setpts", f"N/({_text(plan.fps)})/TB")


def _to_sdr(stream: Any, transfer: int) -> Any:
    """Tone mapping in linear light; the input is named, for tags are often half there."""
    return (
        stream.filter(
            "zscale", transferin="arib-std-b67" if transfer == _HLG else "smpte2084",
            matrixin="bt2020nc", primariesin="bt2020", rangein="limited",
            transfer="linear", npl=100,
        )
        .filter("format", "gbrpf32le")
        .filter("zscale", primaries="bt709")
        .filter("tonemap", tonemap="hable", desat=0)
        .filter("zscale", transfer="bt709", matrix="bt709", range="limited")
    )  # fmt: skip


def _scaled(stream: Any, rung: Rung, is_top: bool) -> Any:
    if is_top:
        return stream
    return stream.filter("scale", rung.width, rung.height, flags="bicubic").filter("setsar", 1)


def _hls_options(out: Path, plan: Plan, encoder: Encoder) -> dict[str, Any]:
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": encoder.preset,
        "crf": encoder.crf,
        "profile:v": "high",
        # a segment starts at the first picture at or after each 4 s, at any frame rate; counting
        # pictures instead drifts at 29.97
        "force_key_frames": f"expr:gte(t,n_forced*{SEGMENT_S})",
        "sc_threshold": 0,  # no key frames of its own at scene changes
        "g": math.ceil(plan.fps * SEGMENT_S) * 2,  # nor at its default distance
        "map_metadata": -1,  # a phone writes where the film was made
        "map_chapters": -1,
        "f": "hls",
        "hls_time": SEGMENT_S,
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_flags": "independent_segments",
        "hls_fmp4_init_filename": INIT,
        "hls_segment_filename": str(out / "%v" / SEGMENT_PATTERN),
        # tells how far the first picture lies behind the decoder's start; `hls.straight_init`
        # makes of it what every player understands
        "hls_segment_options": "use_editlist=1",
        "var_stream_map": _stream_map(plan),
    }
    if plan.sounds:
        options |= {"c:a": "aac", "b:a": encoder.sound_bps, "ac": 2, "ar": SAMPLE_RATE_HZ}
    if encoder.threads:
        options["threads"] = encoder.threads
    for number, rung in enumerate(plan.rungs):
        options[f"maxrate:v:{number}"] = rung.max_bps
        options[f"bufsize:v:{number}"] = rung.max_bps * 3 // 2
    return options


def _stream_map(plan: Plan) -> str:
    group = ",agroup:sound" if plan.sounds else ""
    pictures = [f"v:{n}{group},name:{rung.name}" for n, rung in enumerate(plan.rungs)]
    sounds = [f"a:{n},agroup:sound,name:{sound.name}" for n, sound in enumerate(plan.sounds)]
    return " ".join(pictures + sounds)


def _poster(stream: Any, out: Path, plan: Plan) -> Any:
    """The most typical of twenty pictures from the first ten seconds: seldom black or blurred."""
    every = max(1, round(plan.fps / 2))
    size = next((r for r in plan.rungs if min(r.width, r.height) <= 720), plan.rungs[-1])
    # scaled before it is compared, or the twenty pictures take 260 MB at 1080p
    return (
        _jpeg_colours(stream.filter("select", f"not(mod(n,{every}))"), size.width, size.height)
        .filter("thumbnail", 20)
        .output(str(out / POSTER), **_jpeg(3), **{"frames:v": 1, "update": 1})
    )


def _small_pictures(stream: Any, out: Path, plan: Plan) -> Any:
    board = plan.storyboard
    chosen = stream.filter("select", f"not(mod(n,{board.step_frames}))")
    return _jpeg_colours(chosen, board.width, board.height).output(
        str(out / SMALL_PICTURES), **_jpeg(5), **{"fps_mode": "passthrough"}
    )


def _jpeg_colours(stream: Any, width: int, height: int) -> Any:
    """JPEG means full range and BT.601, whatever its header says."""
    return stream.filter(
        "scale", width, height, flags="bicubic", out_range="pc", out_color_matrix="bt601"
    ).filter("format", "yuvj420p")


def _jpeg(quality: int) -> dict[str, Any]:
    return {"c:v": "mjpeg", "q:v": quality, "threads": 1, "map_metadata": -1, "f": "image2"}


# --- sound -----------------------------------------------------------------------------------


def _sound(stream: Any, plan: Plan) -> Any:
    """Stereo at 48 kHz that starts at 0, has no gaps, and lasts as long as the picture."""
    spans = [tuple(round(n / plan.fps * SAMPLE_RATE_HZ) for n in span) for span in plan.spans]
    stream = (
        # async: silence where the original has gaps; first_pts: silence up to a late start
        stream.filter("aresample", SAMPLE_RATE_HZ, **{"async": 1}, first_pts=0)
        .filter("aformat", sample_fmts="fltp", channel_layouts="stereo")
        .filter("apad", whole_len=spans[-1][1])
    )
    if len(spans) == 1:
        return _piece(stream, *spans[0])
    split = stream.filter_multi_output("asplit", len(spans))
    pieces = [_piece(split[n], *span) for n, span in enumerate(spans)]
    return ffmpeg.concat(*pieces, v=0, a=1)


def _piece(stream: Any, start: int, end: int) -> Any:
    return stream.filter("atrim", start_sample=start, end_sample=end).filter(
        "asetpts", "PTS-STARTPTS"
    )


def _level(stream: Any, level: Level) -> Any:
    if level.gain_db:
        stream = stream.filter("volume", f"{level.gain_db:.2f}dB")
    if level.holds_peaks:
        stream = stream.filter(
            "alimiter", limit=f"{10 ** (TRUE_PEAK_DB / 20):.4f}",
            level=0,  # no gain of its own
            attack=5, release=80, latency=1,  # not later than the picture
        )  # fmt: skip
    return stream


def loudness_command(source: Path, plan: Plan, sound: Sound, level: Level) -> list[str]:
    """Measure one track as it will sound with `level`; decodes no picture."""
    stream = _level(_sound(_input(source, plan)[str(sound.index)], plan), level)
    measured = stream.filter("ebur128", peak="sample", framelog="quiet").output("-", f="null")
    command: list[str] = measured.global_args(
        "-hide_banner", "-nostdin", "-nostats", "-progress", "pipe:1",
        "-v", "info",  # the summary is told at this level
    ).compile(cmd=executable())  # fmt: skip
    return command


def read_loudness(log: str) -> Loudness:
    """The summary at the end of the log. Silence reads as -70 LUFS and a peak of minus infinity."""
    found = re.search(
        r"I:\s+(-?[\d.]+|-?inf|nan) LUFS.*?Peak:\s+(-?[\d.]+|-?inf|nan) dBFS", log, re.S
    )
    if found is None:
        raise Broken("encoder_failed", detail=log[-300:])
    return Loudness(*(_decibel(text) for text in found.groups()))


def _decibel(text: str) -> float:
    value = float(text)
    return -math.inf if math.isnan(value) else value


# --- storyboard sheets -------------------------------------------------------------------------


def sheets_command(out: Path, board: Storyboard) -> list[str]:
    """Tile the small pictures into sheets."""
    pictures = ffmpeg.input(
        str(out / SMALL_PICTURES), f="image2", framerate=1, start_number=1, pattern_type="sequence"
    )
    sheets = pictures.filter("tile", f"{board.columns}x{board.rows}").output(
        str(out / storyboard_name(0).replace("000", "%03d")),
        **_jpeg(5), start_number=0, fps_mode="passthrough",
    )  # fmt: skip
    return _compile(sheets)


# --- running ------------------------------------------------------------------------------------


def child_limits(encoder: Encoder, work_s: float) -> ChildLimits:
    """Bounds for a run that makes or reads `work_s` seconds of film."""
    return ChildLimits(
        wall_s=encoder.wall_base_s + encoder.wall_per_s * work_s,
        stall_s=encoder.stall_s,
        memory_bytes=encoder.memory_bytes,
    )


async def run(
    command: Sequence[str], limits: ChildLimits, folder: Path, on_seconds: OnSeconds | None = None
) -> str:
    """Run one ffmpeg to its end and hand back the end of its log.

    Raises Broken: `encoder_failed`, `stalled`, `too_slow`, `no_space`. Exit code 0 does not mean
    that the result is right: `media.package` checks that.
    """
    progress = _Progress(on_seconds)
    ended = await run_child(command, replace(limits), folder=folder, on_line=progress.line)
    if ended.returncode == 0:
        return ended.stderr
    if "No space left on device" in ended.stderr:
        raise Broken("no_space")
    raise Broken("encoder_failed", detail=f"{ended.returncode}: {ended.stderr[-600:]}")


class _Progress:
    """Understands the lines of -progress."""

    def __init__(self, on_seconds: OnSeconds | None) -> None:
        self.on_seconds = on_seconds
        self.made = ""

    async def line(self, text: str) -> bool:
        key, _, value = text.partition("=")
        # out_time_us is "N/A" before the first packet
        if key != "out_time_us" or value == self.made or not value.lstrip("-").isdigit():
            return False
        self.made = value
        if self.on_seconds is not None:
            await self.on_seconds(max(0.0, int(value) / 1e6))
        return True


def _text(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"
