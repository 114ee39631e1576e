"""The studio's choice of surroundings, tried on the sound of a factory hall in a real Chromium."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from playwright.async_api import Page, expect

from tests.browser.room_stand import RoomStand, room_stand
from tests.support.chromium import own_chromium

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Air and belts, a motor's hum and its overtone, and a press every 1.3 s.
HALL = (
    "anoisesrc=c=brown:a=0.8:r=48000:d=30", "anoisesrc=c=pink:a=0.3:r=48000:d=30",
    "aevalsrc='0.12*sin(2*PI*100*t)+0.08*sin(2*PI*200*t)"
    "+0.05*sin(2*PI*850*t)*(0.6+0.4*sin(2*PI*3*t))"
    "+0.35*exp(-9*mod(t,1.3))*sin(2*PI*900*mod(t,1.3))':s=48000:d=30",
)  # fmt: skip

FLOOR = """async (kind) => {
  const { soundWish } = await import('/static/js/broadcast/wishes.js');
  const { speechLevel } = await import('/static/js/broadcast/noise.js');
  const stream = await navigator.mediaDevices.getUserMedia({audio: soundWish(kind, '')});
  const context = new AudioContext();
  await context.resume();
  const look = new AnalyserNode(context, {fftSize: 2048, smoothingTimeConstant: 0});
  context.createMediaStreamSource(stream).connect(look);
  const spectrum = new Float32Array(1024);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  await pause(3000);
  const levels = [];
  for (let i = 0; i < 60; i++) {
    await pause(50);
    look.getFloatFrequencyData(spectrum);
    levels.push(speechLevel(spectrum, context.sampleRate));
  }
  stream.getTracks().forEach((track) => track.stop());
  await context.close();
  return levels.sort((a, b) => a - b)[9];
}"""


async def make_hall(place: Path) -> None:
    """Half a minute of it."""
    inputs = [word for one in HALL for word in ("-f", "lavfi", "-i", one.replace(",1.3", r"\,1.3"))]
    mix = "[0][1][2]amix=inputs=3:normalize=0,volume=-8dB"
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *inputs,
        "-filter_complex", mix, "-ac", "1", "-c:a", "pcm_s16le", str(place),
    )  # fmt: skip
    assert await process.wait() == 0


@pytest.fixture
async def there() -> AsyncIterator[RoomStand]:
    async with room_stand() as there:
        yield there


@pytest.fixture
async def in_the_hall(there: RoomStand, tmp_path: Path) -> AsyncIterator[Page]:
    """A studio whose microphone stands in the hall."""
    await make_hall(tmp_path / "hall.wav")
    flag = f"--use-file-for-fake-audio-capture={tmp_path / 'hall.wav'}"
    async with own_chromium(flag) as browser:
        context = await browser.new_context(permissions=["camera", "microphone"])
        yield await context.new_page()


async def floor(page: Page, kind: str) -> float:
    level: Any = await page.evaluate(FLOOR, kind)
    return float(level)


async def test_machines_are_taken_away(in_the_hall: Page, there: RoomStand) -> None:
    await in_the_hall.goto(f"{there.url}/page/none")
    heard, machines = await floor(in_the_hall, "heard"), await floor(in_the_hall, "machines")
    print(f"hall: {heard:.1f} dB, with the machines taken away {machines:.1f} dB")
    assert heard > -50
    assert machines < heard - 8


async def test_a_presenter_is_told_that_the_noise_is_louder(
    in_the_hall: Page, there: RoomStand
) -> None:
    await in_the_hall.goto(f"{there.url}/page/studio")
    await in_the_hall.get_by_label("Let the machines be heard").check()
    await in_the_hall.mouse.click(5, 5)
    await expect(in_the_hall.locator("[data-sound-problem]")).to_have_text(
        "The noise is louder than you: hold the phone closer.", timeout=30_000
    )
