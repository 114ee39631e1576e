"""Classes: a group at a school in a school year, its code, its link, its teachers."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.people import codes
from rooms.scope import Scope

NAME_LENGTH = 40
SUBJECT_LENGTH = 60
MAX_PUPILS = 400
MAX_GRADE = 13
# 31^6 codes: a collision is rare, five in a row mean that something else is wrong.
CODE_TRIES = 5
INVITE_LASTS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Class:
    """A class as its teachers see it. `zone`: the programme's; `pupils` None: never told."""

    programme_id: UUID
    id: UUID
    school_id: UUID
    school: str
    place: str
    name: str
    level: str
    grade: int | None
    subject: str
    school_year: int
    pupils: int | None
    code: str
    code_until: date
    link_token: str
    zone: str

    @property
    def shown_code(self) -> str:
        """The code in two halves, as it is read aloud."""
        return codes.shown_class_code(self.code)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a teacher tells about her class, as it will be stored."""

    name: str
    level: str
    grade: int | None = None
    subject: str = ""
    pupils: int | None = None


async def create(
    conn: Connection,
    scope: Scope,
    school_id: UUID,
    name: str,
    level: str,
    grade: int | None,
    subject: str,
    pupils: int | None,
    now: datetime,
) -> Class:
    """Makes a class of the scope's person at a school where she teaches, confirmed or not.

    Its code is good to the end of the school year. Raises `NotThere` when the school is not
    hers, `Refused` `class_name`, `class_level`, `class_grade`, `class_pupils`.
    """
    programme = await _programme_of_teacher(conn, scope, school_id)
    draft = checked(Draft(name, level, grade, subject, pupils), programme["levels"])
    year = codes.school_year_at(now, programme["zone"], programme["school_year_starts"])
    class_id = await _insert(conn, scope, school_id, draft, year)
    await _add_teacher(conn, scope, class_id, person_of(scope))
    return await get(conn, scope, class_id)


async def _programme_of_teacher(conn: Connection, scope: Scope, school_id: UUID) -> asyncpg.Record:
    # Asked of the rows, not of the scope: she may have become a teacher a moment ago.
    row = await conn.fetchrow(
        """
        select p.zone, p.levels, p.school_year_starts from programmes p
        where p.id = $1 and exists (
            select 1 from roles r where r.programme_id = p.id and r.person_id = $2
                and r.role = 'teacher' and r.school_id = $3 and r.ended_at is null)
        """,
        scope.programme_id,
        scope.person_id,
        school_id,
    )
    if row is None:
        raise NotThere("school")
    return row


def checked(draft: Draft, levels: list[str]) -> Draft:
    """The draft with its blanks tidied; raises `Refused` for what cannot be."""
    name, subject = " ".join(draft.name.split()), " ".join(draft.subject.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise Refused("class_name", length=NAME_LENGTH)
    if draft.level not in levels:
        raise Refused("class_level")
    if draft.grade is not None and not 1 <= draft.grade <= MAX_GRADE:
        raise Refused("class_grade", most=MAX_GRADE)
    if draft.pupils is not None and not 1 <= draft.pupils <= MAX_PUPILS:
        raise Refused("class_pupils", most=MAX_PUPILS)
    return replace(draft, name=name, subject=subject[:SUBJECT_LENGTH])


def offered(levels: Sequence[str], of_school: Sequence[str]) -> list[str]:
    """Levels of a programme that a class of this school can have: the school's own, or all where
    nothing of the programme is known of it."""
    return [level for level in levels if level in of_school] or list(levels)


async def _insert(
    conn: Connection, scope: Scope, school_id: UUID, draft: Draft, year: codes.SchoolYear
) -> UUID:
    for _ in range(CODE_TRIES):
        class_id: UUID | None = await conn.fetchval(
            """
            insert into classes (programme_id, school_id, name, level, grade, subject,
                pupils, school_year, code, code_until, link_token, created_by)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (code) do nothing returning id
            """,
            scope.programme_id,
            school_id,
            *astuple(draft),
            year.first_day.year,
            codes.new_class_code(),
            year.last_day,
            codes.new_link_token(),
            person_of(scope),
        )
        if class_id is not None:
            return class_id
    raise Conflict("class_code_taken")


async def get(conn: Connection, scope: Scope, class_id: UUID) -> Class:
    """A class of which the scope's person is a teacher; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select c.*, s.name as school, s.place, p.zone
        from classes c
        join schools s on s.id = c.school_id
        join programmes p on p.id = c.programme_id
        join class_teachers t on (t.programme_id, t.class_id) = (c.programme_id, c.id)
        where c.programme_id = $1 and c.id = $2 and t.person_id = $3
        """,
        scope.programme_id,
        class_id,
        scope.person_id,
    )
    if row is None:
        raise NotThere("class")
    return _class(row)


async def mine(conn: Connection, scope: Scope) -> list[Class]:
    """The classes she teaches, the newest school year first, then by name."""
    rows = await conn.fetch(
        """
        select c.*, s.name as school, s.place, p.zone
        from classes c
        join schools s on s.id = c.school_id
        join programmes p on p.id = c.programme_id
        join class_teachers t on (t.programme_id, t.class_id) = (c.programme_id, c.id)
        where c.programme_id = $1 and t.person_id = $2
        order by c.school_year desc, c.name, c.id
        """,
        scope.programme_id,
        scope.person_id,
    )
    return [_class(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Door:
    """What a pupil learns of a class by its code or link: that it is there, and its name."""

    programme_id: UUID
    class_id: UUID
    name: str
    link_token: str


async def by_code(conn: Connection, code: str, now: datetime) -> Door | None:
    """The class behind a parsed code, until the end of its school year in its own zone."""
    row = await conn.fetchrow(
        """
        select c.programme_id, c.id as class_id, c.name, c.link_token
        from classes c join programmes p on p.id = c.programme_id
        where c.code = $1 and c.code_until >= ($2 at time zone p.zone)::date
        """,
        code,
        now,
    )
    return Door(**row) if row else None


async def by_link(conn: Connection, token: str, now: datetime) -> Door | None:
    """The class behind the 128-bit token of its QR link; it ends when the code does."""
    row = await conn.fetchrow(
        """
        select c.programme_id, c.id as class_id, c.name, c.link_token
        from classes c join programmes p on p.id = c.programme_id
        where c.link_token = $1 and c.code_until >= ($2 at time zone p.zone)::date
        """,
        token,
        now,
    )
    return Door(**row) if row else None


async def of_session(conn: Connection, programme_id: UUID, class_id: UUID) -> tuple[str, str]:
    """(code, link token) for a screen that has proved to be its class's."""
    row = await conn.fetchrow(
        "select code, link_token from classes where programme_id = $1 and id = $2",
        programme_id,
        class_id,
    )
    if row is None:
        raise NotThere("class")
    return row["code"], row["link_token"]


async def code_of_open(conn: Connection, programme_id: UUID, session_class_id: UUID) -> str | None:
    """The code of a class in a session, while that is planned or runs for it."""
    code: str | None = await conn.fetchval(
        """
        select c.code from session_classes p
        join sessions s on (s.programme_id, s.id) = (p.programme_id, p.session_id)
        join classes c on (c.programme_id, c.id) = (p.programme_id, p.class_id)
        where p.programme_id = $1 and p.id = $2 and s.state in ('planned', 'running')
            and p.left_at is null
        """,
        programme_id,
        session_class_id,
    )
    return code


async def new_code(conn: Connection, scope: Scope, class_id: UUID) -> Class:
    """Another code and another link, at once; whoever sits in a session stays there."""
    await get(conn, scope, class_id)
    for _ in range(CODE_TRIES):
        done = await conn.execute(
            """
            update classes set code = $3, link_token = $4
            where programme_id = $1 and id = $2
                and not exists (select 1 from classes where code = $3)
            """,
            scope.programme_id,
            class_id,
            codes.new_class_code(),
            codes.new_link_token(),
        )
        if done == "UPDATE 1":
            return await get(conn, scope, class_id)
    raise Conflict("class_code_taken")


async def teachers(conn: Connection, scope: Scope, class_id: UUID) -> list[tuple[UUID, str]]:
    """(person, name or address) of everybody who teaches the class, the first one first."""
    await get(conn, scope, class_id)
    rows = await conn.fetch(
        """
        select p.id, coalesce(nullif(p.name, ''), p.email) as name
        from class_teachers t join persons p on p.id = t.person_id
        where t.programme_id = $1 and t.class_id = $2 order by t.created_at, p.id
        """,
        scope.programme_id,
        class_id,
    )
    return [(row["id"], row["name"]) for row in rows]


async def invite(conn: Connection, scope: Scope, class_id: UUID, kind: str, now: datetime) -> str:
    """A link's token for a colleague at the school: to teach along, or to take the class over."""
    await get(conn, scope, class_id)
    token = codes.new_link_token()
    await conn.execute(
        """
        insert into class_invites (programme_id, class_id, token_hash, kind, created_by,
            created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        scope.programme_id,
        class_id,
        codes.hash_token(token),
        kind,
        person_of(scope),
        now,
        now + INVITE_LASTS,
    )
    return token


@dataclass(frozen=True, slots=True)
class Invite:
    """An open invitation: which class, from whom, and what it does."""

    class_id: UUID
    name: str
    school: str
    kind: str
    by_id: UUID
    by_name: str
    programme_id: UUID
    school_id: UUID


async def invitation(conn: Connection, token: str, now: datetime) -> Invite:
    """The open invitation behind a token, for whoever holds the link; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select i.class_id, c.name, s.name as school, i.kind, i.created_by as by_id,
            coalesce(nullif(p.name, ''), p.email) as by_name, i.programme_id, c.school_id
        from class_invites i
        join classes c on (c.programme_id, c.id) = (i.programme_id, i.class_id)
        join schools s on s.id = c.school_id
        join persons p on p.id = i.created_by
        where i.token_hash = $1 and i.used_at is null and i.expires_at > $2
        """,
        codes.hash_token(token),
        now,
    )
    if row is None:
        raise NotThere("invite")
    return Invite(**row)


async def invited(conn: Connection, scope: Scope, token: str, now: datetime) -> Invite:
    """The invitation behind a token, for a teacher at the class's school; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select i.class_id, c.name, s.name as school, i.kind, i.created_by as by_id,
            coalesce(nullif(p.name, ''), p.email) as by_name, i.programme_id, c.school_id
        from class_invites i
        join classes c on (c.programme_id, c.id) = (i.programme_id, i.class_id)
        join schools s on s.id = c.school_id
        join persons p on p.id = i.created_by
        where i.programme_id = $1 and i.token_hash = $2 and i.used_at is null
            and i.expires_at > $3
            and exists (select 1 from roles r where r.programme_id = i.programme_id
                and r.person_id = $4 and r.role = 'teacher' and r.school_id = c.school_id
                and r.ended_at is null)
        """,
        scope.programme_id,
        codes.hash_token(token),
        now,
        scope.person_id,
    )
    if row is None:
        raise NotThere("invite")
    return Invite(**row)


async def accept(conn: Connection, scope: Scope, token: str, now: datetime) -> UUID:
    """Takes part in the class, or takes it over from whoever invited; returns the class."""
    found = await invited(conn, scope, token, now)
    used = await conn.fetchval(
        """
        update class_invites set used_at = $2, used_by = $3
        where token_hash = $1 and used_at is null returning id
        """,
        codes.hash_token(token),
        now,
        scope.person_id,
    )
    if used is None:
        raise NotThere("invite")
    await _add_teacher(conn, scope, found.class_id, person_of(scope))
    if found.kind == "hand_over" and found.by_id != scope.person_id:
        await _remove_teacher(conn, scope, found.class_id, found.by_id)
    return found.class_id


async def _remove_teacher(conn: Connection, scope: Scope, class_id: UUID, person_id: UUID) -> None:
    await conn.execute(
        """
        delete from class_teachers
        where programme_id = $1 and class_id = $2 and person_id = $3
        """,
        scope.programme_id,
        class_id,
        person_id,
    )


async def schools_taught(conn: Connection, scope: Scope) -> list[tuple[UUID, str, list[str]]]:
    """(school, name with place, levels) where she teaches, for a new class."""
    rows = await conn.fetch(
        """
        select distinct s.id, s.name, s.place, s.levels from roles r
        join schools s on s.id = r.school_id
        where r.programme_id = $1 and r.person_id = $2 and r.role = 'teacher'
            and r.ended_at is null
        order by s.name
        """,
        scope.programme_id,
        scope.person_id,
    )
    return [(row["id"], f"{row['name']}, {row['place']}", row["levels"]) for row in rows]


async def levels(conn: Connection, scope: Scope) -> list[str]:
    """The levels of the programme, in its own order."""
    found: list[str] = await conn.fetchval(
        "select levels from programmes where id = $1", scope.programme_id
    )
    return found


def _class(row: asyncpg.Record) -> Class:
    return Class(**{name: row[name] for name in Class.__dataclass_fields__})


async def _add_teacher(conn: Connection, scope: Scope, class_id: UUID, person_id: UUID) -> None:
    await conn.execute(
        """
        insert into class_teachers (programme_id, class_id, person_id)
        values ($1, $2, $3) on conflict do nothing
        """,
        scope.programme_id,
        class_id,
        person_id,
    )


def person_of(scope: Scope) -> UUID:
    """The scope's person; for a visitor there is nothing here to do."""
    if scope.person_id is None:
        raise NotThere
    return scope.person_id


async def move_school(
    conn: Connection, scope: Scope, from_id: UUID, into_id: UUID, only: list[UUID] | None
) -> list[UUID]:
    """Classes of one school become classes of another; `only`: these. Returns which."""
    rows = await conn.fetch(
        """
        update classes set school_id = $3
        where programme_id = $1 and school_id = $2 and ($4::uuid[] is null or id = any($4))
        returning id
        """,
        scope.programme_id,
        from_id,
        into_id,
        only,
    )
    return [row["id"] for row in rows]
