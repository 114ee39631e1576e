"""Schools: one row per site in the whole installation, placed in regions per programme.

A programme sees the schools that stand in one of its regions; identity is (country, scheme,
code). A school that moves to another region keeps its old placing with an end date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
from slugify import slugify

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope

MAX_FOUND = 12
# The scheme of schools that a teacher named and no registry here has.
UNLISTED = "unlisted"

# Everybody can have an address here: it proves no tie to a school.
EVERYBODYS_DOMAINS = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "outlook.nl",
        "hotmail.com",
        "hotmail.nl",
        "live.com",
        "live.nl",
        "msn.com",
        "icloud.com",
        "me.com",
        "yahoo.com",
        "yahoo.nl",
        "proton.me",
        "protonmail.com",
        "gmx.com",
        "gmx.net",
        "ziggo.nl",
        "kpnmail.nl",
        "kpnplanet.nl",
        "planet.nl",
        "home.nl",
        "xs4all.nl",
        "hetnet.nl",
    }
)


@dataclass(frozen=True, slots=True)
class School:
    """One site. `region_id`/`region` are those of the asking programme today, if any."""

    id: UUID
    country: str
    scheme: str
    code: str
    name: str
    place: str
    levels: tuple[str, ...]
    mail_domains: tuple[str, ...]
    region_id: UUID | None = None
    region: str = ""

    def knows(self, email: str) -> bool:
        """Whether an address of this domain proves that its owner works here."""
        return domain_of(email) in self.mail_domains


def domain_of(email: str) -> str:
    """What follows the last @, in small letters."""
    return email.rpartition("@")[2].lower()


def checked_domains(domains: Sequence[str]) -> list[str]:
    """Mail domains as stored. Raises `Refused` `mail_domain_everybodys` or `mail_domain_form`."""
    cleaned = [domain.strip().lower().removeprefix("@") for domain in domains if domain.strip()]
    for domain in cleaned:
        if domain in EVERYBODYS_DOMAINS:
            raise Refused("mail_domain_everybodys", domain=domain)
        if "." not in domain.strip(".") or "@" in domain or " " in domain:
            raise Refused("mail_domain_form", domain=domain)
    return list(dict.fromkeys(cleaned))


def _school(row: asyncpg.Record) -> School:
    return School(
        row["id"],
        row["country"],
        row["scheme"],
        row["code"],
        row["name"],
        row["place"],
        tuple(row["levels"]),
        tuple(row["mail_domains"]),
        row["region_id"],
        row["region"] or "",
    )


async def put(
    conn: Connection,
    *,
    country: str,
    scheme: str,
    code: str,
    name: str,
    place: str = "",
    levels: Sequence[str] = (),
    mail_domains: Sequence[str] = (),
) -> UUID:
    """The school with this identity, made or brought up to date.

    What is empty changes nothing, and mail domains are only ever added: another programme may
    have told them.
    """
    school_id: UUID = await conn.fetchval(
        """
        insert into schools as s (country, scheme, code, name, place, levels, mail_domains)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (country, scheme, code) do update set
            name = case when s.scheme = 'unlisted' then s.name else excluded.name end,
            place = case when excluded.place = '' or s.scheme = 'unlisted' then s.place
                else excluded.place end,
            levels = case when excluded.levels = '{}' then s.levels else excluded.levels end,
            mail_domains = array(
                select distinct unnest(s.mail_domains || excluded.mail_domains) order by 1)
        returning id
        """,
        country,
        scheme,
        code,
        name,
        place,
        list(levels),
        checked_domains(mail_domains),
    )
    return school_id


async def put_unlisted(conn: Connection, *, country: str, name: str, place: str) -> School:
    """A school that no registry here has, by its name and place alone; told twice it stays one,
    spelled as the first one did: a stranger renames nobody's school.

    It stands in no region until the office places it.
    """
    code = slugify(f"{name} {place}", max_length=80)
    school_id = await put(conn, country=country, scheme=UNLISTED, code=code, name=name, place=place)
    return School(school_id, country, UNLISTED, code, name, place, (), ())


async def place(conn: Connection, scope: Scope, school_id: UUID, region_id: UUID, on: date) -> None:
    """Puts a school in a region from a day on; where it stood until then stays with that time.

    A day in the past takes the place of what was told of the time since.
    """
    stands: bool = await conn.fetchval(
        """
        select exists (select from school_regions
            where programme_id = $1 and school_id = $2 and valid_to is null
                and region_id = $3 and valid_from <= $4)
        """,
        scope.programme_id,
        school_id,
        region_id,
        on,
    )
    if stands:
        return
    await _end_placing(conn, scope, school_id, on)
    await _begin_placing(conn, scope, school_id, region_id, on)


async def _begin_placing(
    conn: Connection, scope: Scope, school_id: UUID, region_id: UUID, on: date
) -> None:
    try:
        await conn.execute(
            """
            insert into school_regions (programme_id, school_id, region_id, valid_from)
            values ($1, $2, $3, $4)
            """,
            scope.programme_id,
            school_id,
            region_id,
            on,
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotThere("region") from None
    except asyncpg.UniqueViolationError:
        raise Conflict("school_moved_meanwhile") from None


async def _end_placing(conn: Connection, scope: Scope, school_id: UUID, on: date) -> None:
    """Nothing is told of its place from this day on."""
    await conn.execute(
        """
        delete from school_regions
        where programme_id = $1 and school_id = $2 and valid_from >= $3
        """,
        scope.programme_id,
        school_id,
        on,
    )
    await conn.execute(
        """
        update school_regions set valid_to = $3
        where programme_id = $1 and school_id = $2 and (valid_to is null or valid_to > $3)
        """,
        scope.programme_id,
        school_id,
        on,
    )


async def by_id(conn: Connection, scope: Scope, school_id: UUID) -> School:
    """A school of this programme: in its registry now or once, or named by one of its teachers.

    Raises `NotThere`.
    """
    row = await conn.fetchrow(
        """
        select s.*, r.id as region_id, r.name as region
        from schools s
        left join school_regions p on p.programme_id = $1 and p.school_id = s.id
            and p.valid_to is null
        left join regions r on r.programme_id = $1 and r.id = p.region_id
        where s.id = $2 and (exists (
            select from school_regions q where q.programme_id = $1 and q.school_id = s.id
        ) or exists (
            select from roles t where t.programme_id = $1 and t.school_id = s.id
                and t.ended_at is null))
        """,
        scope.programme_id,
        school_id,
    )
    if row is None:
        raise NotThere("school")
    return _school(row)


async def region_on(conn: Connection, scope: Scope, school_id: UUID, on: date) -> UUID | None:
    """The region the school stood in on a day, in this programme."""
    region_id: UUID | None = await conn.fetchval(
        """
        select region_id from school_regions
        where programme_id = $1 and school_id = $2 and valid_from <= $3
            and (valid_to is null or valid_to > $3)
        """,
        scope.programme_id,
        school_id,
        on,
    )
    return region_id


async def search(
    conn: Connection, scope: Scope, text: str, *, limit: int = MAX_FOUND
) -> list[School]:
    """Schools of the programme whose name, place or code holds every word of `text`.

    Those whose name begins with the text come first. Nothing for less than two characters.
    """
    words = text.split()
    if len("".join(words)) < 2:
        return []
    rows = await conn.fetch(
        """
        select s.*, r.id as region_id, r.name as region
        from school_regions p
        join schools s on s.id = p.school_id
        join regions r on r.programme_id = p.programme_id and r.id = p.region_id
        where p.programme_id = $1 and p.valid_to is null
            and not exists (
                select from unnest($2::text[]) word
                where position(word in lower(s.name || ' ' || s.place || ' ' || s.code)) = 0)
        order by not starts_with(lower(s.name), $3), s.name, s.place, s.code
        limit $4
        """,
        scope.programme_id,
        [word.lower() for word in words],
        text.strip().lower(),
        limit,
    )
    return [_school(row) for row in rows]


async def by_mail_domain(conn: Connection, scope: Scope, email: str) -> list[School]:
    """Schools of the programme that an address of this domain belongs to."""
    rows = await conn.fetch(
        """
        select s.*, r.id as region_id, r.name as region
        from school_regions p
        join schools s on s.id = p.school_id
        join regions r on r.programme_id = p.programme_id and r.id = p.region_id
        where p.programme_id = $1 and p.valid_to is null and s.mail_domains @> array[$2]
        order by s.name, s.place limit $3
        """,
        scope.programme_id,
        domain_of(email),
        MAX_FOUND,
    )
    return [_school(row) for row in rows]


async def of_person(conn: Connection, scope: Scope, person_id: UUID) -> list[School]:
    """The schools a person teaches at in this programme, confirmed or not."""
    rows = await conn.fetch(
        """
        select s.*, p.region_id, r.name as region
        from roles t
        join schools s on s.id = t.school_id
        left join school_regions p on p.programme_id = t.programme_id and p.school_id = s.id
            and p.valid_to is null
        left join regions r on r.programme_id = p.programme_id and r.id = p.region_id
        where t.programme_id = $1 and t.person_id = $2 and t.role = 'teacher'
            and t.ended_at is null
        order by s.name, s.place
        """,
        scope.programme_id,
        person_id,
    )
    return [_school(row) for row in rows]


async def every(
    conn: Connection, scope: Scope, *, region_id: UUID | None = None, limit: int = 500
) -> list[School]:
    """Schools of the programme (of one region), by place and name."""
    rows = await conn.fetch(
        """
        select s.*, r.id as region_id, r.name as region
        from school_regions p
        join schools s on s.id = p.school_id
        join regions r on r.programme_id = p.programme_id and r.id = p.region_id
        where p.programme_id = $1 and p.valid_to is null and ($2::uuid is null or r.id = $2)
        order by s.place, s.name, s.code limit $3
        """,
        scope.programme_id,
        region_id,
        limit,
    )
    return [_school(row) for row in rows]


async def unplaced(conn: Connection, scope: Scope) -> set[UUID]:
    """Schools that teachers of the programme named and that stand in none of its regions."""
    rows = await conn.fetch(
        """
        select distinct t.school_id from roles t
        where t.programme_id = $1 and t.role = 'teacher' and t.ended_at is null
            and not exists (
                select from school_regions p where p.programme_id = t.programme_id
                    and p.school_id = t.school_id and p.valid_to is null)
        """,
        scope.programme_id,
    )
    return {row["school_id"] for row in rows}


async def count(conn: Connection, scope: Scope) -> int:
    """How many schools stand in the programme's registry."""
    found: int = await conn.fetchval(
        "select count(*) from school_regions where programme_id = $1 and valid_to is null",
        scope.programme_id,
    )
    return found


async def change(
    conn: Connection,
    scope: Scope,
    school_id: UUID,
    *,
    name: str,
    place: str,
    levels: Sequence[str],
    mail_domains: Sequence[str],
) -> None:
    """New words for a school of this programme. Raises `NotThere` and as `checked_domains`."""
    await by_id(conn, scope, school_id)
    await conn.execute(
        "update schools set name = $2, place = $3, levels = $4, mail_domains = $5 where id = $1",
        school_id,
        name,
        place,
        list(levels),
        checked_domains(mail_domains),
    )
