"""A company hears, in its own language, that a film did not work and that its rights end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from media import videos
from media.storage import open_storage
from server import mail
from server.database import Pool
from tests.support import films as arriving
from tests.support.tours import Desk, a_desk, a_published_tour
from workers import sweep, transcode
from workers.floor import Floor

# The builder's declaration ends on 1 January 2030, which begins in Amsterdam at 23:00 UTC.
END = datetime(2029, 12, 31, 23, 0, tzinfo=UTC)


@pytest.fixture
def floor(tmp_path: Path, pool: Pool) -> Iterator[Floor]:
    storage = open_storage((tmp_path / "storage").as_uri())
    with arriving.a_floor(tmp_path, pool, storage) as floor:
        yield floor


async def letters(floor: Floor) -> list[tuple[str, str, str]]:
    """(kind, subject, text) of every mail."""
    rows = await floor.pool.fetch("select kind, subject, text_body from mails order by id")
    return [(row["kind"], row["subject"], row["text_body"]) for row in rows]


async def no_film(floor: Floor, folder: Path) -> tuple[Desk, UUID, UUID]:
    """A web page that calls itself a film has arrived for a tour of a Dutch company."""
    page = folder / "tour.mp4"
    page.write_text("<!doctype html><p>tour</p>" * 50)
    async with floor.pool.acquire() as conn:
        desk = await a_desk(conn)
        await conn.execute("update persons set language = 'nl' where id = $1", desk.editor.id)
        tour_id, version_id = await arriving.sent(conn, floor.storage, desk, page)
    return desk, tour_id, version_id


async def test_a_film_that_did_not_work_is_told_with_its_reason(
    floor: Floor, tmp_path: Path
) -> None:
    _, tour_id, version_id = await no_film(floor, tmp_path)
    await transcode.probe(floor, version_id)
    [(kind, subject, text)] = await letters(floor)
    assert kind == "film_failed" in mail.STOPPABLE
    assert subject == "De film van “Hoe een schip ontstaat” is niet gelukt"
    assert "tour.mp4" in text and "webpagina" in text
    assert f"/studio/tours/{tour_id}/film" in text
    await transcode.probe(floor, version_id)
    assert len(await letters(floor)) == 1, "the same refusal is told once"


async def test_a_company_that_wants_no_such_mail_gets_none(floor: Floor, tmp_path: Path) -> None:
    desk, _, version_id = await no_film(floor, tmp_path)
    async with floor.pool.acquire() as conn:
        await mail.stop(conn, desk.editor.id, "film_failed")
    await transcode.probe(floor, version_id)
    assert await letters(floor) == []


async def test_a_film_that_killed_its_workers_is_told_once(floor: Floor, tmp_path: Path) -> None:
    _, _, version_id = await no_film(floor, tmp_path)
    floor.heartbeat_limit = timedelta(0)
    async with floor.pool.acquire() as conn:
        for _ in range(3):
            await videos.claim(
                conn,
                version_id,
                uuid4(),
                waiting="uploaded",
                working="probing",
                silent_for=timedelta(0),
            )
    await transcode.probe(floor, version_id)
    await transcode.probe(floor, version_id)
    assert [kind for kind, _, _ in await letters(floor)] == ["film_failed"]


async def a_tour_until_2030(floor: Floor) -> UUID:
    async with floor.pool.acquire() as conn, conn.transaction():
        tour_id = await a_published_tour(conn, await a_desk(conn))
        await conn.execute("delete from mails")
    return tour_id


async def test_the_end_of_the_rights_is_told_a_month_before_and_then(floor: Floor) -> None:
    tour_id = await a_tour_until_2030(floor)
    for days in (31, 30, 29, 28, 2):
        await sweep._rights(floor, END - timedelta(days=days, hours=-1))
    [(kind, subject, _)] = await letters(floor)
    assert kind == "rights_ending" in mail.STOPPABLE
    assert "until Tuesday 1 January 2030" in subject
    for hours in (-1, 0, 1):
        await sweep._rights(floor, END + timedelta(hours=hours))
    _, (kind, subject, text) = await letters(floor)
    assert kind == "rights_ended" in mail.STOPPABLE
    assert "has been taken off" in subject
    assert f"/studio/tours/{tour_id}/declaration" in text


async def test_a_new_end_date_is_told_anew(floor: Floor) -> None:
    tour_id = await a_tour_until_2030(floor)
    await sweep._rights(floor, END - timedelta(days=29))
    await floor.pool.execute("update tours set rights_until = '2031-01-01' where id = $1", tour_id)
    await sweep._rights(floor, END - timedelta(days=28))
    assert len(await letters(floor)) == 1
    await sweep._rights(floor, END + timedelta(days=336))
    assert [kind for kind, _, _ in await letters(floor)] == ["rights_ending", "rights_ending"]
