"""Programmes, regions, schools, companies, persons and roles, on a real database."""

from datetime import UTC, date, datetime

import pytest

from rooms.errors import Conflict, NotThere, Refused
from rooms.people import (
    classes,
    companies,
    persons,
    programmes,
    regions,
    roles,
    schools,
    sign_ins,
)
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support.people import (
    a_company,
    a_person,
    a_programme,
    a_region,
    a_role,
    a_school,
    a_teacher,
    scope_of,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def test_a_slug_is_taken_once(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await a_programme(conn, "jetstream")
        with pytest.raises(Conflict, match="slug_taken"):
            await a_programme(conn, "jetstream")


async def test_a_strange_programme_is_not_there(pool: Pool) -> None:
    async with pool.acquire() as conn:
        with pytest.raises(NotThere):
            await programmes.by_slug(conn, "nowhere")


async def test_a_school_that_moves_keeps_its_old_region(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme = await a_programme(conn)
        twente, achterhoek = [await a_region(conn, programme, n) for n in ("Twente", "Achterhoek")]
        school = await a_school(conn, programme, region=twente)
        scope = scope_of(programme)
        await schools.place(conn, scope, school.id, achterhoek.id, date(2025, 8, 1))
        before = await schools.region_on(conn, scope, school.id, date(2025, 7, 31))
        after = await schools.region_on(conn, scope, school.id, date(2025, 8, 1))
    assert (before, after) == (twente.id, achterhoek.id)


async def test_moving_a_school_twice_on_one_day_keeps_one_placing(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme = await a_programme(conn)
        one, two = [await a_region(conn, programme, n) for n in ("Een", "Twee")]
        school = await a_school(conn, programme, region=one, since=date(2025, 8, 1))
        scope = scope_of(programme)
        await schools.place(conn, scope, school.id, two.id, date(2025, 8, 1))
        rows = await conn.fetch("select region_id from school_regions")
    assert [row["region_id"] for row in rows] == [two.id]


async def test_a_school_cannot_stand_in_the_region_of_another_programme(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme, twin = [await a_programme(conn, slug) for slug in ("one", "two")]
        school = await a_school(conn, programme)
        strange = await a_region(conn, twin, "Elsewhere")
        with pytest.raises(NotThere):
            async with conn.transaction():
                await schools.place(
                    conn, scope_of(programme), school.id, strange.id, date(2026, 1, 1)
                )


async def test_search_finds_by_words_of_name_place_and_code(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme = await a_programme(conn)
        await a_school(conn, programme, name="De Driehoek", place="Hengelo", code="16SW03")
        await a_school(conn, programme, name="Het Kompas", place="Hengelo")
        await a_school(conn, programme, name="100% Anders_School", place="Borne")
        scope = scope_of(programme)

        async def found(text: str) -> list[str]:
            return [school.name for school in await schools.search(conn, scope, text)]

        assert await found("hengelo drie") == ["De Driehoek"]
        assert await found("16sw") == ["De Driehoek"]
        assert await found("HENGELO") == ["De Driehoek", "Het Kompas"]
        assert await found("0%") == ["100% Anders_School"]
        assert await found("s_s") == ["100% Anders_School"]
        assert await found("e") == []
        assert await found("") == []


async def test_a_programme_does_not_see_its_twins_rows(pool: Pool) -> None:
    async with pool.acquire() as conn:
        for slug in ("one", "two"):
            programme = await a_programme(conn, slug)
            school = await a_school(conn, programme, code=f"16SW0{len(slug)}{slug[0]}")
            await a_company(conn, programme)
            await a_teacher(conn, programme, school, f"{slug}@school.nl", is_confirmed=False)
        one = await programmes.by_slug(conn, "one")
        scope = Scope(one.id, None, (Grant("bureau"),))
        assert len(await schools.search(conn, scope, "driehoek")) == 1
        assert len(await schools.every(conn, scope)) == 1
        assert len(await regions.every(conn, scope)) == 1
        assert len(await companies.every(conn, scope)) == 1
        assert [held.email for held in await roles.every(conn, scope)] == ["one@school.nl"]
        assert [held.email for held in await roles.unconfirmed(conn, scope)] == ["one@school.nl"]
        with pytest.raises(NotThere):
            await schools.by_id(conn, scope, school.id)


async def test_two_companies_of_one_name_get_two_slugs(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme = await a_programme(conn)
        slugs = [(await a_company(conn, programme, "Van Dijk & Zn.")).slug for _ in range(2)]
    assert slugs == ["van-dijk-zn", "van-dijk-zn-2"]


async def test_a_company_is_answered_once(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme = await a_programme(conn)
        company = await a_company(conn, programme, state="asked")
        assert company.quota_bytes == companies.ASKED_QUOTA_BYTES
        await companies.accept(conn, scope_of(programme), company.id)
        with pytest.raises(Conflict, match="company_answered"):
            await companies.refuse(conn, scope_of(programme), company.id)
        accepted = await companies.by_id(conn, scope_of(programme), company.id)
    assert (accepted.state, accepted.quota_bytes) == ("active", companies.QUOTA_BYTES)


async def test_a_role_given_twice_is_one_and_stays_confirmed(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme = await a_programme(conn)
        school = await a_school(conn, programme)
        person = await a_person(conn)
        for is_confirmed in (False, True, False):
            await a_role(
                conn, programme, person, "teacher", school=school, is_confirmed=is_confirmed
            )
        rows = await conn.fetch("select is_confirmed from roles")
    assert [row["is_confirmed"] for row in rows] == [True]


async def test_a_coordinator_confirms_in_her_own_region_only(pool: Pool) -> None:
    async with pool.acquire() as conn:
        programme = await a_programme(conn)
        twente, elsewhere = [await a_region(conn, programme, n) for n in ("Twente", "Zeeland")]
        school = await a_school(conn, programme, region=twente)
        teacher = await a_teacher(conn, programme, school, is_confirmed=False)
        role_id = await conn.fetchval("select id from roles where person_id = $1", teacher.id)
        coordinator = await a_person(conn)
        stranger = scope_of(programme, coordinator, Grant("coordinator", region_id=elsewhere.id))
        own = scope_of(programme, coordinator, Grant("coordinator", region_id=twente.id))
        assert await roles.unconfirmed(conn, stranger) == []
        with pytest.raises(NotThere):
            await roles.confirm(conn, stranger, role_id)
        await roles.confirm(conn, own, role_id)
        assert await roles.unconfirmed(conn, own) == []


@pytest.mark.parametrize("typed", ["", "noor", "noor@", "a b@c.nl", "x@y..nl", "n@\nexample.org"])
def test_an_address_that_cannot_be_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="mail_form"):
        persons.checked_email(typed)


def test_an_address_is_kept_in_small_letters() -> None:
    assert persons.checked_email("  Noor.Bakker@School.NL ") == "noor.bakker@school.nl"


def test_a_domain_of_everybody_proves_nothing() -> None:
    with pytest.raises(Refused, match="mail_domain_everybodys"):
        schools.checked_domains(["@Gmail.com"])
    assert schools.checked_domains([" @School.NL ", "school.nl", ""]) == ["school.nl"]


async def test_a_person_without_a_role_is_nobody_to_let_in(pool: Pool) -> None:
    async with pool.acquire() as conn:
        person = await a_person(conn, "noor@school.nl")
        assert await persons.with_role(conn, person.email) is None
        assert await persons.credentials(conn, person.email) is None


async def test_only_her_own_sign_ins_end(pool: Pool) -> None:
    async with pool.acquire() as conn:
        noor, sem = await a_person(conn), await a_person(conn)
        await sign_ins.start(conn, noor.id, now=NOW, device="Firefox")
        (hers,) = await sign_ins.of_person(conn, noor.id, NOW)
        with pytest.raises(NotThere):
            await sign_ins.end(conn, sem.id, hers.id, NOW)
        await sign_ins.end(conn, noor.id, hers.id, NOW)
        assert await sign_ins.of_person(conn, noor.id, NOW) == []


async def test_a_stranger_renames_no_school(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        first = await schools.put_unlisted(conn, country="NL", name="De Brug", place="Almelo")
        again = await schools.put_unlisted(conn, country="NL", name="DE BRUG!!", place="almelo")
        row = await conn.fetchrow("select name, place from schools where id = $1", first.id)
    assert again.id == first.id
    assert row is not None and tuple(row) == ("De Brug", "Almelo")


@pytest.mark.parametrize(
    ("of_school", "offered"),
    [
        (("vwo", "havo"), ["havo", "vwo"]),
        (("havo", "wo"), ["havo"]),
        ((), ["vmbo", "havo", "vwo"]),
        (("po",), ["vmbo", "havo", "vwo"]),
    ],
)
def test_a_class_has_a_level_of_its_school(of_school: tuple[str, ...], offered: list[str]) -> None:
    assert classes.offered(("vmbo", "havo", "vwo"), of_school) == offered
