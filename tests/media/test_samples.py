"""Every real sample, when the folder stands beside the checkout."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from media.errors import Refused
from media.ffmpeg import Encoder
from media.film import make_film
from media.ladder import plan_film
from media.probe import probe_film
from tests.media.conftest import SAMPLES
from tests.media.outputs import says_where, watch

# seconds, and the displayed size of the largest rendition
GOOD = {
    "android-slowmotion.mp4": (0.53, (1280, 720)),
    "av.mov": (10.46, (852, 480)),
    "count-video.mp4": (24.44, (640, 480)),
    "edit-list-shift.mp4": (10.0, (1920, 1080)),
    "h264.ts": (1.0, (854, 480)),
    "hdr10-av1.mp4": (4.24, (720, 1280)),
    "hlg10.mp4": (0.3, (1920, 1080)),
    "iphone-dolbyvision.MOV": (0.13, (720, 1280)),
    "no-duration.webm": (4.94, (1280, 720)),
    "odd-dimensions.webm": (1.0, (160, 120)),
    "one-frame-sar.mp4": (0.04, (1138, 480)),
    "phone-gps.mp4": (0.17, (1920, 1080)),
    "phone-ios9-portrait.mov": (0.49, (720, 1280)),
    "screen-slides.mov": (20.0, (320, 240)),
    "square-642.webm": (3.0, (480, 480)),
    "syn-interlaced-576i.ts": (1.0, (640, 480)),
    "syn-two-languages.mp4": (2.48, (640, 480)),
    "syn-vfr-rot90.mp4": (4.0, (240, 320)),
    "video-only.mov": (15.0, (640, 480)),
}
NO_PICTURE = ("audio-only.mp4", "audio-only-speech-60s.mp4")
LONG = "low-bitrate-1080p-long.mp4"
BAD = {
    "cbcs-encrypted.mp4": "encrypted",
    "ffconcat-file.mp4": "not_a_video",
    "hls-steal-abs.mp4": "not_a_video",
    "hls-steal-relative.mp4": "not_a_video",
    "init-only.mp4": "incomplete",
    "is-html.mp4": "not_a_video",
    "is-jpeg.mp4": "not_a_video",
    "is-pdf.mp4": "not_a_video",
    "nul-64k.mp4": "not_a_video",
    "timebomb-12frames-48h.mp4": "too_long",
    "truncated-60pct.mkv": "incomplete",
    "truncated-faststart-half.mp4": "incomplete",
    "truncated-moov-at-end.mp4": "incomplete",
    "zero.mp4": "empty",
}
# their headers lie, the films are fine: accepted as what they really are
LIARS = {"claims-49-days.mp4": (1.47, (640, 480)), "claims-65535x65535.mp4": (1.47, (640, 480))}

FAST = Encoder(preset="ultrafast", crf=30)


@pytest.mark.parametrize("name", [*GOOD, *LIARS])
async def test_a_good_film_becomes_ready(samples: Path, tmp_path: Path, name: str) -> None:
    seconds, size = {**GOOD, **LIARS}[name]
    source = samples / ("bad" if name in LIARS else "good") / name
    package = await make_film(source, tmp_path, encoder=FAST)
    assert package.duration_s == pytest.approx(seconds, abs=0.1)
    assert (package.renditions[0].width, package.renditions[0].height) == size
    top = watch(package.folder / package.renditions[0].name)
    assert (top.width, top.height, top.pix_fmt) == (*size, "yuv420p")
    assert top.start_s == pytest.approx(0, abs=0.05)
    assert top.end_s == pytest.approx(package.duration_s, abs=0.15)
    for rendition in package.renditions:
        assert rendition.width % 2 == rendition.height % 2 == 0
    for sound in package.sounds:
        heard = watch(package.folder / sound.name)
        assert (heard.channels, heard.rate_hz) == (2, 48000)
        assert heard.start_s == pytest.approx(top.start_s, abs=0.05)
        assert heard.end_s == pytest.approx(package.duration_s, abs=0.08)
    assert says_where(package) == []


@pytest.mark.parametrize("name", NO_PICTURE)
async def test_sound_alone_is_refused(samples: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as caught:
        await make_film(samples / "good" / name, tmp_path)
    assert caught.value.code == "no_picture"


async def test_a_long_film_is_planned_whole_and_made_in_part(samples: Path, tmp_path: Path) -> None:
    probe = await probe_film(samples / "good" / LONG)
    plan = plan_film(probe)
    assert plan.duration_s == pytest.approx(362.77, abs=0.1)
    assert plan.segments == 91
    package = await make_film(samples / "good" / LONG, tmp_path, encoder=FAST, edit=[(300, 302)])
    assert package.duration_s == 2.0


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_file_is_refused_for_its_reason(
    samples: Path, tmp_path: Path, name: str
) -> None:
    started = time.monotonic()
    with pytest.raises(Refused) as caught:
        await make_film(samples / "bad" / name, tmp_path, encoder=FAST)
    assert caught.value.code == BAD[name]
    assert caught.value.is_final
    assert time.monotonic() - started < 30
    assert list(tmp_path.iterdir()) == []


def test_no_sample_is_forgotten(samples: Path) -> None:
    assert {p.name for p in (samples / "good").iterdir()} == {*GOOD, *NO_PICTURE, LONG}
    assert {p.name for p in (samples / "bad").iterdir()} == {*BAD, *LIARS}
    assert samples == SAMPLES
