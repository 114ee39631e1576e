"""Exports: the same rows in three forms, the same file each time, on record, a file for a day."""

import asyncio
import csv
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from pgqueuer.domain.errors import RetryRequested

from rooms.attendance import export, exports
from server import export_stream
from server.pages import exports as pages
from tests.support import films as arriving
from tests.support.floor import House
from tests.support.lessons import World, a_world, many_lessons
from tests.support.people import a_person, a_role, sign_in
from workers import spreadsheets, sweep

LESSONS = 30


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await many_lessons(conn, world, "=3B", LESSONS, app_house.clock())
        return world


async def signed_in(house: House, world: World, role: str) -> httpx.AsyncClient:
    async with house.pool.acquire() as conn, conn.transaction():
        person = await a_person(conn)
        region = world.region if role == "coordinator" else None
        await a_role(conn, world.programme, person, role, region=region)
    client = house.client()
    await sign_in(house, client, person)
    return client


def sheets(body: bytes) -> tuple[str, str]:
    """The XML of the sheet of rows and of the sheet of definitions."""
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        found = [file.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2)]
    return found[0], found[1]


async def test_all_forms_hold_the_same_rows_and_stay_the_same(
    app_house: House, world: World
) -> None:
    client = await signed_in(app_house, world, "coordinator")
    got = {
        form: [await client.get(f"/attendance.{form}?level=havo&delimiter=,") for _ in "ab"]
        for form in ("csv", "json", "xlsx")
    }
    assert all(one.status_code == 200 for pair in got.values() for one in pair)
    assert all(first.content == again.content for first, again in got.values())
    text = got["csv"][0].content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    document = got["json"][0].json()
    assert document["version"] == export.VERSION and document["columns"] == list(export.COLUMNS)
    assert [row["session_class_id"] for row in table] == [
        row["session_class_id"] for row in document["rows"]
    ]
    assert len(table) == LESSONS
    assert {row["class"] for row in table} == {"'=3B"}
    assert {row["class"] for row in document["rows"]} == {"=3B"}
    assert all(re.fullmatch(r"\d\d:\d\d", row["present_hh_mm"]) for row in table)
    rows, definitions = sheets(got["xlsx"][0].content)
    assert rows.count("<row ") == LESSONS + 1 and "<f>" not in rows
    assert 'state="frozen"' in rows and "=3B" in rows
    assert definitions.count("<row ") == len(export.COLUMNS) + 2
    # Of each: who, in which form, how many rows, with which filter.
    async with app_house.pool.acquire() as conn:
        kept = await conn.fetch("select format, filters, rows from exports order by at, format")
    assert sorted(map(tuple, kept)) == [
        (form, "level=havo", LESSONS) for form in ("csv", "csv", "json", "json", "xlsx", "xlsx")
    ]
    other = await signed_in(app_house, world, "coordinator")
    assert "level=havo" not in (await other.get("/exports")).text
    office = await signed_in(app_house, world, "bureau")
    assert (await office.get("/exports")).text.count("level=havo") == 6
    await lessons_are_no_companys(app_house, world)


async def lessons_are_no_companys(house: House, world: World) -> None:
    """A company sees sums, and is led to no list of lessons."""
    editor = house.client()
    await sign_in(house, editor, world.editor, world.programme)
    page = await editor.get("/exports")
    assert page.status_code == 200 and 'href="/attendance' not in page.text
    for path in ("/attendance", "/attendance.csv"):
        assert (await editor.get(path)).status_code == 404


async def test_a_reader_who_goes_away_leaves_no_count(
    app_house: House, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the next rows are being looked up, which keeps nobody else from the connection."""
    monkeypatch.setattr(export, "LOOKED_UP", 10)
    client = await signed_in(app_house, world, "bureau")
    await client.get("/attendance.csv?outcome=no_such")
    pool, now = app_house.pool, app_house.clock()
    async with pool.acquire() as conn:
        export_id = await exports.begin(conn, world.scope, "attendance", "csv", "", now)
    ended = export_stream.Ended(pool, export_id, app_house.clock)
    parts = export_stream.csv_parts(pool, world.scope, exports.Filters(), ";", ended)
    head, first = await anext(parts), await anext(parts)
    assert head.startswith(b"\xef\xbb\xbfsession_class_id;") and first.count(b"\r\n") == 10
    await asyncio.sleep(0)
    await parts.aclose()
    kept = await pool.fetch("select rows, ended_at is null as is_open from exports order by rows")
    assert [tuple(one) for one in kept] == [(0, False), (None, True)]


async def test_a_long_spreadsheet_is_made_by_a_worker_and_stays_a_day(
    app_house: House, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE_ROWS", LESSONS - 1)
    monkeypatch.setattr(spreadsheets, "REPORT_EVERY", 10)
    monkeypatch.setattr(export, "AT_A_TIME", 10)
    monkeypatch.setattr(export, "LOOKED_UP", 10)
    client = await signed_in(app_house, world, "coordinator")
    app_house.clock.moment = datetime.now(UTC)
    for _ in "ab":  # a second press makes no second file
        answer = await client.get("/attendance.xlsx")
        assert (answer.status_code, answer.headers["location"]) == (303, "/exports")
    [row] = await app_house.pool.fetch("select id, state, rows_wanted from exports")
    assert (row["state"], row["rows_wanted"]) == ("waiting", LESSONS)
    export_id: UUID = row["id"]
    waiting = await client.get(f"/exports/{export_id}/status")
    assert waiting.json() == {"state": "waiting", "share": 0.0}
    assert (await client.get(f"/exports/{export_id}.xlsx")).status_code == 404
    storage = app_house.app.state.floor.storage
    with arriving.a_floor(tmp_path, app_house.pool, storage) as floor:
        floor.stopping.set()
        for _ in range(exports.ATTEMPTS):  # as often as it may break it may be told to stop
            with pytest.raises(RetryRequested):
                await spreadsheets.make(floor, export_id)
        assert (await client.get(f"/exports/{export_id}/status")).json()["state"] == "waiting"
        floor.stopping.clear()
        await spreadsheets.make(floor, export_id)
        await spreadsheets.make(floor, export_id)  # the queue tells it twice
        assert (await client.get(f"/exports/{export_id}/status")).json()["share"] == 1.0
        made = await client.get(f"/exports/{export_id}.xlsx")
        monkeypatch.setattr(pages, "AT_ONCE_ROWS", LESSONS)
        assert made.content == (await client.get("/attendance.xlsx")).content
        office = await signed_in(app_house, world, "bureau")
        assert (await office.get(f"/exports/{export_id}.xlsx")).status_code == 404
        assert f"/exports/{export_id}.xlsx" not in (await office.get("/exports")).text
        await app_house.pool.execute("update exports set at = at - interval '25 hours'")
        assert (await client.get(f"/exports/{export_id}.xlsx")).status_code == 404
        await sweep.sweep(floor)
        assert await arriving.keys(storage) == []
    assert await app_house.pool.fetchval("select state from exports where id = $1", export_id) == (
        "gone"
    )


async def test_a_worker_that_lost_its_lease_publishes_nothing(
    app_house: House, world: World
) -> None:
    minute, now = timedelta(minutes=1), app_house.clock()
    async with app_house.pool.acquire() as conn:
        scope = world.scope
        view = exports.Filters()
        export_id, _ = await exports.ask(conn, scope, "attendance", "", view, "nl", 1, now)
        first, second = UUID(int=1), UUID(int=2)
        assert await exports.claim(conn, export_id, first, minute, now)
        assert await exports.claim(conn, export_id, second, minute, now) is None
        later = now + 2 * minute
        assert await exports.claim(conn, export_id, second, minute, later)
        assert not await exports.go_on(conn, export_id, first, 1, later)
        assert not await exports.finish(conn, export_id, first, "a", 1, 1, later)
        assert await exports.finish(conn, export_id, second, "b", 1, 1, later)
