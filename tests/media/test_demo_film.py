"""The demo's film: its script is whole, its captions fit, and ffmpeg can draw it."""

import itertools
import re
from pathlib import Path

import pytest

from media import demo_film, drawn, ffmpeg
from media.probe import probe_film


def test_every_shape_begins_and_ends_within_the_film() -> None:
    lines = [line for line in demo_film.script().splitlines() if line.startswith("Dialogue")]
    assert len(lines) > 200
    for line in lines:
        start, end = (seconds(text) for text in line.split(",")[1:3])
        assert 0 <= start < end <= demo_film.DURATION_S + 0.04, line


def seconds(stamp: str) -> float:
    hours, minutes, rest = stamp.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_a_hole_runs_the_other_way() -> None:
    """Both ways round would fill the porthole: the film would begin behind a grey disc."""
    assert area(demo_film.circle(10)) == -area(demo_film.circle(10, is_hole=True)) != 0


def area(path: str) -> float:
    numbers = [float(text) for text in re.findall(r"-?[\d.]+", path)]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(points))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_captions_follow_each_other_and_stay_long_enough_to_read(language: str) -> None:
    cues = demo_film.cues(language)
    times = [(int(cue["start_ms"]), int(cue["end_ms"])) for cue in cues]
    assert all(end - start >= 2000 for start, end in times)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(times))
    assert times[-1][1] <= demo_film.DURATION_S * 1000


async def test_ffmpeg_draws_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of it: the command, the filter and the sound are the real ones."""
    monkeypatch.setattr(demo_film, "DURATION_S", 2)
    file = await drawn.draw(tmp_path)
    found = await probe_film(file)
    assert abs(found.duration_s - 2) < 0.2
    picture = tmp_path / "picture.rgb"
    await ffmpeg.run(
        [
            ffmpeg.executable(), "-v", "error", "-ss", "0.5", "-i", str(file), "-frames:v", "1",
            "-vf", "scale=64:36", "-f", "rawvideo", "-pix_fmt", "gray", str(picture),
        ],
        ffmpeg.child_limits(ffmpeg.Encoder(), 2),
        tmp_path,
    )  # fmt: skip
    seen = picture.read_bytes()
    middle, corner = seen[18 * 64 + 32], seen[0]
    assert middle > 150 > 60 > corner
