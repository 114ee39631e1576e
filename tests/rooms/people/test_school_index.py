"""The office's list: filters, pages, and ten thousand schools in good time."""

import time
from dataclasses import replace
from datetime import date
from typing import Any

from rooms.people import school_index, schools
from rooms.people.school_index import ELSEWHERE, TYPED, Filters
from server.database import Pool
from tests.support.people import a_programme, a_region, a_school, a_teacher, scope_of


async def names(conn: Any, scope: Any, **filters: Any) -> list[str]:
    part = await school_index.part(conn, scope, Filters(**filters))
    assert part.all == len(part.lines)
    return [line.name for line in part.lines]


async def test_every_filter_finds_its_own(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme, twin = await a_programme(conn), await a_programme(conn, "twin")
        scope = scope_of(programme)
        oost = await a_region(conn, programme, "Oost")
        await a_school(conn, programme, name="Alfa", place="Almelo", code="16SW03", levels=["po"])
        await a_school(conn, programme, name="Bèta", place="Borne", region=oost, levels=["havo"])
        gone = await a_school(conn, programme, name="Gamma", place="Goor")
        await conn.execute("update schools set closed_on = '2026-08-01' where id = $1", gone.id)
        await conn.execute(
            "update school_regions set valid_to = '2026-08-01' where school_id = $1", gone.id
        )
        await a_school(conn, twin, name="Delta", place="Delden")
        for at, name in ((programme, "Typed"), (twin, "Typed by the twin")):
            typed = await schools.put_unlisted(conn, country="NL", name=name, place="Enter")
            await a_teacher(conn, at, typed)
        assert await names(conn, scope) == ["Alfa", "Bèta", "Gamma"]
        assert await names(conn, scope, words="BÈTA borne") == ["Bèta"]
        assert await names(conn, scope, words="16sw") == ["Alfa"]
        assert await names(conn, scope, region_id=oost.id) == ["Bèta"]
        assert await names(conn, scope, level="po") == ["Alfa"]
        assert await names(conn, scope, state="open") == ["Alfa", "Bèta"]
        assert await names(conn, scope, state="closed") == ["Gamma"]
        assert await names(conn, scope, reached="yes") == []
        assert await names(conn, scope, reached="no", words="a") == ["Alfa", "Bèta", "Gamma"]
        assert await names(conn, scope, kind=ELSEWHERE) == ["Delta"]
        assert await names(conn, scope, kind=TYPED) == ["Typed"]


async def test_ten_thousand_schools_are_one_page_at_a_time(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        scope, twente = scope_of(programme), await a_region(conn, programme)
        await conn.execute(
            """
            insert into schools (country, scheme, code, name, place, levels)
            select 'NL', 'brin', lpad(n::text, 6, '0'), 'School ' || n, 'Plaats ' || n % 700,
                '{havo}' from generate_series(1, 10000) n
            """
        )
        await conn.execute(
            "insert into school_regions (programme_id, school_id, region_id, valid_from) "
            "select $1, id, $2, '2020-08-01' from schools", programme.id, twente.id,
        )  # fmt: skip
        await conn.execute("analyze schools, school_regions")
        wanted = Filters(since=date(2026, 8, 1), until=date(2027, 7, 31))
        took = []
        for number, filters in enumerate([wanted, replace(wanted, words="school 9")] * 5, 1):
            started = time.perf_counter()
            part = await school_index.part(conn, scope, filters, number)
            took.append(time.perf_counter() - started)
        assert len(part.lines) == school_index.PER_PAGE
        last = await school_index.part(conn, scope, wanted, 99_999)
    assert (last.number, last.last, last.all) == (200, 10_000, 10_000)
    print(f"a page of 10,000 schools: median {sorted(took)[5] * 1000:.0f} ms")
    assert sorted(took)[5] < 0.15
