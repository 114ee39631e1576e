"""Check what was made, write the playlists, and move all of it into place.

An encoder that ended well has not proven anything: half a film, a missing segment or renditions
that do not line up are found in here, before anybody can watch them.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from media import hls
from media.errors import Broken, Refused
from media.ffmpeg import POSTER, SMALL_PICTURES
from media.ladder import Plan, Rung, Sound
from media.storage import Storage

STORYBOARD = "storyboard.vtt"
SOUND_CODEC = "mp4a.40.2"  # AAC-LC, what the encoder is told to make

_PRIMING = 1024  # samples the encoder puts in front of the sound
_CRUMB_S = 0.5  # a last sound segment shorter than this joins the one before

_AT_ONCE = 8  # files on their way to storage


@dataclass(frozen=True)
class PackageFile:
    """One file of the package; `name` is relative, with slashes."""

    name: str
    size_bytes: int

    @property
    def content_type(self) -> str:
        return hls.content_type(self.name)


@dataclass(frozen=True)
class Rendition:
    name: str
    width: int
    height: int
    fps: float
    peak_bps: int
    average_bps: int


@dataclass(frozen=True)
class SoundRendition:
    """`language`: BCP 47; "und" when the original does not tell."""

    name: str
    language: str
    label: str
    is_default: bool


@dataclass(frozen=True)
class Package:
    """A finished film in `folder`. Names are relative to it, and to its place in storage.

    `files` stand in the order they must arrive: what a playlist names comes before the playlist,
    the master last. `notices`: stable codes for the sender, see `media.ladder`.
    """

    folder: Path
    files: tuple[PackageFile, ...]
    duration_s: float
    renditions: tuple[Rendition, ...]
    sounds: tuple[SoundRendition, ...]
    master: str
    poster: str
    storyboard: str
    notices: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def pack(folder: Path, plan: Plan) -> Package:
    """Check everything under `folder` against the plan and write the playlists.

    Raises Refused `incomplete` when the film ends before its headers said, Broken
    `result_differs` when something else is not as planned.
    """
    pictures = {rung.name: _rendition(folder / rung.name) for rung in plan.rungs}
    sounds = {sound.name: _sound(folder / sound.name) for sound in plan.sounds}
    for segments in (*pictures.values(), *sounds.values()):
        _must_last(segments, plan.duration_s)
    _must_align(list(pictures.values()), plan)
    tracks = [_picture_track(folder / r.name, r, pictures[r.name], plan) for r in plan.rungs]
    told = [_sound_track(each, sounds[each[0].name]) for each in _labelled(plan.sounds)]
    _must_have_pictures(folder, plan)
    for name, segments in {**pictures, **sounds}.items():
        (folder / name / hls.INDEX).write_text(hls.media_playlist(segments), "utf-8")
    (folder / STORYBOARD).write_text(_storyboard(plan), "utf-8")
    (folder / hls.MASTER).write_text(hls.master_playlist(tracks, told), "utf-8")
    return Package(
        folder=folder,
        files=_files(folder),
        duration_s=plan.duration_s,
        renditions=tuple(
            Rendition(t.name, t.width, t.height, t.fps, t.peak_bps, t.average_bps) for t in tracks
        ),
        sounds=tuple(SoundRendition(t.name, t.language, t.label, t.is_default) for t in told),
        master=hls.MASTER,
        poster=POSTER,
        storyboard=STORYBOARD,
        notices=plan.notices,
    )


async def move_into_place(package: Package, storage: Storage, prefix: str) -> None:
    """Copy the package under `prefix`: nobody can find a segment that is not there yet."""
    for group in _groups(package.files):
        gate = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for file in group:
                tasks.create_task(_store(package.folder, file, storage, prefix, gate))


async def _store(
    folder: Path, file: PackageFile, storage: Storage, prefix: str, gate: asyncio.Semaphore
) -> None:
    async with gate:
        await storage.put_file(
            f"{prefix}/{file.name}", folder / file.name, content_type=file.content_type
        )


def _rank(name: str) -> int:
    if name == hls.MASTER:
        return 3
    if name.endswith((".m3u8", ".vtt")):
        return 2
    return 0 if name.endswith(hls.INIT) else 1


def _groups(files: Sequence[PackageFile]) -> list[list[PackageFile]]:
    return [[file for file in files if _rank(file.name) == rank] for rank in range(4)]


def _files(folder: Path) -> tuple[PackageFile, ...]:
    found = [
        PackageFile(path.relative_to(folder).as_posix(), path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return tuple(sorted(found, key=lambda file: (_rank(file.name), file.name)))


# --- checks ------------------------------------------------------------------------------------


def _differs(what: str, expected: object, found: object) -> Broken:
    return Broken("result_differs", what=what, expected=str(expected), found=str(found))


def _rendition(folder: Path, priming: int = 0) -> tuple[hls.Segment, ...]:
    """What the encoder listed, each with its size; the init segment is set straight."""
    index = folder / hls.INDEX
    if not index.is_file():
        raise _differs(f"{folder.name}/{hls.INDEX}", "present", "missing")
    for init in folder.glob("init*.mp4"):  # numbered when there are several renditions
        _straighten(init, priming).replace(folder / hls.INIT)
    segments = tuple(
        hls.Segment(segment.name, segment.duration_s, _size(folder / segment.name))
        for segment in hls.read_media_playlist(index.read_text("utf-8"))
    )
    names = [hls.segment_name(number) for number in range(len(segments))]
    if not segments or [segment.name for segment in segments] != names:
        raise _differs(f"{folder.name} segments", names, [segment.name for segment in segments])
    _size(folder / hls.INIT)
    return segments


def _sound(folder: Path) -> tuple[hls.Segment, ...]:
    """A sound rendition without a crumb at its end.

    AAC frames and its priming make the sound a few milliseconds longer than the picture. A last
    segment that lies wholly beyond the end never enters a player's buffer, and the player then
    waits for it for ever; as the tail of the segment before it, it is simply cut off.
    """
    *whole, last = _rendition(folder, _PRIMING)
    if not whole or last.duration_s >= _CRUMB_S:
        return (*whole, last)
    before = whole.pop()
    crumb = folder / last.name
    with (folder / before.name).open("ab") as file:
        file.write(crumb.read_bytes())
    crumb.unlink()
    length_s = before.duration_s + last.duration_s
    return (*whole, hls.Segment(before.name, length_s, before.size_bytes + last.size_bytes))


def _straighten(init: Path, priming: int) -> Path:
    try:
        init.write_bytes(hls.straight_init(init.read_bytes(), priming))
    except ValueError as error:
        raise _differs(f"{init.parent.name}/{init.name}", "one edit list", error) from error
    return init


def _size(path: Path) -> int:
    size = path.stat().st_size if path.is_file() else 0
    if size == 0:
        raise _differs(f"{path.parent.name}/{path.name}", "present", "missing or empty")
    return size


def _must_last(segments: Sequence[hls.Segment], duration_s: float) -> None:
    """Within 1 s or 2 % of the plan, whichever is more."""
    made_s = sum(segment.duration_s for segment in segments)
    allowed_s = max(1.0, duration_s * 0.02)
    if made_s < duration_s - allowed_s:
        raise Refused("incomplete", readable_s=round(made_s, 1), expected_s=round(duration_s, 1))
    if made_s > duration_s + allowed_s:
        raise _differs("duration_s", duration_s, made_s)


def _must_align(pictures: Sequence[Sequence[hls.Segment]], plan: Plan) -> None:
    """A player may change rendition at any segment: all must start at the same times."""
    frame_s = float(1 / plan.fps)
    for segments in pictures:
        if len(segments) != plan.segments:
            raise _differs("segments", plan.segments, len(segments))
        for one, other in zip(segments, pictures[0], strict=True):
            if abs(one.duration_s - other.duration_s) > frame_s / 2:
                raise _differs(one.name, other.duration_s, one.duration_s)


def _must_have_pictures(folder: Path, plan: Plan) -> None:
    _size(folder / POSTER)
    for sheet in range(plan.storyboard.sheets):
        _size(folder / hls.storyboard_name(sheet))
    for number in range(1, plan.storyboard.count + 2):  # tiled by now
        (folder / (SMALL_PICTURES % number)).unlink(missing_ok=True)


# --- what the master playlist tells ---------------------------------------------------------------


def _picture_track(
    folder: Path, rung: Rung, segments: Sequence[hls.Segment], plan: Plan
) -> hls.PictureTrack:
    size, codec = read_avc(folder.joinpath(hls.INIT).read_bytes())
    if size != (rung.width, rung.height):
        raise _differs(f"{rung.name} size", (rung.width, rung.height), size)
    peak, average = hls.bitrates(segments)
    return hls.PictureTrack(
        rung.name, rung.width, rung.height, float(plan.fps), codec, peak, average
    )


def read_avc(init: bytes) -> tuple[tuple[int, int], str]:
    """Picture size and RFC 6381 codec string of an init segment with one H.264 track."""
    entry = init.find(b"avc1")
    config = init.find(b"avcC", entry)
    if entry < 0 or config < 0 or len(init) < config + 8:
        raise _differs("codec", "avc1", "none")
    width, height = struct.unpack_from(">HH", init, entry + 28)
    return (width, height), f"avc1.{init[config + 5 : config + 8].hex().upper()}"


def _labelled(sounds: Sequence[Sound]) -> Iterator[tuple[Sound, str]]:
    """A name for each, different from the others: a title, else its language, else a number."""
    used: set[str] = set()
    for number, sound in enumerate(sounds, 1):
        label = sound.title or (
            hls.bcp47(sound.language) if sound.language != "und" else str(number)
        )
        label = f"{label} {number}" if label in used else label
        used.add(label)
        yield sound, label


def _sound_track(labelled: tuple[Sound, str], segments: Sequence[hls.Segment]) -> hls.SoundTrack:
    sound, label = labelled
    peak, average = hls.bitrates(segments)
    return hls.SoundTrack(
        sound.name, hls.bcp47(sound.language), label, sound.is_default, SOUND_CODEC, peak, average
    )


def _storyboard(plan: Plan) -> str:
    board = plan.storyboard
    return hls.storyboard_vtt(
        count=board.count,
        step_s=board.step_s,
        duration_s=plan.duration_s,
        size=(board.width, board.height),
        grid=(board.columns, board.rows),
    )
