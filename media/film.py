"""An original becomes a film that can be watched: probe, plan, measure, encode, tile, pack.

The one function that the worker calls. It knows no database and no storage; everything it makes
lies in the scratch folder it was given, which its caller throws away whatever happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from media import ffmpeg
from media.ffmpeg import Encoder, Level, Loudness
from media.ladder import Edit, Plan, Sound, plan_film
from media.original import Limits
from media.package import Package, pack
from media.probe import probe_film

STAGES = ("probing", "loudness", "encoding", "storyboard", "packing")
"""In this order; "loudness" is left out of short films and of films without sound."""

OnProgress = Callable[[str, float], Awaitable[None]]
"""Told a stage and how much of it is done, 0 to 1; about once a second at most."""

TARGET_LUFS = -16.0
SILENT_LUFS = -60.0  # below it there is only hiss, which nobody wants louder
_CLOSE_ENOUGH_DB = 0.3
_MAX_GAIN_DB = 45.0
_TRIES = 4


async def make_film(
    source: Path,
    scratch: Path,
    *,
    limits: Limits | None = None,
    edit: Edit = (),
    on_progress: OnProgress | None = None,
    encoder: Encoder | None = None,
) -> Package:
    """Make everything of one original under `scratch` (made when missing, must be empty).

    Raises Refused when the film is the reason, Broken when we are. Cancelling ends the child
    process before this returns.
    """
    encoder, limits = encoder or Encoder(), limits or Limits()
    tell = on_progress or _tell_nobody
    scratch.mkdir(parents=True, exist_ok=True)
    await tell("probing", 0.0)
    probe = await probe_film(source, limits)
    plan = plan_film(probe, edit, max_pixels=limits.max_pixels)
    levels = await _levels(source, scratch, plan, encoder, tell)
    await _encode(source, scratch, plan, levels, encoder, tell)
    await tell("storyboard", 0.0)
    await ffmpeg.run(
        ffmpeg.sheets_command(scratch, plan.storyboard), ffmpeg.child_limits(encoder, 0), scratch
    )
    await tell("packing", 0.0)
    package = await asyncio.to_thread(pack, scratch, plan)
    await tell("packing", 1.0)
    return package


async def _tell_nobody(_stage: str, _share: float) -> None:
    return


async def _encode(
    source: Path, scratch: Path, plan: Plan, levels: list[Level], encoder: Encoder, tell: OnProgress
) -> None:
    async def on_seconds(made_s: float) -> None:
        await tell("encoding", min(1.0, made_s / plan.duration_s))

    await tell("encoding", 0.0)
    await ffmpeg.run(
        ffmpeg.film_command(source.resolve(), scratch, plan, levels, encoder),
        ffmpeg.child_limits(encoder, plan.read_until_s - plan.read_from_s),
        scratch,
        on_seconds,
    )


async def _levels(
    source: Path, scratch: Path, plan: Plan, encoder: Encoder, tell: OnProgress
) -> list[Level]:
    levels: list[Level] = []
    for number, sound in enumerate(plan.sounds):
        if not plan.is_levelled:
            levels.append(Level())
            continue
        await tell("loudness", number / len(plan.sounds))
        levels.append(await _level(source.resolve(), scratch, plan, sound, encoder))
    return levels


async def _level(source: Path, scratch: Path, plan: Plan, sound: Sound, encoder: Encoder) -> Level:
    """Measure, and measure again only when held peaks took some of the loudness away."""
    level = Level()
    for _ in range(_TRIES):
        log = await ffmpeg.run(
            ffmpeg.loudness_command(source, plan, sound, level),
            ffmpeg.child_limits(encoder, plan.read_until_s - plan.read_from_s),
            scratch,
        )
        found, before = ffmpeg.read_loudness(log), level
        level = next_level(level, found)
        if level == before or not level.holds_peaks:
            break
    return level


def next_level(level: Level, found: Loudness) -> Level:
    """The level to try after this measurement was made with `level`; the same one is final."""
    if found.integrated_lufs < SILENT_LUFS:
        return Level()
    missing_db = TARGET_LUFS - found.integrated_lufs
    if abs(missing_db) <= _CLOSE_ENOUGH_DB and (
        level.holds_peaks or found.peak_db <= ffmpeg.TRUE_PEAK_DB
    ):
        return level
    gain_db = min(_MAX_GAIN_DB, round(level.gain_db + missing_db, 2))
    return Level(gain_db, level.holds_peaks or found.peak_db + missing_db > ffmpeg.TRUE_PEAK_DB)
