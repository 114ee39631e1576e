"""Persons who have an address: teachers, company people, coordinators, the bureau. No pupils."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg
from email_validator import EmailNotValidError, validate_email

from rooms.connection import Connection
from rooms.errors import NotThere, Refused


@dataclass(frozen=True, slots=True)
class Person:
    """`language` is that of her mails and exports."""

    id: UUID
    email: str
    name: str
    language: str
    has_password: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is held against; `password_hash` None when she never chose one."""

    person_id: UUID
    password_hash: str | None


def checked_email(typed: str) -> str:
    """The address as stored: small letters, no blanks around. Raises `Refused` `mail_form`."""
    try:
        valid = validate_email(typed.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Refused("mail_form") from None
    return valid.normalized.lower()


def _person(row: asyncpg.Record) -> Person:
    return Person(
        row["id"], row["email"], row["name"], row["language"], row["password_hash"] is not None
    )


async def find_or_create(
    conn: Connection, email: str, name: str = "", language: str = "nl"
) -> Person:
    """The person at this (checked) address, made when new; a name is filled in, never replaced."""
    row = await conn.fetchrow(
        """
        insert into persons as p (email, name, language) values ($1, $2, $3)
        on conflict (email) do update
            set name = case when p.name = '' then excluded.name else p.name end
        returning *
        """,
        email,
        name,
        language,
    )
    assert row is not None
    return _person(row)


async def by_id(conn: Connection, person_id: UUID) -> Person:
    """One person. Raises `NotThere`."""
    row = await conn.fetchrow("select * from persons where id = $1", person_id)
    if row is None:
        raise NotThere("person")
    return _person(row)


async def with_role(conn: Connection, email: str) -> Person | None:
    """The person at this address if she holds any role; else nobody is to be let in."""
    row = await conn.fetchrow(
        """
        select * from persons p where email = $1
            and exists (select from roles where person_id = p.id and ended_at is null)
        """,
        email,
    )
    return _person(row) if row else None


async def credentials(conn: Connection, email: str) -> Credentials | None:
    """What to hold her password against; None for an address without any role."""
    row = await conn.fetchrow(
        """
        select id, password_hash from persons p where email = $1
            and exists (select from roles where person_id = p.id and ended_at is null)
        """,
        email,
    )
    return Credentials(row["id"], row["password_hash"]) if row else None


async def set_password_hash(conn: Connection, person_id: UUID, password_hash: str) -> None:
    """A new password, already hashed."""
    await conn.execute(
        "update persons set password_hash = $2 where id = $1", person_id, password_hash
    )


async def change(conn: Connection, person_id: UUID, *, name: str, language: str) -> None:
    """Her own name and the language of her pages and mails."""
    await conn.execute(
        "update persons set name = $2, language = $3 where id = $1", person_id, name, language
    )
