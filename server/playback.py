"""Films for players: playlists, segments, captions, pictures, each checked on its own address."""

import hashlib
import mimetypes
import re
from uuid import UUID

from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from media import videos
from media.storage import checked
from media.videos import Version
from rooms.attendance import seats
from rooms.errors import NotThere
from rooms.tours import captions_kept, tours
from server import errors
from server.auth import SEAT_COOKIE, token_hash
from server.byte_ranges import OutOfReach, asked_range
from server.context import Here
from server.database import Connection

_ATTRIBUTE = re.compile(r'URI="([^"]*)"')

FOREVER = "private, max-age=31536000, immutable"
KINDS = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".vtt": "text/vtt; charset=utf-8",
    ".jpg": "image/jpeg",
}


class Segment(FileResponse):
    """A file in larger bites: each is a hop to a thread, which costs more than reading it."""

    chunk_size = 256 * 1024


async def master(here: Here) -> Response:
    """`/videos/{id}/master.m3u8`: the stable address; names the version that plays now."""
    video_id = here.id()
    async with here.transaction() as conn:
        only = await must_watch(here, conn, video_id)
        version = await (videos.version(conn, only) if only else videos.current(conn, video_id))
    if version is None or version.prefix is None:
        raise NotThere
    text = (await here.storage.get(f"{version.prefix}/master.m3u8")).decode()
    moved = _under(text, str(version.id))
    return Response(
        moved, media_type=KINDS[".m3u8"], headers={"Cache-Control": "private, no-cache"}
    )


def _under(playlist: str, folder: str) -> str:
    """The playlist with every relative address moved one folder down."""
    moved = _ATTRIBUTE.sub(rf'URI="{folder}/\1"', playlist)
    return "".join(
        line if line.startswith("#") or not line.strip() else f"{folder}/{line}"
        for line in moved.splitlines(keepends=True)
    )


async def file(here: Here) -> Response:
    """`/videos/{id}/{version}/{file}`: never changes, so a browser may keep it for ever."""
    async with here.transaction() as conn:
        version = await _version_to_watch(here, conn)
    name = str(here.request.path_params["file"])
    return await send(here, f"{version.prefix}/{name}", KINDS.get(f".{name.rpartition('.')[2]}"))


async def captions(here: Here) -> Response:
    """`/videos/{id}/{version}/captions/{language}.vtt`: clean WebVTT."""
    async with here.transaction() as conn:
        version = await _version_to_watch(here, conn)
        text = await captions_kept.clean_vtt(
            conn, version.id, str(here.request.path_params["language"])
        )
    if text is None:
        raise NotThere
    return Response(text, media_type="text/vtt", headers={"Cache-Control": "private, no-cache"})


async def status(here: Here) -> Response:
    """`/videos/{id}/status`: how far the newest film of a company's video is, in words too."""
    async with here.transaction() as conn:
        if not await tours.may_edit_video(conn, here.scope, here.id()):
            raise NotThere
        newest = await videos.newest(conn, here.id())
    if newest is None:
        return JSONResponse({"state": "none"})
    return JSONResponse(told(here, newest))


def told(here: Here, version: Version) -> dict[str, object]:
    """A version's state as the studio shows it."""
    message = ""
    if version.error_code:
        message = errors.sentence(here.language, version.error_code, version.error_params)
    return {
        "state": version.state,
        "stage": version.stage,
        "progress": round(version.progress, 3),
        "seconds_left": version.seconds_left,
        "error": version.error_code,
        "message": message,
        "version": str(version.id),
        "filename": version.filename,
    }


async def _version_to_watch(here: Here, conn: Connection) -> Version:
    only, wanted = await must_watch(here, conn, here.id()), here.id("version")
    version = await videos.version(conn, wanted) if only in {None, wanted} else None
    if version is None or version.video_id != here.id() or version.prefix is None:
        raise NotThere
    return version


async def must_watch(here: Here, conn: Connection, video_id: UUID) -> UUID | None:
    """Lets through: who may see the tour, a seat of a session that shows it, its screen.

    None: any version. A seat gets the one its session shows: a film put in its place has not
    been reviewed, and the lesson would be measured against another.
    """
    is_person = here.viewer is not None and here.viewer.kind != "classroom"
    if await tours.may_watch(conn, here.scope if is_person else None, video_id):
        return None
    seat = here.request.cookies.get(SEAT_COOKIE)
    if seat and (only := await seats.version_to_watch(conn, token_hash(seat), video_id, here.now)):
        return only
    raise NotThere


async def send(here: Here, key: str, kind: str | None) -> Response:
    """The bytes of a stored file, from our own origin: by nginx, from the folder, or from S3."""
    checked(key)
    kind = kind or mimetypes.guess_type(key)[0] or "application/octet-stream"
    path = here.storage.local_path(key)
    if path is None:
        return await _send_stored(here, key, kind)
    if not path.is_file():
        raise NotThere
    if here.request.headers.get("x-accel") == "yes" and here.settings.has_proxy:
        headers = {"X-Accel-Redirect": f"/stored/{key}", "Content-Type": kind}
        return Response(headers=headers | {"Cache-Control": FOREVER})
    return Segment(path, media_type=kind, headers={"Cache-Control": FOREVER})


async def _send_stored(here: Here, key: str, kind: str) -> Response:
    """Passes an object of S3 on. Safari plays nothing from a server that knows no ranges."""
    size = await here.storage.head(key)
    # what lies under a key of a film never changes, so the key says which bytes they are
    tag = f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": FOREVER, "Accept-Ranges": "bytes", "ETag": tag}
    asked = here.request.headers.get("range")
    if here.request.headers.get("if-range", tag) != tag:
        asked = None
    try:
        piece = asked_range(asked, size)
    except OutOfReach:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = piece or (0, size)
    headers["Content-Length"] = str(end - start)
    if piece is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 200 if piece is None else 206
    return StreamingResponse(here.storage.stream(key, start, end), status, headers, kind)
