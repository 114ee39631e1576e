"""Once a minute, on one worker: what has run out of time, and what was left lying."""

import logging
from datetime import UTC, datetime, timedelta

from media import upload_ends, videos
from rooms.agenda import screens
from rooms.attendance import exports, kpi_rows, report_lines, retention
from rooms.live import captions, questions
from rooms.people import registry_lists, sign_in_mails
from rooms.tours import tours
from server import (
    agenda_mails,
    confirm_mails,
    jobs,
    mail,
    reach_mails,
    request_mails,
    throttle,
    tour_mail,
)
from workers import registry
from workers.floor import Floor

log = logging.getLogger(__name__)

JOB_LOG_KEPT = timedelta(days=14)
# Running players keep an old version's files this long after it was replaced.
OLD_VERSION_KEPT = timedelta(hours=24)
# Long enough for an operator's restart of all workers to come in between.
LITTER_SOUGHT_FOR = timedelta(days=1)


async def sweep(floor: Floor) -> None:
    """Each part on its own: one that fails does not keep the others from their work."""
    now = datetime.now(UTC)
    for part in (
        _forsaken,
        _old_versions,
        _uploads,
        _litter,
        _rights,
        _agenda,
        _mails,
        _throttles,
        _attendance,
        _requests,
        _unseen,
        _kpis,
        _retention,
        _exports,
        _job_log,
        _registry,
    ):
        try:
            await part(floor, now)
        except Exception:
            log.exception("the sweep of %s broke", part.__name__)


async def _uploads(floor: Floor, now: datetime) -> None:
    removed = await upload_ends.sweep(floor.pool, floor.storage, now)
    if removed:
        log.info("%d pieces of ended uploads removed", removed)


async def _forsaken(floor: Floor, _: datetime) -> None:
    """The row is the truth: a version that waits without a job gets one."""
    async with floor.pool.acquire() as conn, conn.transaction():
        for version_id, state in await videos.forsaken(conn, floor.heartbeat_limit):
            log.warning("version %s was left %s without a job", version_id, state)
            kind = jobs.PROBE if state in {"uploaded", "probing"} else jobs.TRANSCODE
            await jobs.enqueue(conn, kind, version_id)


async def _old_versions(floor: Floor, now: datetime) -> None:
    async with floor.pool.acquire() as conn:
        due = await videos.retired_before(conn, now - OLD_VERSION_KEPT, now)
    for version_id, prefix in due:
        await floor.storage.delete_prefix(prefix)
        async with floor.pool.acquire() as conn:
            await videos.forget_files(conn, version_id)


async def _litter(floor: Floor, now: datetime) -> None:
    """Folders of attempts that died: neither the film nor in anybody's hands.

    The folders are looked up before the row: one that is there already is named by the row by now,
    or never will be.
    """
    async with floor.pool.acquire() as conn:
        sought = await videos.maybe_littered(conn, now - LITTER_SOUGHT_FOR)
    for version_id in sought:
        folders = await floor.storage.folders(f"videos/{version_id}")
        async with floor.pool.acquire() as conn:
            version = await videos.version(conn, version_id)
        kept = {version.prefix, f"videos/{version_id}/{version.lease}"} if version else set()
        for folder in set(folders) - kept:
            await floor.storage.delete_prefix(folder)
            log.warning("files of an attempt that died removed: %s", folder)


async def _rights(floor: Floor, now: datetime) -> None:
    async with floor.pool.acquire() as conn, conn.transaction():
        ended = await tours.rights_due(conn, now)
        for programme_id, tour_id in ended:
            await tour_mail.rights_ended(conn, floor.settings.url, programme_id, tour_id, now)
        for tour in await tours.rights_ending(conn, now):
            await tour_mail.rights_ending(conn, floor.settings.url, tour)
    for _, tour_id in ended:
        log.info("tour %s unpublished: its rights ended", tour_id)


async def _agenda(floor: Floor, now: datetime) -> None:
    """What those with a webinar in their agenda are to be told."""
    async with floor.pool.acquire() as conn, conn.transaction():
        await agenda_mails.tell_due(conn, floor.settings, now)


async def _mails(floor: Floor, now: datetime) -> None:
    async with floor.pool.acquire() as conn, conn.transaction():
        await mail.requeue_overdue(conn, now)


async def _throttles(floor: Floor, now: datetime) -> None:
    async with floor.pool.acquire() as conn:
        await throttle.sweep(conn, now)
        await sign_in_mails.forget_old(conn, now - timedelta(days=1))


async def _attendance(floor: Floor, now: datetime) -> None:
    """The mails of the morning after, a company's news, screens nobody let in."""
    async with floor.pool.acquire() as conn, conn.transaction():
        await screens.sweep(conn, now)
        await confirm_mails.ask_due(conn, floor.settings, now)
        await reach_mails.tell_due(conn, floor.settings, now)


async def _requests(floor: Floor, now: datetime) -> None:
    """Invitations that nobody answered: word after five working days, the end after ten."""
    async with floor.pool.acquire() as conn, conn.transaction():
        await request_mails.tell_due(conn, floor.settings.url, now)


async def _unseen(floor: Floor, now: datetime) -> None:
    async with floor.pool.acquire() as conn:
        removed = await questions.drop_unseen(conn, now)
        await captions.drop_old(conn, now)
    if removed:
        log.info("%d questions nobody let through removed", removed)


async def _kpis(floor: Floor, now: datetime) -> None:
    """What was hosted lately; once a day, before anything is purged, all rows of KPIs."""
    async with floor.pool.acquire() as conn, conn.transaction():
        await report_lines.settle(conn)
        await kpi_rows.settle(conn, now)
    async with floor.pool.acquire() as conn, conn.transaction():
        is_due = await kpi_rows.is_due(conn, now)
        lines = await report_lines.run(conn) if is_due else 0
        mended = await kpi_rows.run(conn, now) if is_due else 0
    if lines or mended:
        log.info("%d lines of reports and %d rows of KPIs were put right", lines, mended)


async def _retention(floor: Floor, now: datetime) -> None:
    """Once a day: what of pupils' devices and classes has had its time."""
    async with floor.pool.acquire() as conn, conn.transaction():
        removed = await retention.purge(conn, now) if await retention.is_due(conn, now) else 0
    if removed:
        log.info("%d rows of attendance had their time and are gone", removed)


async def _exports(floor: Floor, now: datetime) -> None:
    """Spreadsheets nobody may fetch any more."""
    async with floor.pool.acquire() as conn:
        due = await exports.due(conn, now)
    for export_id, key in due:
        if key:
            await floor.storage.delete(key)
        async with floor.pool.acquire() as conn:
            await exports.gone(conn, export_id)


async def _registry(floor: Floor, now: datetime) -> None:
    """Last, as a slow address may keep it waiting."""
    await registry.look(floor, now)
    async with floor.pool.acquire() as conn:
        await registry_lists.forget_old(conn, now)


async def _job_log(floor: Floor, now: datetime) -> None:
    async with floor.pool.acquire() as conn, conn.transaction():
        await jobs.forget_old(conn, now - JOB_LOG_KEPT)
