"""Builders for people: a programme with its regions, schools, companies, persons and roles.

Each is a thin call of the product's own verb, with names filled in.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import httpx
from argon2 import PasswordHasher

from rooms.connection import Connection
from rooms.people import companies, persons, programmes, regions, roles, schools, sign_ins
from rooms.people.companies import Company
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from rooms.people.regions import Region
from rooms.people.schools import School
from rooms.scope import Grant, Scope
from server.auth import COOKIE
from tests.support.floor import House

# Cheap on purpose: the tests of sign-in make their own with the product's parameters.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def scope_of(programme: Programme, person: Person | None = None, *grants: Grant) -> Scope:
    """A scope in a programme, for queries called straight."""
    return Scope(programme.id, person.id if person else None, grants)


async def a_programme(
    conn: Connection, slug: str = "jetstream", *, name: str = "", is_public: bool = True
) -> Programme:
    """A programme in Amsterdam's zone, with all levels."""
    return await programmes.create(
        conn, slug=slug, name=name or slug.capitalize(), is_public=is_public
    )


async def a_region(conn: Connection, programme: Programme, name: str = "Twente") -> Region:
    """A region of the programme; the same name gives the same region."""
    return await regions.find_or_create(conn, scope_of(programme), name)


async def a_school(
    conn: Connection,
    programme: Programme,
    *,
    name: str = "De Driehoek",
    place: str = "Hengelo",
    code: str | None = None,
    region: Region | None = None,
    levels: Sequence[str] = ("vmbo", "havo", "vwo"),
    mail_domains: Sequence[str] = (),
    since: date = date(2020, 8, 1),
) -> School:
    """A school placed in a region (Twente when none is given)."""
    region = region or await a_region(conn, programme)
    school_id = await schools.put(
        conn,
        country="NL",
        scheme="brin",
        code=code or f"{secrets.token_hex(2).upper()}00",
        name=name,
        place=place,
        levels=levels,
        mail_domains=mail_domains,
    )
    await schools.place(conn, scope_of(programme), school_id, region.id, since)
    return await schools.by_id(conn, scope_of(programme), school_id)


async def a_company(
    conn: Connection, programme: Programme, name: str = "Havenlicht", *, state: str = "active"
) -> Company:
    """A company of the programme."""
    return await companies.create(conn, scope_of(programme), name=name, state=state)


async def a_person(
    conn: Connection,
    email: str = "",
    name: str = "Noor Bakker",
    password: str | None = None,
    language: str = "en",
) -> Person:
    """A person without any role yet."""
    email = email or f"{secrets.token_hex(4)}@example.org"
    person = await persons.find_or_create(conn, email, name, language)
    if password is not None:
        await persons.set_password_hash(conn, person.id, _CHEAP.hash(password))
    return person


async def a_role(
    conn: Connection,
    programme: Programme,
    person: Person,
    role: str,
    *,
    region: Region | None = None,
    company: Company | None = None,
    school: School | None = None,
    is_confirmed: bool = True,
) -> UUID:
    """Gives the person a role; returns its id."""
    return await roles.give(
        conn,
        scope_of(programme),
        person.id,
        role,
        region_id=region.id if region else None,
        company_id=company.id if company else None,
        school_id=school.id if school else None,
        is_confirmed=is_confirmed,
    )


async def a_teacher(
    conn: Connection,
    programme: Programme,
    school: School,
    email: str = "",
    *,
    name: str = "Noor Bakker",
    is_confirmed: bool = True,
) -> Person:
    """A person with the role of teacher at the school."""
    person = await a_person(conn, email, name)
    await a_role(conn, programme, person, "teacher", school=school, is_confirmed=is_confirmed)
    return person


async def an_editor(
    conn: Connection, programme: Programme, company: Company, email: str = ""
) -> Person:
    """A person who edits for the company."""
    person = await a_person(conn, email, "Sem Visser")
    await a_role(conn, programme, person, "editor", company=company)
    return person


async def sign_in(
    house: House,
    client: httpx.AsyncClient,
    person: Person,
    programme: Programme | None = None,
) -> str:
    """Signs the client in as the person, without the sign-in pages; returns the token."""
    async with house.pool.acquire() as conn, conn.transaction():
        token = await sign_ins.start(
            conn,
            person.id,
            now=datetime.now(UTC),
            programme_id=programme.id if programme else None,
        )
    client.cookies.set(COOKIE, token)
    return token
