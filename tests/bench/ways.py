"""Three ways to the same film: our command, one written by hand, and one run for each thing."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from media import ffmpeg
from media.ffmpeg import Encoder, Level
from media.ladder import Plan

LEVEL = Level(3.0, holds_peaks=False)
QUIET = ["-hide_banner", "-nostdin", "-v", "error", "-y"]


def detailed_film(path: Path, *, seconds: float, size: str = "1920x1080", rate: int = 30) -> Path:
    """Moving shapes under film grain, and sound over the whole range: nothing is for free."""
    picture = f"testsrc2=size={size}:rate={rate}:duration={seconds},noise=alls=6:allf=t"
    sound = f"anoisesrc=color=pink:amplitude=0.3:duration={seconds}:sample_rate=48000"
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
    colours = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]
    run = [ffmpeg.executable(), *QUIET, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    unmeasured(*run, *encode, *colours, "-c:a", "aac", "-b:a", "192k", "-ac", "2", str(path))
    return path


def unmeasured(*argv: str) -> None:
    """Runs what is not measured."""
    subprocess.run(argv, check=True)


@dataclass(frozen=True)
class Ways:
    """Command lines that make `plan` of one film, each into a folder of its own."""

    film: Path
    plan: Plan
    encoder: Encoder

    def ours(self, out: Path) -> list[str]:
        """As the worker runs it."""
        levels = [LEVEL for _ in self.plan.sounds]
        return ffmpeg.film_command(self.film, out, self.plan, levels, self.encoder)

    def by_hand(self, out: Path) -> list[str]:
        """What somebody would type who knows this film to be plain: same outputs, one decode."""
        rungs, board = self.plan.rungs, self.plan.storyboard
        heads = "".join(f"[v{n}]" for n in range(len(rungs) + 2))
        graph = [f"[0:v]split={len(rungs) + 2}{heads}"]
        graph += [self._scaled(n) for n in range(len(rungs))]
        graph += [self._poster(f"[v{len(rungs)}]", "[poster]")]
        graph += [f"[v{len(rungs) + 1}]{self._small()}tile={board.columns}x{board.rows}[sheet]"]
        graph += [f"[0:a]volume={LEVEL.gain_db}dB[sound]"]
        maps = [word for n in range(len(rungs)) for word in ("-map", f"[r{n}]")]
        streams = [f"v:{n},agroup:s,name:{rung.name}" for n, rung in enumerate(rungs)]
        hls = self._hls(out, " ".join([*streams, "a:0,agroup:s,name:audio0"]))
        rates = [word for n in range(len(rungs)) for word in self._rate(n, f":{n}")]
        return [
            *self._start(), "-filter_complex", ";".join(graph),
            *maps, "-map", "[sound]", *self._x264(), *rates, *self._aac(), *hls,
            "-map", "[poster]", *self._jpeg(3), "-frames:v", "1", "-update", "1",
            str(out / "poster.jpg"),
            "-map", "[sheet]", *self._jpeg(5), str(out / "sheet-%03d.jpg"),
        ]  # fmt: skip

    def one_by_one(self, out: Path) -> list[list[str]]:
        """One run for each rendition, the sound, the poster and the storyboard."""
        runs = []
        for n, rung in enumerate(self.plan.rungs):
            size = f"scale={rung.width}:{rung.height}:flags=bicubic"
            hls = self._hls(out, f"v:0,name:{rung.name}")
            runs.append(
                [*self._start(), "-an", "-vf", size, *self._x264(), *self._rate(n, ""), *hls]
            )
        hls = self._hls(out, "a:0,name:audio0")
        sound = ["-vn", "-af", f"volume={LEVEL.gain_db}dB", *self._aac(), *hls]
        once = ["-frames:v", "1", "-update", "1", str(out / "poster.jpg")]
        poster = ["-an", "-vf", self._poster("", ""), *self._jpeg(3), *once]
        board = self.plan.storyboard
        tiles = f"{self._small()}tile={board.columns}x{board.rows}"
        sheet = ["-an", "-vf", tiles, *self._jpeg(5), str(out / "sheet-%03d.jpg")]
        return [*runs, *([*self._start(), *rest] for rest in (sound, poster, sheet))]

    def _start(self) -> list[str]:
        return [ffmpeg.executable(), *QUIET, "-i", str(self.film)]

    def _scaled(self, number: int) -> str:
        rung = self.plan.rungs[number]
        return f"[v{number}]scale={rung.width}:{rung.height}:flags=bicubic[r{number}]"

    def _poster(self, head: str, tail: str) -> str:
        every = max(1, round(self.plan.fps / 2))
        size = next((r for r in self.plan.rungs if r.height <= 720), self.plan.rungs[-1])
        scale = f"scale={size.width}:{size.height}:out_range=pc"
        return f"{head}select='not(mod(n,{every}))',{scale},thumbnail=20{tail}"

    def _small(self) -> str:
        board = self.plan.storyboard
        return (
            f"select='not(mod(n,{board.step_frames}))',"
            f"scale={board.width}:{board.height}:out_range=pc,"
        )

    def _x264(self) -> list[str]:
        every = round(self.plan.fps * 8)
        return [
            "-c:v", "libx264", "-preset", self.encoder.preset, "-crf", str(self.encoder.crf),
            "-profile:v", "high", "-sc_threshold", "0", "-g", str(every),
            "-force_key_frames", "expr:gte(t,n_forced*4)",
        ]  # fmt: skip

    def _rate(self, number: int, suffix: str) -> list[str]:
        top = self.plan.rungs[number].max_bps
        return [f"-maxrate:v{suffix}", str(top), f"-bufsize:v{suffix}", str(top * 3 // 2)]

    def _aac(self) -> list[str]:
        return ["-c:a", "aac", "-b:a", str(self.encoder.sound_bps), "-ac", "2", "-ar", "48000"]

    def _hls(self, out: Path, streams: str) -> list[str]:
        return [
            "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod",
            "-hls_segment_type", "fmp4", "-hls_flags", "independent_segments",
            "-hls_fmp4_init_filename", "init.mp4",
            "-hls_segment_filename", str(out / "%v" / "seg-%05d.m4s"),
            "-var_stream_map", streams, str(out / "%v" / "index.m3u8"),
        ]  # fmt: skip

    def _jpeg(self, quality: int) -> list[str]:
        return ["-c:v", "mjpeg", "-q:v", str(quality), "-fps_mode", "passthrough"]
