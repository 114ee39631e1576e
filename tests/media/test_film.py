"""Whole films, small ones, from the original to what a player decodes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from media import hls
from media.errors import MediaError, Refused
from media.ffmpeg import Encoder, Level, Loudness
from media.film import STAGES, make_film, next_level
from media.package import Package, move_into_place
from media.storage import open_storage
from tests.media import films
from tests.media.outputs import loudness, pixel, says_where, watch
from tests.support.processes import until

FAST = Encoder(preset="ultrafast", crf=28)


async def made(source: Path, folder: Path, **options: object) -> Package:
    return await make_film(source, folder / "out", encoder=FAST, **options)  # type: ignore[arg-type]


async def test_a_film_becomes_a_package_a_player_can_play(tmp_path: Path) -> None:
    source = films.film(
        tmp_path / "f.mp4", "-metadata", "location=+51.4169-000.0806/", seconds=9, size="640x360",
        rate="30000/1001",
    )  # fmt: skip
    told: list[tuple[str, float]] = []

    async def on_progress(stage: str, share: float) -> None:
        told.append((stage, share))

    package = await made(source, tmp_path, on_progress=on_progress)
    assert [r.name for r in package.renditions] == ["360p", "240p"]
    assert package.duration_s == pytest.approx(9, abs=0.05)
    for rendition in package.renditions:
        seen = watch(package.folder / rendition.name)
        assert (seen.width, seen.height) == (rendition.width, rendition.height)
        assert seen.pix_fmt == "yuv420p"
        assert seen.start_s == pytest.approx(0, abs=0.05)
        assert seen.frames == round(9 * 30000 / 1001)
    heard = watch(package.folder / "audio0")
    assert (heard.channels, heard.rate_hz) == (2, 48000)
    assert heard.start_s == pytest.approx(0, abs=0.05)
    assert says_where(package) == []
    stages = [stage for stage, _ in told]
    assert list(dict.fromkeys(stages)) == [s for s in STAGES if s != "loudness"]
    assert all(0 <= share <= 1 for _, share in told)


async def test_the_package_names_all_it_holds_in_the_order_of_arrival(tmp_path: Path) -> None:
    package = await made(films.film(tmp_path / "f.mp4", seconds=5), tmp_path)
    assert [file.name for file in package.files] == [
        "180p/init.mp4", "audio0/init.mp4",
        "180p/s00000.m4s", "180p/s00001.m4s", "audio0/s00000.m4s", "audio0/s00001.m4s",
        "poster.jpg", "storyboard-000.jpg",
        "180p/index.m3u8", "audio0/index.m3u8", "storyboard.vtt", "master.m3u8",
    ]  # fmt: skip
    on_disk = {p.relative_to(package.folder).as_posix() for p in package.folder.rglob("*.*")}
    assert on_disk == {file.name for file in package.files}
    storage = open_storage(f"file://{tmp_path}/store")
    await move_into_place(package, storage, "videos/1/v1")
    stored = {s.key: s.size async for s in storage.list_prefix("videos/1/v1")}
    assert stored == {f"videos/1/v1/{file.name}": file.size_bytes for file in package.files}


async def test_b_frames_do_not_delay_the_picture(tmp_path: Path) -> None:
    source = films.film(tmp_path / "f.mp4", seconds=1)
    package = await make_film(source, tmp_path / "out", encoder=Encoder(preset="veryfast"))
    picture, sound = watch(package.folder / "180p"), watch(package.folder / "audio0")
    assert picture.start_s == pytest.approx(0, abs=0.001)
    assert sound.start_s == pytest.approx(0, abs=0.022)


async def test_what_was_cut_is_in_no_rendition(tmp_path: Path) -> None:
    """Red, green, blue for 3 s each; green goes. The tone tells the same of the sound."""
    colours = "[0]concat=n=3[v]"
    inputs = [x for c in ("red", "lime", "blue")
              for x in ("-f", "lavfi", "-t", "3", "-i", f"color={c}:s=128x128:r=25")]  # fmt: skip
    source = tmp_path / "rgb.mp4"
    films.ffmpeg(
        *inputs, "-f", "lavfi", "-i", "aevalsrc='sin(2*PI*440*t)*between(t,3,6)':s=48000:d=9",
        "-filter_complex", colours.replace("[0]", "[0][1][2]"), "-map", "[v]", "-map", "3",
        *films.H264, "-c:a", "aac", source,
    )  # fmt: skip
    package = await made(source, tmp_path, edit=[(0, 3), (6, 9)])
    assert package.duration_s == 6.0
    folder = package.folder / package.renditions[0].name
    assert pixel(folder, 2.9, 0.5, 0.5)[0] > 200
    assert pixel(folder, 3.0, 0.5, 0.5)[2] > 200
    seen = watch(folder)
    assert seen.frames == 150
    for at in range(6):
        assert pixel(folder, at + 0.5, 0.5, 0.5)[1] < 60
    assert loudness(package.folder / "audio0", tmp_path) < -50
    assert watch(package.folder / "audio0").end_s == pytest.approx(6, abs=0.05)


async def test_a_late_piece_is_found_at_once_and_exactly(tmp_path: Path) -> None:
    source = tmp_path / "late.mp4"
    films.ffmpeg(
        "-f", "lavfi", "-t", "22", "-i", "color=red:s=64x64:r=10",
        "-f", "lavfi", "-t", "4", "-i", "color=blue:s=64x64:r=10",
        "-filter_complex", "[0][1]concat=n=2", *films.H264, source,
    )  # fmt: skip
    package = await made(source, tmp_path, edit=[(21, 23)])
    folder = package.folder / package.renditions[0].name
    assert watch(folder).frames == 20
    assert pixel(folder, 0.9, 0.5, 0.5)[0] > 200
    assert pixel(folder, 1.0, 0.5, 0.5)[2] > 200


@pytest.mark.parametrize(
    "sound",
    [
        "sine=frequency=300,volume=-30dB",
        "anoisesrc=amplitude=0.9:color=pink",
        # bursts with rests, as speech has; quiet with a loud knock, so that peaks must be held
        "aevalsrc='0.02*random(0)*lt(mod(t,1.5),1)+0.9*between(t,5,5.02)':s=44100",
    ],
)
async def test_loudness_comes_within_one_unit(tmp_path: Path, sound: str) -> None:
    source = films.film(tmp_path / "f.mp4", sound=sound, seconds=11, size="64x64", rate="10")
    package = await made(source, tmp_path)
    assert loudness(package.folder / "audio0", tmp_path) == pytest.approx(-16, abs=1)


async def test_silence_stays_silent(tmp_path: Path) -> None:
    source = films.film(tmp_path / "f.mp4", sound="anullsrc", seconds=11, size="64x64", rate="10")
    package = await made(source, tmp_path)
    assert loudness(package.folder / "audio0", tmp_path) < -60


def test_the_level_is_decided_by_what_was_measured() -> None:
    plain = next_level(Level(), Loudness(-26.0, -14.0))
    assert plain == Level(10.0)
    held = next_level(Level(), Loudness(-26.0, -3.0))
    assert held == Level(10.0, holds_peaks=True)
    more = next_level(held, Loudness(-17.0, -1.5))
    assert more == Level(11.0, holds_peaks=True)
    assert next_level(more, Loudness(-16.1, -1.5)) == more
    assert next_level(Level(), Loudness(-70.0, float("-inf"))) == Level()
    assert next_level(Level(), Loudness(-9.0, 0.0)) == Level(-7.0)


async def test_two_languages_are_both_kept(tmp_path: Path) -> None:
    one = films.film(tmp_path / "one.mp4", seconds=1)
    source = tmp_path / "two.mp4"
    films.ffmpeg(
        "-i", one, "-f", "lavfi", "-t", "1", "-i", "sine=900", "-map", "0:v", "-map", "0:a",
        "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-ac", "1",
        "-metadata:s:a:0", "language=nld", "-metadata:s:a:1", "language=eng", source,
    )  # fmt: skip
    package = await made(source, tmp_path)
    assert [(s.language, s.is_default) for s in package.sounds] == [("nl", True), ("en", False)]
    master = (package.folder / package.master).read_text()
    assert master.count("#EXT-X-MEDIA:TYPE=AUDIO") == 2
    for sound in package.sounds:
        assert watch(package.folder / sound.name).channels == 2


async def test_the_picture_stays_while_the_sound_goes_on(tmp_path: Path) -> None:
    picture = films.film(tmp_path / "p.mp4", sound=None, seconds=1)
    source = tmp_path / "f.mp4"
    films.ffmpeg("-i", picture, "-f", "lavfi", "-t", "4", "-i", "sine", "-c:v", "copy", source)
    package = await made(source, tmp_path)
    assert package.duration_s == pytest.approx(4, abs=0.1)
    assert watch(package.folder / "180p").frames == pytest.approx(100, abs=2)


async def test_a_turned_film_stands_upright(tmp_path: Path) -> None:
    flat, source = tmp_path / "flat.mp4", tmp_path / "f.mp4"
    films.ffmpeg(
        "-f", "lavfi", "-t", "1", "-i", "color=red:s=200x100:r=10",
        "-vf", "drawbox=x=0:w=100:h=100:color=blue:t=fill", *films.H264, flat,
    )  # fmt: skip
    films.ffmpeg("-display_rotation", "-90", "-i", flat, "-c", "copy", source)
    package = await made(source, tmp_path)
    (rendition,) = package.renditions
    assert (rendition.width, rendition.height) == (100, 200)
    assert pixel(package.folder / rendition.name, 0, 0.5, 0.1)[2] > 200  # left went up


async def test_a_picture_that_changes_size_halfway_goes_on(tmp_path: Path) -> None:
    small = films.film(tmp_path / "a.ts", seconds=2, sound=None)
    large = films.film(tmp_path / "b.ts", seconds=2, size="480x360", sound=None)
    parts, source = tmp_path / "parts.txt", tmp_path / "f.mkv"
    parts.write_text(f"file '{small}'\nfile '{large}'\n")
    films.ffmpeg("-f", "concat", "-safe", "0", "-i", parts, "-c", "copy", source)
    package = await made(source, tmp_path)
    assert package.duration_s == pytest.approx(4, abs=0.1)
    assert watch(package.folder / "180p").frames == pytest.approx(100, abs=2)


async def test_half_a_picture_stream_is_not_called_ready(tmp_path: Path) -> None:
    """The packets are all there, but the second half of them is noise."""
    source = films.film(
        tmp_path / "f.mp4", "-movflags", "+faststart", "-g", "25", sound=None, seconds=8
    )
    data = bytearray(source.read_bytes())
    start = data.find(b"mdat") + (len(data) - data.find(b"mdat")) // 2
    data[start:] = bytes(len(data) - start)
    source.write_bytes(data)
    with pytest.raises(Refused) as caught:
        await made(source, tmp_path)
    assert caught.value.code == "incomplete"


async def test_cancelling_ends_the_encoder(tmp_path: Path) -> None:
    source = films.film(tmp_path / "f.mp4", seconds=8, size="640x360")
    encoding = asyncio.Event()

    async def on_progress(stage: str, _share: float) -> None:
        if stage == "encoding":
            encoding.set()

    slow = Encoder(preset="veryslow")
    task = asyncio.create_task(
        make_film(source, tmp_path / "out", encoder=slow, on_progress=on_progress)
    )
    await asyncio.wait_for(encoding.wait(), 30)
    await until(_is_encoding)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _is_encoding()


def _is_encoding() -> bool:
    return any("ffmpeg" in child.name() for child in psutil.Process().children())


async def test_a_refused_film_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "f.mp4"
    source.write_bytes(b"%PDF-1.7")
    with pytest.raises(MediaError):
        await made(source, tmp_path)
    assert list((tmp_path / "out").iterdir()) == []


async def test_sound_leaves_no_crumb_beyond_the_picture(tmp_path: Path) -> None:
    """Coded sound is some milliseconds longer: alone beyond the end it would stall a player."""
    source = films.film(tmp_path / "f.mp4", seconds=4)
    package = await made(source, tmp_path)
    folder = package.folder / "audio0"
    listed = hls.read_media_playlist((folder / hls.INDEX).read_text())
    assert [segment.name for segment in listed] == ["s00000.m4s"]
    assert sorted(path.name for path in folder.glob("*.m4s")) == ["s00000.m4s"]
    assert watch(folder).frames > 4 * 48000 / 1024
