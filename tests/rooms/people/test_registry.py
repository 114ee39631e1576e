"""The registry's versions: what a release names."""

from datetime import UTC, datetime, timedelta

from rooms.people import registry, schools
from server.database import Pool
from tests.support.people import a_programme, a_school

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


async def test_every_change_makes_a_version_and_no_change_makes_none(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        assert (await registry.version_at(conn, NOW)).number == 0
        await a_school(conn, await a_programme(conn), code="16SW03", name="Metameer")
        first = await registry.note(conn, NOW, "list.csv")
        assert await registry.note(conn, LATER, "again.csv") == first
        await schools.put_unlisted(conn, country="NL", name="De Brug", place="Almelo")
        assert await registry.note(conn, LATER, "a teacher") == first
        await conn.execute("update schools set name = 'Anders' where code = '16SW03'")
        second = await registry.note(conn, LATER, "typed in")
        await conn.execute("update schools set name = 'Metameer' where code = '16SW03'")
        third = await registry.note(conn, LATER, "put back")
        assert await registry.version_at(conn, NOW) == first
        assert await registry.version_at(conn, NOW - timedelta(seconds=1)) == registry.NOTHING
        assert await registry.latest(conn) == await registry.version_at(conn, LATER) == third
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert first.sha256 == third.sha256 != second.sha256
    assert first.source == "list.csv" and first.imported_at == NOW
