"""A small server with the product's templates, static files and headers, and one tiny film.

It shows the player and a sheet of all parts without a database, so that a look at them is quick.
"""

import asyncio
import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from server import templates
from server.app import OurHeaders, content_policy

HERE = Path(__file__).parent
LENGTH_S = 16
NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
CAPTIONS = {
    "en": """WEBVTT

00:00.000 --> 00:03.000
<v Anna>Good morning.

00:03.000 --> 00:06.000
<script>document.title = "taken"</script><img src=x onerror="document.title='taken'">
A <i>kitchen</i> &amp; a press.

00:06.000 --> 00:11.000
Every part
has a number.

00:11.000 --> 00:16.000
That was the workshop.
""",
    "nl": """WEBVTT

00:00.000 --> 00:06.000
Goedemorgen.

00:06.000 --> 00:16.000
Elk onderdeel heeft een nummer.
""",
}
CHAPTERS = [
    {"starts_at_s": 0, "title": "The gate"},
    {"starts_at_s": 6, "title": "The press"},
    {"starts_at_s": 11, "title": "Packing"},
]


def make_film(folder: Path) -> None:
    """A 16 s film in two heights with sound, its captions and its storyboard."""
    shutil.copytree(_film(), folder, dirs_exist_ok=True)


@functools.cache
def _film() -> Path:
    """Drawn once in a run."""
    folder = Path(tempfile.mkdtemp(prefix="pt-film-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    colours = "c0=0x0b5c6b:c1=0xfdf1da:c2=0xe0680f:n=3"
    drawn = f"gradients=s=160x90:r=25:d={LENGTH_S}:{colours}:speed=0.02:seed=4"
    picture = f"{drawn},scale=640:360"
    heights = [(360, 300_000), (180, 120_000)]
    made: list[object] = []
    for height, bitrate in heights:
        (folder / str(height)).mkdir(parents=True)
        made += [
            "-map", "0:v", "-map", "1:a", "-vf", f"scale=-2:{height}", "-c:v", "libx264",
            "-preset", "ultrafast", "-b:v", str(bitrate), "-pix_fmt", "yuv420p", "-g", "100",
            "-sc_threshold", "0", "-c:a", "aac", "-ac", "2", "-b:a", "64k", "-hls_time", "4",
            "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4",
            "-hls_segment_filename", folder / str(height) / "%d.m4s",
            folder / str(height) / "list.m3u8",
        ]  # fmt: skip
    stills = ["-map", "0:v", "-vf", "fps=1/4,scale=160:90,tile=2x2", "-frames:v", "1"]
    made += ["-map", "0:v", "-frames:v", "1", folder / "poster.jpg", *stills, folder / "sheet.jpg"]
    _ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=f=330:d={LENGTH_S}", *made)
    lines = [
        f"#EXT-X-STREAM-INF:BANDWIDTH={bitrate + 80_000},RESOLUTION={height * 16 // 9}x{height},"
        f'CODECS="avc1.42c01e,mp4a.40.2"\n{height}/list.m3u8'
        for height, bitrate in heights
    ]
    (folder / "master.m3u8").write_text("\n".join(["#EXTM3U", "#EXT-X-VERSION:7", *lines, ""]))
    (folder / "storyboard.vtt").write_text(_storyboard())
    for language, text in CAPTIONS.items():
        (folder / f"{language}.vtt").write_text(text)
    return folder


def _storyboard() -> str:
    tiles = [
        f"00:{at:02}.000 --> 00:{at + 4:02}.000\n"
        f"sheet.jpg#xywh={160 * (i % 2)},{90 * (i // 2)},160,90\n"
        for i, at in enumerate(range(0, LENGTH_S, 4))
    ]
    return "\n".join(["WEBVTT\n", *tiles])


def _ffmpeg(*arguments: object) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


def film(**changes: Any) -> dict[str, Any]:
    """What the player's macro takes."""
    captions = [
        {"language": "en", "label": "English", "url": "/film/en.vtt"},
        {"language": "nl", "label": "Nederlands", "url": "/film/nl.vtt"},
    ]
    whole = {
        "master_url": "/film/master.m3u8", "poster_url": "/film/poster.jpg",
        "storyboard_url": "/film/storyboard.vtt", "duration_s": LENGTH_S, "captions": captions,
        "chapters": CHAPTERS, "position_key": "test", "title": "The workshop", "transcript": True,
    }  # fmt: skip
    return {**whole, **changes}


@dataclass(slots=True)
class Stand:
    """Where the stand is, and what was asked of it."""

    url: str
    film: dict[str, Any]
    asked: list[str]
    is_down: bool = False


def _page(stand: Stand, name: str) -> Any:
    source = (HERE / f"{name}.html").read_text()

    async def show(request: Request) -> Response:
        language = request.query_params.get("language", "en")
        page = templates.ENVIRONMENTS[language].from_string(source)
        return HTMLResponse(
            page.render(
                film=stand.film,
                now=NOW,
                path="/",
                person=None,
                request=request,
                is_demo=True,
                theme_wish=request.query_params.get("theme", "paper"),
                nav=[("Tours", "/", True), ("Class 3B", "/class", False)],
                flashes=[("good", "Class 3B is registered.")],
            )
        )

    return show


class _Listen:
    """Notes every address asked for, and can play dead."""

    def __init__(self, app: Any, stand: Stand) -> None:
        self.app = app
        self.stand = stand

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.stand.asked.append(scope["path"])
            if self.stand.is_down and scope["path"].endswith((".m4s", ".m3u8")):
                await Response(status_code=503)(scope, receive, send)
                return
        await self.app(scope, receive, send)


@asynccontextmanager
async def stand(folder: Path) -> AsyncIterator[Stand]:
    """Serves `/player`, `/sheet`, the screens of a class and the film until the block ends."""
    there = Stand("", film(), [])
    names = ("player", "sheet", "beamer", "watching", "phone")
    app = Starlette(
        routes=[
            *(Route(f"/{name}", _page(there, name)) for name in names),
            Mount("/film", StaticFiles(directory=folder)),
            Mount("/static", StaticFiles(directory=templates.STATIC)),
        ]
    )
    app.add_middleware(OurHeaders, policy=content_policy(templates.import_map()))
    server = uvicorn.Server(
        uvicorn.Config(_Listen(app, there), port=0, log_config=None, lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.02)
        there.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield there
    finally:
        server.should_exit = True
        await task
