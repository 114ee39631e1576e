from __future__ import annotations

import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from media.errors import MediaError, Refused
from media.ffmpeg import executable
from media.original import Limits, Probe
from media.probe import probe_film
from tests.media import films


async def refusal(path: Path, limits: Limits | None = None) -> MediaError:
    with pytest.raises(Refused) as caught:
        await probe_film(path, limits)
    return caught.value


async def test_a_plain_film_is_told_as_it_is(tmp_path: Path) -> None:
    path = films.film(tmp_path / "f.mp4", "-metadata:s:a:0", "language=nld", "-ac", "1")
    probe = await probe_film(path)
    assert (probe.width, probe.height, probe.rotation) == (320, 180, 0)
    assert probe.duration_s == pytest.approx(2.0, abs=0.05)
    assert probe.fps_average == pytest.approx(25)
    assert (probe.is_vfr, probe.is_interlaced, probe.is_hdr) == (False, False, False)
    (audio,) = probe.audio
    assert (audio.language, audio.channels, audio.rate_hz) == ("nld", 1, 44100)


async def test_rotation_pixel_shape_and_rate_are_found(tmp_path: Path) -> None:
    flat = films.film(tmp_path / "flat.mp4", "-vf", "setsar=4/3", sound=None, seconds=1)
    turned = tmp_path / "turned.mp4"
    films.ffmpeg("-display_rotation", "90", "-i", flat, "-c", "copy", turned)
    probe = await probe_film(turned)
    assert (probe.sar_num, probe.sar_den) == (4, 3)
    assert probe.display_size == (180, 427)


async def test_a_varying_rate_is_seen(tmp_path: Path) -> None:
    path = films.film(
        tmp_path / "vfr.mp4", "-vf", "select='mod(n,3)+not(mod(n,7))'", "-fps_mode", "vfr"
    )
    assert (await probe_film(path)).is_vfr


async def test_interlaced_is_seen(tmp_path: Path) -> None:
    codec = ["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-vf", "setfield=tff"]
    path = films.film(tmp_path / "i.ts", codec=codec, sound=None, size="352x288", seconds=1)
    assert (await probe_film(path)).is_interlaced


async def test_hdr_is_seen(tmp_path: Path) -> None:
    codec = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
             "-x265-params", "log-level=error:colorprim=9:transfer=16:colormatrix=9"]  # fmt: skip
    path = films.film(tmp_path / "hdr.mp4", codec=codec, sound=None, seconds=0.4)
    probe = await probe_film(path)
    assert (probe.is_hdr, probe.transfer) == (True, 16)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("avi", ["-c:v", "mpeg4"]), ("mpg", ["-c:v", "mpeg2video"]), ("m2ts", None), ("mkv", None),
     ("webm", ["-c:v", "libvpx", "-deadline", "realtime"]), ("wmv", ["-c:v", "wmv2"])],
)  # fmt: skip
async def test_other_containers_are_welcome(
    tmp_path: Path, suffix: str, codec: list[str] | None
) -> None:
    path = films.film(tmp_path / f"f.{suffix}", codec=codec, sound=None, seconds=1)
    assert (await probe_film(path)).duration_s == pytest.approx(1.0, abs=0.1)


async def test_a_recording_without_duration_has_one(tmp_path: Path) -> None:
    path = films.film(tmp_path / "live.mkv", "-live", "1", sound=None)
    assert (await probe_film(path)).duration_s == pytest.approx(2.0, abs=0.1)


async def test_sound_with_a_cover_has_no_picture(tmp_path: Path) -> None:
    films.ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:duration=0.04", tmp_path / "c.jpg")
    path = tmp_path / "song.m4a"
    films.ffmpeg(
        "-f", "lavfi", "-t", "1", "-i", "sine", "-i", tmp_path / "c.jpg", "-map", "0", "-map", "1",
        "-c:a", "aac", "-c:v", "copy", "-disposition:v", "attached_pic", path,
    )  # fmt: skip
    assert (await refusal(path)).code == "no_picture"
    films.ffmpeg("-i", path, "-map", "0:a", "-c", "copy", tmp_path / "plain.mp4")
    assert (await refusal(tmp_path / "plain.mp4")).code == "no_picture"


# --- the traps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "knows"),
    [
        ("front.mp4", ["-movflags", "+faststart"], True),
        ("back.mp4", [], False),
        ("f.mkv", [], True),
    ],
)
async def test_half_a_film_is_incomplete(
    tmp_path: Path, name: str, options: list[str], knows: bool
) -> None:
    whole = films.film(tmp_path / name, *options, seconds=8)
    error = await refusal(films.cut(whole, tmp_path / f"half-{name}", 0.5))
    assert error.code == "incomplete"
    if knows:
        assert 1 < float(str(error.params["readable_s"])) < 7
        assert error.params["expected_s"] == pytest.approx(8, abs=0.1)


async def test_headers_that_lie_are_not_believed(tmp_path: Path) -> None:
    honest = films.film(tmp_path / "f.mp4", sound=None)
    days = await probe_film(films.claiming_49_days(honest, tmp_path / "days.mp4"))
    assert days.duration_s == pytest.approx(2.0, abs=0.05)
    pixels = await probe_film(films.claiming_65535_pixels(honest, tmp_path / "pixels.mp4"))
    assert pixels.display_size == (320, 180)


async def test_a_time_bomb_is_too_long(tmp_path: Path) -> None:
    error = await refusal(films.time_bomb(tmp_path / "bomb.mp4"))
    assert error.code == "too_long"
    assert error.params["limit_s"] == 10800


async def test_an_init_segment_alone_is_incomplete(tmp_path: Path) -> None:
    whole = films.film(tmp_path / "f.mp4", "-movflags", "frag_keyframe+empty_moov", sound=None)
    assert (await refusal(films.without_samples(whole, tmp_path / "i.mp4"))).code == "incomplete"


async def test_a_locked_film_is_encrypted(tmp_path: Path) -> None:
    assert (await refusal(films.locked(tmp_path / "drm.mp4"))).code == "encrypted"


async def test_a_playlist_in_disguise_reads_nothing(tmp_path: Path) -> None:
    thief, _secret = films.thief(tmp_path)
    # older ffmpegs do this without being told the format
    naive = [executable(), "-v", "error", "-f", "hls", "-i", str(thief), "-f", "null", "-"]
    assert subprocess.run(naive, check=False).returncode == 0, "the trap does not work"
    error = await refusal(thief)
    assert (error.code, error.params) == ("not_a_video", {"found": "playlist"})


async def test_slides_are_to_be_exported(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "x" * 100)
        archive.writestr("ppt/presentation.xml", "x")
    error = await refusal(path)
    assert (error.code, error.params) == ("export_first", {"application": "PowerPoint"})


async def test_junk_behind_a_good_beginning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "junk.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 64)
    assert (await refusal(path)).code in ("unreadable", "incomplete")
    path.write_bytes(b"\0\0\0\x18ftypisom" + bytes(200_000))
    assert (await refusal(path)).code in ("unreadable", "incomplete")


async def test_limits_are_kept(tmp_path: Path) -> None:
    path = films.film(tmp_path / "f.mp4", seconds=1)
    small = Limits()
    assert (await refusal(path, replace(small, max_duration_s=0.5))).code == "too_long"
    assert (await refusal(path, replace(small, max_bytes=100))).code == "too_large"
    assert (await refusal(path, replace(small, max_packets=5))).code == "too_many_packets"
    assert (await refusal(path, replace(small, max_pixels=100))).code == "too_many_pixels"


async def test_a_file_that_keeps_the_reader_busy_is_unreadable(tmp_path: Path) -> None:
    path = films.film(tmp_path / "f.mp4", seconds=1)
    assert (await refusal(path, Limits(probe_wall_s=-1))).code == "unreadable"


def test_a_probe_is_plain_data() -> None:
    assert Probe.__dataclass_params__.frozen  # type: ignore[attr-defined]
