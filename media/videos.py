"""Videos and their versions: states, verbs, and the lease that fences a rescued job.

A version goes uploaded → probing → queued → encoding → ready; a refusal ends it in failed, a
company in cancelled. The row is the truth: a worker holds a version only while its `lease` stands
in the row, and every write of a worker names it. Who lost the lease learns so from the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from media.errors import Refused

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

# A job may kill its worker (memory, a fault in a decoder): after so many deaths it has failed.
MAX_ATTEMPTS = 3

_COLUMNS = """
    programme_id, id, video_id, upload_id, filename, bytes, edit, state, attempt, lease,
    is_cancel_wanted, stage, progress, seconds_left, probe, error_code, error_params, notices,
    prefix, duration_ms, original_ms, width, height, renditions, created_by, created_at, ready_at
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One film under a video's address. Times in milliseconds, sizes in bytes and pixels.

    `edit`: kept spans of the original, or None for all of it. `prefix`: where its files lie.
    `progress`: 0 to 1. `notices`: codes of what the viewer of the studio should know.
    """

    programme_id: UUID
    id: UUID
    video_id: UUID
    upload_id: UUID
    filename: str
    bytes: int
    edit: tuple[tuple[int, int], ...] | None
    state: str
    attempt: int
    lease: UUID | None
    is_cancel_wanted: bool
    stage: str
    progress: float
    seconds_left: int | None
    probe: Mapping[str, Any] | None
    error_code: str | None
    error_params: Mapping[str, Any]
    notices: tuple[str, ...]
    prefix: str | None
    duration_ms: int | None
    original_ms: int | None
    width: int | None
    height: int | None
    renditions: tuple[Mapping[str, Any], ...]
    created_by: UUID | None
    created_at: datetime
    ready_at: datetime | None

    @property
    def is_busy(self) -> bool:
        """Whether something still happens to it by itself."""
        return self.state in {"uploaded", "probing", "queued", "encoding"}


def _version(row: asyncpg.Record) -> Version:
    edit = row["edit"]
    return Version(
        **{
            **dict(row),
            "edit": tuple((start, end) for start, end in edit) if edit is not None else None,
            "notices": tuple(row["notices"]),
            "renditions": tuple(row["renditions"]),
        }
    )


async def create(conn: Connection, programme_id: UUID, company_id: UUID) -> UUID:
    """A video without a film yet; its id is the address that stays."""
    video_id: UUID = await conn.fetchval(
        "insert into videos (programme_id, company_id) values ($1, $2) returning id",
        programme_id,
        company_id,
    )
    return video_id


async def add_version(
    conn: Connection,
    programme_id: UUID,
    video_id: UUID,
    upload_id: UUID,
    person_id: UUID,
    *,
    edit: Sequence[tuple[int, int]] | None = None,
) -> UUID:
    """Puts a complete upload under the video; the caller enqueues its probe in this transaction.

    A version of the same video that is still being made is told to stop: the newest wins.
    """
    await conn.execute(
        """
        update video_versions
        set is_cancel_wanted = true,
            state = case when state in ('uploaded', 'queued') then 'cancelled' else state end
        where programme_id = $1 and video_id = $2
          and state in ('uploaded', 'probing', 'queued', 'encoding')
        """,
        programme_id,
        video_id,
    )
    await conn.execute(
        "update uploads set state = 'used' where programme_id = $1 and id = $2",
        programme_id,
        upload_id,
    )
    version_id: UUID = await conn.fetchval(
        """
        insert into video_versions
            (programme_id, video_id, upload_id, filename, bytes, edit, created_by)
        select $1, $2, u.id, u.filename, u.length, $4, $5 from uploads u
        where u.programme_id = $1 and u.id = $3
        returning id
        """,
        programme_id,
        video_id,
        upload_id,
        [list(span) for span in edit] if edit is not None else None,
        person_id,
    )
    return version_id


async def re_edit(
    conn: Connection,
    programme_id: UUID,
    video_id: UUID,
    edit: Sequence[tuple[int, int]] | None,
    person_id: UUID,
) -> UUID:
    """A new version of the newest film that was readable, with other pieces kept.

    Refused with `no_film` when there is none. The caller enqueues its probe.
    """
    upload_id = await conn.fetchval(
        """
        select upload_id from video_versions
        where programme_id = $1 and video_id = $2 and probe is not null
        order by created_at desc, id limit 1
        """,
        programme_id,
        video_id,
    )
    if upload_id is None:
        raise Refused("no_film")
    return await add_version(conn, programme_id, video_id, upload_id, person_id, edit=edit)


async def version(conn: Connection, version_id: UUID) -> Version | None:
    """One version, or None. Whether the reader may see it is the caller's to judge."""
    row = await conn.fetchrow(f"select {_COLUMNS} from video_versions where id = $1", version_id)
    return _version(row) if row else None


async def current(conn: Connection, video_id: UUID) -> Version | None:
    """The version that plays under the video's address, or None before the first is ready."""
    row = await conn.fetchrow(
        f"""
        select {_COLUMNS} from video_versions
        where id = (select current_version_id from videos where id = $1)
        """,
        video_id,
    )
    return _version(row) if row else None


async def newest(conn: Connection, video_id: UUID) -> Version | None:
    """The version added last, whatever became of it: what the studio shows progress of."""
    row = await conn.fetchrow(
        f"""
        select {_COLUMNS} from video_versions
        where video_id = $1 order by created_at desc, id limit 1
        """,
        video_id,
    )
    return _version(row) if row else None


async def of_video(conn: Connection, video_id: UUID) -> list[Version]:
    """Every version of a video, the one added last first; at most 100."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from video_versions
        where video_id = $1 order by created_at desc, id limit 100
        """,
        video_id,
    )
    return [_version(row) for row in rows]


async def claim(
    conn: Connection,
    version_id: UUID,
    lease: UUID,
    *,
    waiting: str,
    working: str,
    silent_for: timedelta,
) -> Version | None:
    """Takes a version for one attempt: from `waiting`, or from a worker that died at `working`.

    A worker counts as dead when it said nothing for longer than `silent_for`. None when there is
    nothing to do (done, cancelled, in good hands, or three attempts died: then it has failed here
    and now with `killed_worker`).
    """
    row = await conn.fetchrow(
        f"""
        update video_versions
        set state = case when is_cancel_wanted then 'cancelled'
                         when attempt >= $5 then 'failed' else $4 end,
            error_code = case when attempt >= $5 then 'killed_worker' end,
            attempt = attempt + 1, lease = $2, started_at = now(), alive_at = now(), progress = 0,
            stage = '', seconds_left = null
        where id = $1 and (state = $3
            or (state = $4 and coalesce(alive_at, '-infinity') < now() - $6::interval))
        returning {_COLUMNS}
        """,
        version_id,
        lease,
        waiting,
        working,
        MAX_ATTEMPTS,
        silent_for,
    )
    return _version(row) if row and row["state"] == working else None


async def beat(conn: Connection, version_id: UUID, lease: UUID) -> bool:
    """The worker lives; False when it must stop: lease lost, or cancelled."""
    is_mine = await conn.fetchval(
        """
        update video_versions set alive_at = now()
        where id = $1 and lease = $2 and not is_cancel_wanted
        returning true
        """,
        version_id,
        lease,
    )
    return bool(is_mine)


async def forsaken(conn: Connection, silent_for: timedelta) -> list[tuple[UUID, str]]:
    """(id, state) of versions that wait, or were being worked at, without a job in the queue.

    A worker may lose its job with the row unfinished: a job that was rescued ends with whichever
    worker ends first. The caller enqueues them again.
    """
    rows = await conn.fetch(
        """
        select v.id, v.state from video_versions v
        where v.state in ('uploaded', 'probing', 'queued', 'encoding')
          and (v.lease is null or coalesce(v.alive_at, '-infinity') < now() - $1::interval)
          and not exists (select from pgqueuer q where convert_from(q.payload, 'UTF8') = v.id::text)
        order by v.created_at limit 100
        """,
        silent_for,
    )
    return [(row["id"], row["state"]) for row in rows]


async def report(
    conn: Connection,
    version_id: UUID,
    lease: UUID,
    stage: str,
    progress: float,
    seconds_left: int | None,
) -> bool:
    """Writes how far the work is; False when it must stop: lease lost, or cancelled."""
    is_mine = await conn.fetchval(
        """
        update video_versions set stage = $3, progress = $4, seconds_left = $5
        where id = $1 and lease = $2 and not is_cancel_wanted
        returning true
        """,
        version_id,
        lease,
        stage,
        progress,
        seconds_left,
    )
    return bool(is_mine)


async def probed(
    conn: Connection, version_id: UUID, lease: UUID, probe: Mapping[str, Any], original_ms: int
) -> bool:
    """What the file is, is known: it waits for its encoding. False when the lease was lost."""
    is_mine = await conn.fetchval(
        """
        update video_versions
        set state = 'queued', attempt = 0, lease = null, probe = $3, original_ms = $4
        where id = $1 and lease = $2 and not is_cancel_wanted
        returning true
        """,
        version_id,
        lease,
        dict(probe),
        original_ms,
    )
    return bool(is_mine)


@dataclass(frozen=True, slots=True)
class Made:
    """What an encoding brought forth."""

    prefix: str
    duration_ms: int
    width: int
    height: int
    renditions: Sequence[Mapping[str, Any]]
    notices: Sequence[str] = ()


async def finish(
    conn: Connection, version_id: UUID, lease: UUID, made: Made, now: datetime
) -> bool:
    """Publishes the result in one step: the version is ready and plays under the video's address.

    False when the lease was lost or the version cancelled: then nothing has changed. The version
    that played before stays for running players and is retired.
    """
    row = await conn.fetchrow(
        """
        update video_versions
        set state = 'ready', lease = null, progress = 1, stage = '', seconds_left = null,
            prefix = $3, duration_ms = $4, width = $5, height = $6, renditions = $7,
            notices = $8, ready_at = $9
        where id = $1 and lease = $2 and not is_cancel_wanted
        returning programme_id, video_id
        """,
        version_id,
        lease,
        made.prefix,
        made.duration_ms,
        made.width,
        made.height,
        list(made.renditions),
        list(made.notices),
        now,
    )
    if row is None:
        return False
    await conn.execute(
        """
        update video_versions set retired_at = $3
        where id = (select current_version_id from videos where id = $1) and id <> $2
        """,
        row["video_id"],
        version_id,
        now,
    )
    await conn.execute(
        "update videos set current_version_id = $2 where id = $1", row["video_id"], version_id
    )
    return True


async def is_published(conn: Connection, version_id: UUID, prefix: str) -> bool:
    """Whether the files under `prefix` are the version's film; waits for who is just deciding."""
    row = await conn.fetchrow(
        "select state, prefix from video_versions where id = $1 for update", version_id
    )
    return row is not None and (row["state"], row["prefix"]) == ("ready", prefix)


async def fail(
    conn: Connection, version_id: UUID, lease: UUID, code: str, params: Mapping[str, Any]
) -> bool:
    """The film cannot be made into a tour; the code says why. False when the lease was lost."""
    is_mine = await conn.fetchval(
        """
        update video_versions
        set state = 'failed', error_code = $3, error_params = $4, lease = null, seconds_left = null
        where id = $1 and lease = $2
        returning true
        """,
        version_id,
        lease,
        code,
        dict(params),
    )
    return bool(is_mine)


async def stopped(conn: Connection, version_id: UUID, lease: UUID) -> None:
    """The worker has let go of a cancelled version."""
    await conn.execute(
        """
        update video_versions set state = 'cancelled', lease = null, seconds_left = null
        where id = $1 and lease = $2 and is_cancel_wanted
        """,
        version_id,
        lease,
    )


async def give_back(conn: Connection, version_id: UUID, lease: UUID) -> bool:
    """The worker shuts down in order: the version waits again, and this attempt is not counted."""
    is_mine = await conn.fetchval(
        """
        update video_versions
        set state = case state when 'probing' then 'uploaded' else 'queued' end,
            lease = null, attempt = greatest(attempt - 1, 0), seconds_left = null
        where id = $1 and lease = $2 and not is_cancel_wanted
        returning true
        """,
        version_id,
        lease,
    )
    return bool(is_mine)


async def cancel(conn: Connection, programme_id: UUID, version_id: UUID) -> bool:
    """Stops a version that is not ready yet; the film as it was uploaded is kept for a retry."""
    found = await conn.fetchval(
        """
        update video_versions
        set is_cancel_wanted = true,
            state = case when state in ('uploaded', 'queued') then 'cancelled' else state end
        where programme_id = $1 and id = $2
          and state in ('uploaded', 'probing', 'queued', 'encoding')
        returning true
        """,
        programme_id,
        version_id,
    )
    return bool(found)


async def retry(conn: Connection, programme_id: UUID, version_id: UUID) -> bool:
    """Starts a failed or cancelled version again; the caller enqueues its probe.

    False where the file itself was refused: it was removed, so another one must be sent.
    """
    found = await conn.fetchval(
        """
        update video_versions
        set state = 'uploaded', attempt = 0, lease = null, is_cancel_wanted = false, progress = 0,
            stage = '', seconds_left = null, error_code = null, error_params = '{}'
        where programme_id = $1 and id = $2
          and (state in ('failed', 'cancelled') or (is_cancel_wanted and state <> 'ready'))
          and exists (select from uploads u where u.id = upload_id and u.state = 'used')
        returning true
        """,
        programme_id,
        version_id,
    )
    return bool(found)


async def can_retry(conn: Connection, programme_id: UUID, version_id: UUID) -> bool:
    """Whether the file as it was uploaded is still there to be tried again."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from video_versions v join uploads u on u.id = v.upload_id
            where v.programme_id = $1 and v.id = $2 and u.state = 'used'
                and v.state in ('failed', 'cancelled'))
        """,
        programme_id,
        version_id,
    )
    return found


async def retired_before(
    conn: Connection, moment: datetime, now: datetime
) -> list[tuple[UUID, str]]:
    """(id, prefix) of versions replaced before `moment`, whose files may go.

    Those a lesson still shows stay: one that runs since `moment` or later, or is open at home.
    """
    rows = await conn.fetch(
        """
        select v.id, v.prefix from video_versions v
        where v.retired_at < $1 and v.prefix is not null and not exists (
            select 1 from sessions s
            where (s.programme_id, s.version_id) = (v.programme_id, v.id)
                and s.state = 'running' and (s.started_at > $1 or s.home_until > $2))
        order by v.retired_at limit 100
        """,
        moment,
        now,
    )
    return [(row["id"], row["prefix"]) for row in rows]


async def maybe_littered(conn: Connection, since: datetime) -> list[UUID]:
    """Versions worked at since then of which an attempt may have died over its files."""
    rows = await conn.fetch(
        """
        select id from video_versions
        where alive_at > $1 and (attempt > 1 or state in ('queued', 'failed', 'cancelled'))
        order by alive_at limit 100
        """,
        since,
    )
    return [row["id"] for row in rows]


async def forget_files(conn: Connection, version_id: UUID) -> None:
    """The files of a retired version are gone; the row stays for the sessions that showed it."""
    await conn.execute("update video_versions set prefix = null where id = $1", version_id)
