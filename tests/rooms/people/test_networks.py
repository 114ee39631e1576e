"""Who is in a network from which day to which, on a real database."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.people import networks
from rooms.people.networks import Kind
from server.database import Pool
from tests.support.people import a_company, a_programme, a_region, a_school, scope_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
JAN, FEB, MAR, MAY = (date(2026, month, 1) for month in (1, 2, 3, 5))


async def stays(conn: Connection, member: UUID) -> list[tuple[str, date, date | None]]:
    rows = await conn.fetch(
        """
        select n.name, m.valid_from, m.valid_to from network_members m
        join networks n on n.id = m.network_id where m.member_id = $1 order by m.valid_from
        """,
        member,
    )
    return [(row["name"], row["valid_from"], row["valid_to"]) for row in rows]


async def test_a_school_is_in_one_network_at_a_time(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        scope, region = scope_of(programme), await a_region(conn, programme, "Twente")
        school, other = [await a_school(conn, programme, region=region) for _ in range(2)]
        company = await a_company(conn, programme, "Werf")
        north, south = [await networks.create(conn, scope, n, NOW) for n in ("Noord", "Zuid")]
        for kind, ids in ((Kind.SCHOOL, [school.id, school.id]), (Kind.COMPANY, [company.id])):
            await networks.join(conn, scope, north.id, kind, ids, JAN)
            await networks.join(conn, scope, north.id, kind, ids, MAR)  # it is in it already
        await networks.join(conn, scope, south.id, Kind.SCHOOL, [school.id], MAR)
        moved = await stays(conn, school.id)
        # told late: it had come in February already, and leaves in May
        await networks.join(conn, scope, south.id, Kind.SCHOOL, [school.id], FEB)
        await networks.leave(conn, scope, [school.id], MAY)
        told = await stays(conn, school.id)
        april = {one.name: (one.schools, one.companies)
                 for one in await networks.every(conn, scope, date(2026, 4, 1))}  # fmt: skip
        former = await networks.members(conn, scope, south.id)
        free = await networks.of_region(conn, scope, region.id)
        await networks.leave(conn, scope, [school.id], JAN)  # it never was in one
        assert await stays(conn, school.id) == []
    assert moved == [("Noord", JAN, MAR), ("Zuid", MAR, None)]
    assert told == [("Noord", JAN, FEB), ("Zuid", FEB, MAY)]
    assert april == {"Noord": (0, 1), "Zuid": (1, 0)}
    assert [(one.name, one.kind, one.valid_to) for one in former] == [
        (school.name, Kind.SCHOOL, MAY)
    ]
    assert sorted(free) == sorted([school.id, other.id])


async def test_what_is_not_ours_is_in_no_network_of_ours(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme, twin = await a_programme(conn), await a_programme(conn, "twin")
        scope, theirs = scope_of(programme), scope_of(twin)
        region, far = [await a_region(conn, one, "Twente") for one in (programme, twin)]
        school = await a_school(conn, programme, region=region)
        strange = await a_school(conn, twin, region=far)
        company = await a_company(conn, twin, "Werf")
        made = await networks.create(conn, scope, "Noord", NOW)
        hers = await networks.create(conn, theirs, "Noord", NOW)
        ours = await networks.ours(conn, scope, Kind.SCHOOL, [school.id, strange.id, uuid4()])
        assert await networks.ours(conn, scope, Kind.COMPANY, [company.id]) == []
        await networks.join(conn, theirs, hers.id, Kind.SCHOOL, [strange.id], JAN)
        await networks.leave(conn, scope, [strange.id], JAN)
        assert await networks.members(conn, scope, hers.id) == []
        with pytest.raises(NotThere):
            await networks.by_id(conn, scope, hers.id)
        with pytest.raises(NotThere):
            await networks.join(conn, scope, hers.id, Kind.SCHOOL, [school.id], JAN)
        with pytest.raises(NotThere):
            await networks.rename(conn, scope, hers.id, "Zuid", NOW)
        with pytest.raises(Conflict, match="network_name_taken"):
            await networks.create(conn, scope, "Noord", NOW)
        await networks.create(conn, scope, "Zuid", NOW)
        with pytest.raises(Conflict, match="network_name_taken"):
            await networks.rename(conn, scope, made.id, "Zuid", NOW)
        kept = await stays(conn, strange.id)
    assert ours == [school.id]
    assert kept == [("Noord", JAN, None)]


async def test_a_successor_is_where_its_predecessor_was(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        scope, region = scope_of(programme), await a_region(conn, programme, "Twente")
        old, new, taken, settled = [
            await a_school(conn, programme, region=region) for _ in range(4)
        ]
        north, south = [await networks.create(conn, scope, n, NOW) for n in ("Noord", "Zuid")]
        await networks.join(conn, scope, north.id, Kind.SCHOOL, [old.id, taken.id], JAN)
        await networks.join(conn, scope, south.id, Kind.SCHOOL, [settled.id], JAN)
        await networks.follow(conn, {old.id: new.id, taken.id: settled.id}, MAR)
        await networks.end(conn, {old.id: MAR, taken.id: JAN})
        found = [await stays(conn, one.id) for one in (old, new, taken, settled)]
    assert found == [
        [("Noord", JAN, MAR)],
        [("Noord", MAR, None)],
        [("Noord", JAN, date(2026, 1, 2))],
        [("Zuid", JAN, None)],
    ]


async def test_a_school_that_is_open_again_is_where_its_closing_took_it_out(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        scope, region = scope_of(programme), await a_region(conn, programme, "Twente")
        back, left, told = [await a_school(conn, programme, region=region) for _ in range(3)]
        north, south = [await networks.create(conn, scope, n, NOW) for n in ("Noord", "Zuid")]
        ids = [back.id, left.id, told.id]
        await networks.join(conn, scope, north.id, Kind.SCHOOL, ids, JAN)
        await networks.leave(conn, scope, [left.id], FEB)
        await networks.end(conn, dict.fromkeys(ids, MAR))
        await networks.join(conn, scope, south.id, Kind.SCHOOL, [told.id], MAR)
        await networks.begin_again(conn, dict.fromkeys(ids, MAR), MAY)
        await networks.begin_again(conn, {back.id: MAR}, MAY)  # it is already
        found = [await stays(conn, one) for one in ids]
    assert found == [
        [("Noord", JAN, MAR), ("Noord", MAY, None)],
        [("Noord", JAN, FEB)],
        [("Noord", JAN, MAR), ("Zuid", MAR, None)],
    ]


async def test_a_school_that_is_another_brings_the_days_that_were_nobodys(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme, twin = await a_programme(conn), await a_programme(conn, "twin")
        scope, theirs = scope_of(programme), scope_of(twin)
        region, far = [await a_region(conn, one, "Twente") for one in (programme, twin)]
        typed, listed = [await a_school(conn, programme, region=region) for _ in range(2)]
        north, south = [await networks.create(conn, scope, n, NOW) for n in ("Noord", "Zuid")]
        hers = await networks.create(conn, theirs, "Noord", NOW)
        await a_school(conn, twin, region=far)
        await networks.join(conn, theirs, hers.id, Kind.SCHOOL, [typed.id], JAN)
        await networks.join(conn, scope, north.id, Kind.SCHOOL, [typed.id], JAN)
        await networks.join(conn, scope, south.id, Kind.SCHOOL, [listed.id], FEB)
        await networks.leave(conn, scope, [listed.id], MAR)
        before = [await stays(conn, one.id) for one in (typed, listed)]
        brought = await networks.bring(conn, scope, typed.id, listed.id)
        ended = await networks.end_here(conn, scope, typed.id, MAY)
        merged = [await stays(conn, one.id) for one in (typed, listed)]
        assert (len(brought), len(ended)) == (2, 1)
        for nobody in (brought, ended):  # another programme takes nothing of it back
            await networks.take_back(conn, theirs, nobody)
            await networks.go_on(conn, theirs, nobody)
        assert [await stays(conn, one.id) for one in (typed, listed)] == merged
        await networks.take_back(conn, scope, brought)
        await networks.go_on(conn, scope, ended)
        after = [await stays(conn, one.id) for one in (typed, listed)]
    assert sorted(merged[0], key=str) == [("Noord", JAN, None), ("Noord", JAN, MAY)]
    assert merged[1] == [("Noord", JAN, FEB), ("Zuid", FEB, MAR), ("Noord", MAR, None)]
    assert after == before
