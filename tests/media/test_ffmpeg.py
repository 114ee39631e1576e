from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from media import ffmpeg
from media.errors import MediaError
from media.ffmpeg import Encoder, Level, film_command, loudness_command, read_loudness, run
from media.ladder import Plan, plan_film
from tests.media import films
from tests.media.test_ladder import PLAIN, track

SOURCE, OUT = Path("/in/f"), Path("/out")


def command(plan: Plan, *levels: Level) -> list[str]:
    return film_command(SOURCE, OUT, plan, levels or [Level()] * len(plan.sounds), Encoder())


def value(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def graph(plan: Plan, *levels: Level) -> str:
    return value(command(plan, *levels), "-filter_complex")


HEARD = replace(PLAIN, audio=(track(1, "nld"), track(2, "eng")))


def test_the_demuxer_is_forced_before_the_input() -> None:
    made = command(plan_film(HEARD))
    before = made[: made.index("-i")]
    assert value(before, "-f") == "mov"
    assert value(before, "-format_whitelist") == "mov"
    assert value(before, "-protocol_whitelist") == "file"
    assert value(before, "-t") == "61.0"
    assert made.count("-i") == 1  # one decode


def test_every_rendition_and_sound_is_mapped_in_one_group() -> None:
    made = command(plan_film(HEARD))
    assert value(made, "-var_stream_map") == (
        "v:0,agroup:sound,name:1080p v:1,agroup:sound,name:720p v:2,agroup:sound,name:480p "
        "v:3,agroup:sound,name:360p v:4,agroup:sound,name:240p "
        "a:0,agroup:sound,name:audio0 a:1,agroup:sound,name:audio1"
    )
    assert made.count("-map") == 5 + 2 + 2  # and poster and small pictures
    assert made.count("-map_metadata") == 3


def test_a_machine_with_many_cores_does_not_take_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert Encoder().threads == 0
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    made = command(plan_film(HEARD))
    assert value(made[: made.index("-i")], "-threads") == "6"
    assert value(made, "-filter_complex_threads") == "6"
    per_output = made[made.index("-i") :]
    told = [per_output[n + 1] for n, word in enumerate(per_output) if word == "-threads"]
    assert told == ["6", "1", "1"], "renditions, poster, small pictures"


def test_a_silent_film_has_no_sound_options() -> None:
    made = command(plan_film(PLAIN))
    assert "-c:a" not in made
    assert "agroup" not in value(made, "-var_stream_map")


def test_filters_are_there_only_when_needed() -> None:
    plain = graph(plan_film(HEARD))
    for name in ("bwdif", "tonemap", "concat", "volume", "alimiter", "between"):
        assert name not in plain
    special = replace(HEARD, is_interlaced=True, transfer=18)
    cut = plan_film(special, [(1, 2), (3, 4)])
    made = graph(cut, Level(6.0, holds_peaks=True), Level())
    for name in ("bwdif", "tonemap", "concat", "volume=6.00dB", "alimiter", "arib-std-b67"):
        assert name in made
    assert "select=between(n\\,25\\,49)+between(n\\,75\\,99)" in made
    assert made.count("[0:0]") == 1


def test_sound_is_cut_where_the_picture_is() -> None:
    made = graph(plan_film(replace(PLAIN, audio=(track(1),)), [(1, 2), (3, 4)]))
    assert "atrim=end_sample=96000:start_sample=48000" in made
    assert "atrim=end_sample=192000:start_sample=144000" in made


def test_a_late_start_seeks() -> None:
    made = command(plan_film(HEARD, [(30, 40)]))
    assert value(made[: made.index("-i")], "-ss") == "30.0"


def test_measuring_decodes_no_picture() -> None:
    plan = plan_film(HEARD)
    made = loudness_command(SOURCE, plan, plan.sounds[1], Level())
    assert "[0:2]" in value(made, "-filter_complex")
    assert "[0:0]" not in value(made, "-filter_complex")


def test_the_loudness_summary_is_read() -> None:
    log = "x\n  Integrated loudness:\n    I:         -23.4 LUFS\n    Threshold: -33.4 LUFS\n" \
        "  Sample peak:\n    Peak:       -3.1 dBFS\n"  # fmt: skip
    assert read_loudness(log) == ffmpeg.Loudness(-23.4, -3.1)
    silent = read_loudness(log.replace("-23.4", "-70.0").replace("-3.1", "-inf"))
    assert silent.peak_db == float("-inf")
    with pytest.raises(MediaError):
        read_loudness("nothing")


async def test_the_film_command_reads_no_playlist_either(tmp_path: Path) -> None:
    """Even if the probe were fooled: the demuxer is named."""
    thief, _secret = films.thief(tmp_path)
    plan = plan_film(replace(PLAIN, duration_s=1.0, video_end_s=1.0))
    out = tmp_path / "out"
    out.mkdir()
    encoder = Encoder(preset="ultrafast")
    with pytest.raises(MediaError) as caught:
        made = film_command(thief, out, plan, [], encoder)
        await run(made, ffmpeg.child_limits(encoder, 1), out)
    assert caught.value.code == "encoder_failed"
    assert not list(out.rglob("*.m4s"))


async def test_a_hanging_input_is_stalled(tmp_path: Path) -> None:
    pipe = tmp_path / "f"
    os.mkfifo(pipe)
    keep_open = os.open(pipe, os.O_RDWR)  # never says anything
    try:
        encoder = Encoder(stall_s=2)
        plan = plan_film(PLAIN)
        with pytest.raises(MediaError) as caught:
            await run(
                film_command(pipe, tmp_path, plan, [], encoder),
                ffmpeg.child_limits(encoder, 1),
                tmp_path,
            )
        assert caught.value.code == "stalled"
    finally:
        os.close(keep_open)


async def test_progress_is_told_in_seconds(tmp_path: Path) -> None:
    told: list[float] = []

    async def on_seconds(made_s: float) -> None:
        told.append(made_s)

    made = [
        ffmpeg.executable(), "-f", "lavfi", "-i", "testsrc=duration=3:size=64x64",
        "-progress", "pipe:1", "-f", "null", "-",
    ]  # fmt: skip
    await run(made, ffmpeg.child_limits(Encoder(), 3), tmp_path, on_seconds)
    assert told[-1] == pytest.approx(3, abs=0.1)
    assert told == sorted(told)
