"""Videos by API: how far a film is, and its versions."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from media import videos
from rooms.errors import NotThere
from rooms.tours import tours
from server import errors
from server.context import Here

VersionState = Literal["uploaded", "probing", "queued", "encoding", "ready", "failed", "cancelled"]


class Version(msgspec.Struct, frozen=True):
    """One film under the video's address. `progress`: 0 to 1. `error`, `message`: why it failed."""

    id: UUID
    state: VersionState
    is_current: bool
    stage: str
    progress: float
    seconds_left: int | None
    error: str | None
    message: str
    filename: str
    size_bytes: int
    duration_seconds: float | None
    width: int | None
    height: int | None
    renditions: list[dict[str, Any]]
    notices: list[str]
    created_at: datetime
    ready_at: datetime | None


class Video(msgspec.Struct, frozen=True):
    """A video: its stable address, what plays there, and the film added last."""

    id: UUID
    master: str
    current: Version | None
    newest: Version | None


class Versions(msgspec.Struct, frozen=True):
    """Every film that was put under the video, the newest first."""

    items: list[Version]


async def show(here: Here, _: None) -> Video:
    """For the company that makes it."""
    async with here.transaction() as conn:
        if not await tours.may_edit_video(conn, here.scope, here.id()):
            raise NotThere("video")
        current = await videos.current(conn, here.id())
        newest = await videos.newest(conn, here.id())
    current_id = current.id if current else None
    return Video(
        id=here.id(),
        master=f"/videos/{here.id()}/master.m3u8",
        current=_told(here, current, current_id) if current else None,
        newest=_told(here, newest, current_id) if newest else None,
    )


async def versions(here: Here, _: None) -> Versions:
    """All of them, those that failed too; at most 100."""
    async with here.transaction() as conn:
        if not await tours.may_edit_video(conn, here.scope, here.id()):
            raise NotThere("video")
        current = await videos.current(conn, here.id())
        found = await videos.of_video(conn, here.id())
    current_id = current.id if current else None
    return Versions([_told(here, each, current_id) for each in found])


def _told(here: Here, version: videos.Version, current_id: UUID | None) -> Version:
    code = version.error_code
    return Version(
        id=version.id,
        state=version.state,  # type: ignore[arg-type]
        is_current=version.id == current_id,
        stage=version.stage,
        progress=round(version.progress, 3),
        seconds_left=version.seconds_left,
        error=code,
        message=errors.sentence(here.language, code, version.error_params) if code else "",
        filename=version.filename,
        size_bytes=version.bytes,
        duration_seconds=version.duration_ms / 1000 if version.duration_ms is not None else None,
        width=version.width,
        height=version.height,
        renditions=[dict(each) for each in version.renditions],
        notices=list(version.notices),
        created_at=version.created_at,
        ready_at=version.ready_at,
    )
