"""The demo's film as a file: ffmpeg draws its script and plays its sound, with no source at all."""

from pathlib import Path

import ffmpeg as graph

from media import demo_film, ffmpeg

SCRIPT, FILM = "film.ass", "film.mp4"


async def draw(folder: Path) -> Path:
    """Draws the film into `folder` (there and ours) and returns the file, some 3 MB of H.264.

    About a second of CPU per two seconds of film. Raises Broken; cancelling ends the child.
    """
    (folder / SCRIPT).write_text(demo_film.script(), "utf-8")
    limits = ffmpeg.child_limits(ffmpeg.Encoder(), demo_film.DURATION_S)
    await ffmpeg.run(_command(), limits, folder)
    return folder / FILM


def _command() -> list[str]:
    size = f"{demo_film.WIDTH}x{demo_film.HEIGHT}"
    length_s = demo_film.DURATION_S
    empty = graph.input(f"color=c=black:s={size}:r={demo_film.FPS}:d={length_s}", f="lavfi")
    sound = graph.input(f"aevalsrc=exprs='{demo_film.sound()}':s=48000:d={length_s}", f="lavfi")
    # by its bare name: a path would have to be escaped for the filter's own syntax
    drawn = empty.video.filter("ass", SCRIPT).filter("format", "yuv420p")
    options = {"c:v": "libx264", "preset": "veryfast", "crf": 18, "c:a": "aac"}
    film = graph.output(drawn, sound.audio, FILM, **options, movflags="+faststart")
    command: list[str] = film.global_args(
        "-hide_banner", "-nostdin", "-nostats", "-v", "warning", "-progress", "pipe:1"
    ).compile(cmd=ffmpeg.executable(), overwrite_output=True)
    return command
