"""kill -9 of the web process in the middle of taking in a list: none of it, then all of it."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import httpx

from rooms.people import api_tokens, registry_lists
from rooms.people.registry_changes import Origin
from rooms.people.registry_files import SchoolRow
from rooms.people.registry_plan import Terms
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support.people import a_person, a_programme, a_region, a_role, a_school
from tests.support.served import WebProcess

SCHOOLS = 1_500
TOKEN = "a-token-of-the-office-with-enough-letters"
STUCK = "select exists (select from pg_locks where not granted)"


async def a_list_that_waits(pool: Pool) -> UUID:
    """Five years on: a new list closes the one school that was known, and brings all others."""
    now = datetime.now(UTC)
    rows = [
        SchoolRow("NL", "brin", f"{number // 100:02d}AA{number % 100:02d}", f"School {number}",
                  "Almelo", ("havo",), number + 2)
        for number in range(SCHOOLS)
    ]  # fmt: skip
    async with pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        region = await a_region(conn, programme, "Twente")
        await a_school(conn, programme, region=region, code="99ZZ00", levels=("havo",))
        person = await a_person(conn)
        await a_role(conn, programme, person, "bureau")
        scope = Scope(programme.id, person.id, (Grant("bureau"),))
        await api_tokens.put(conn, scope, person.id, TOKEN, "test")
        terms = Terms(date(2025, 8, 1), region.id, is_complete=True)
        origin = Origin("duo.csv", now, "", person.id)
        list_id, _ = await registry_lists.offer(conn, scope, rows, terms, origin)
    assert list_id is not None
    return list_id


async def told(pool: Pool) -> tuple[int, ...]:
    """Open schools, placings that last, versions of the registry, lines of history."""
    row = await pool.fetchrow(
        """
        select (select count(*) from schools where closed_on is null),
            (select count(*) from school_regions where valid_to is null),
            (select count(*) from registry_versions), (select count(*) from school_events)
        """
    )
    return tuple(row)


async def test_a_killed_list_is_taken_in_whole_or_not_at_all(
    dsn: str, pool: Pool, tmp_path: Path
) -> None:
    list_id = await a_list_that_waits(pool)
    before = await told(pool)
    server = WebProcess(dsn, tmp_path)
    apply = f"/programme/schools/lists/{list_id}/apply"
    head = {"authorization": f"Bearer {TOKEN}"}
    try:
        await server.start()
        async with httpx.AsyncClient(base_url=server.url, headers=head, timeout=30) as office:
            async with pool.acquire() as conn, conn.transaction():
                # Everything but the end of it is written when it comes to the placings.
                await conn.execute("lock table school_regions in share mode")
                answer = asyncio.create_task(office.post(apply))
                async with asyncio.timeout(30):
                    while not await pool.fetchval(STUCK):
                        await asyncio.sleep(0.05)
                await server.kill()
            assert isinstance((await asyncio.gather(answer, return_exceptions=True))[0], Exception)
            assert await told(pool) == before
            await server.start()
            assert (await office.post(apply)).status_code == 303
            assert (await office.post(apply)).status_code in {404, 409}
    finally:
        await server.kill()
    after = await told(pool)
    assert after[:2] == (SCHOOLS, SCHOOLS)
    assert (after[2], after[3]) == (before[2] + 1, before[3] + SCHOOLS + 1)
