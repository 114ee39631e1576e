"""A class in a session: what is copied of it, and what becomes known later.

Name, level and school stay as they were that day. The teacher's yes and the region may not have
been known that day.
"""

from datetime import date, datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.scope import Scope

REASON_LENGTH = 300


async def lock(conn: Connection, scope: Scope, class_id: UUID) -> None:
    """One thing at a time for a class of hers: two taps make one session. Raises `NotThere`."""
    row = await conn.fetchval(
        """
        select 1 from classes c
        join class_teachers t on (t.programme_id, t.class_id) = (c.programme_id, c.id)
        where c.programme_id = $1 and c.id = $2 and t.person_id = $3 for update of c
        """,
        scope.programme_id,
        class_id,
        scope.person_id,
    )
    if row is None:
        raise NotThere("class")


async def add(conn: Connection, scope: Scope, session_id: UUID, class_id: UUID) -> None:
    """Puts a class into a session, once. School, region, name and level are copied: the report
    stays under what was true. A class whose school was taken over by that day is its successor's.
    """
    await conn.execute(
        """
        with told as (
            select c.*, coalesce(s.local_date, s.planned_on,
                    (s.created_at at time zone s.zone)::date) as day
            from classes c join sessions s on (s.programme_id, s.id) = (c.programme_id, $2)
            where c.programme_id = $1 and c.id = $3
        ), placed as (
            select t.*, case when o.closed_on <= t.day then coalesce(o.reports_as, o.id)
                else o.id end as now_at
            from told t join schools o on o.id = t.school_id
        )
        insert into session_classes (programme_id, session_id, class_id, school_id, region_id,
            class_name, level, is_confirmed_teacher, expected)
        select c.programme_id, $2, c.id, c.now_at,
            (select r.region_id from school_regions r
             where r.programme_id = c.programme_id and r.school_id = c.now_at
             order by r.valid_from <= c.day desc, r.valid_from desc limit 1),
            c.name, c.level,
            exists (select 1 from roles t where t.programme_id = c.programme_id
                and t.person_id = $4 and t.role = 'teacher' and t.school_id = c.school_id
                and t.is_confirmed and t.ended_at is null),
            c.pupils
        from placed c
        on conflict (programme_id, session_id, class_id) do nothing
        """,
        scope.programme_id,
        session_id,
        class_id,
        scope.person_id,
    )


async def add_absent(conn: Connection, scope: Scope, room_id: UUID | None, class_id: UUID) -> UUID:
    """Puts a class that was registered by the scope's person and did not come into a room's
    session; returns the session class. Raises `NotThere`."""
    session_id: UUID | None = await conn.fetchval(
        "select id from sessions where programme_id = $1 and room_id = $2",
        scope.programme_id,
        room_id,
    )
    if session_id is None:
        raise NotThere("session")
    await add(conn, scope, session_id, class_id)
    session_class_id: UUID = await conn.fetchval(
        """
        update session_classes set took_part_by = coalesce(took_part_by, $4)
        where programme_id = $1 and session_id = $2 and class_id = $3 returning id
        """,
        scope.programme_id,
        session_id,
        class_id,
        scope.person_id,
    )
    return session_class_id


async def say_beforehand(
    conn: Connection,
    scope: Scope,
    session_class_id: UUID,
    expected: int,
    lesson: tuple[datetime, datetime] | None,
) -> None:
    """The pupils and the lesson's own times as told when the class was registered."""
    await conn.execute(
        """
        update session_classes set expected = $3, lesson_from = $4, lesson_until = $5
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        session_class_id,
        expected,
        *(lesson or (None, None)),
    )


async def leave_rooms(
    conn: Connection,
    scope: Scope,
    class_id: UUID,
    now: datetime,
    *,
    stays_in: UUID | None = None,
) -> None:
    """Something else is shown to the class: it leaves the live room it is in."""
    await conn.execute(
        """
        update session_classes c set left_at = $3 from sessions s
        where (s.programme_id, s.id) = (c.programme_id, c.session_id)
            and c.programme_id = $1 and c.class_id = $2 and s.room_id is not null
            and s.state = 'running' and c.left_at is null and s.id is distinct from $4
        """,
        scope.programme_id,
        class_id,
        now,
        stays_in,
    )


async def declare_showing(
    conn: Connection, scope: Scope, session_class_id: UUID, reason: str, now: datetime
) -> None:
    """The network never returned: shown all the same, says the teacher, and why.

    The caller has seen that the class is hers. Raises `Refused` `reason_missing`.
    """
    reason = " ".join(reason.split())[:REASON_LENGTH]
    if not reason:
        raise Refused("reason_missing")
    await conn.execute(
        """
        update session_classes set showing_declared_reason = $3, showing_declared_by = $4,
            showing_declared_at = $5
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        session_class_id,
        reason,
        scope.person_id,
        now,
    )


async def confirm_teacher(
    conn: Connection, scope: Scope, person_id: UUID, school_id: UUID | None, now: datetime
) -> list[UUID]:
    """Lets a teacher's earlier sessions at a school count, once she is confirmed there.

    Changes nothing while she is not; returns the session classes that began to count, of which
    some may be at the school that took hers in.
    """
    rows = await conn.fetch(
        """
        update session_classes c set is_confirmed_teacher = true, teacher_confirmed_at = $4
        from sessions s
        where (s.programme_id, s.id) = (c.programme_id, c.session_id)
            and c.programme_id = $1 and coalesce(c.took_part_by, s.organiser_id) = $2
            and c.school_id in ($3, (select o.reports_as from schools o where o.id = $3))
            and not c.is_confirmed_teacher
            and exists (select 1 from roles r where r.programme_id = c.programme_id
                and r.person_id = $2 and r.school_id = $3 and r.role = 'teacher'
                and r.is_confirmed and r.ended_at is null)
        returning c.id
        """,
        scope.programme_id,
        person_id,
        school_id,
        now,
    )
    return [row["id"] for row in rows]


async def give_regions(conn: Connection, scope: Scope) -> int:
    """Gives sessions without a region that of their school, once it stands in one.

    A session has none only when its school stood in none that day: nothing that was true then
    is changed. Returns how many got one.
    """
    done = await conn.execute(
        """
        update session_classes c set region_id = p.region_id
        from school_regions p
        where (p.programme_id, p.school_id) = (c.programme_id, c.school_id)
            and p.valid_to is null and c.programme_id = $1 and c.region_id is null
        """,
        scope.programme_id,
    )
    return int(done.removeprefix("UPDATE "))


async def move_school(
    conn: Connection, scope: Scope, from_id: UUID, into_id: UUID, only: list[UUID] | None
) -> list[UUID]:
    """Sessions of a school that is another one report under that; `only`: these. Returns which.

    The region stays what it was; `give_regions` gives one to those without.
    """
    rows = await conn.fetch(
        """
        update session_classes set school_id = $3
        where programme_id = $1 and school_id = $2 and ($4::uuid[] is null or id = any($4))
        returning id
        """,
        scope.programme_id,
        from_id,
        into_id,
        only,
    )
    return [row["id"] for row in rows]


async def without_region(conn: Connection, scope: Scope, school_id: UUID) -> list[UUID]:
    """Session classes of a school that have no region yet."""
    rows = await conn.fetch(
        """
        select id from session_classes
        where programme_id = $1 and school_id = $2 and region_id is null
        """,
        scope.programme_id,
        school_id,
    )
    return [row["id"] for row in rows]


async def take_regions(conn: Connection, scope: Scope, ids: list[UUID]) -> None:
    """Session classes that had no region have none again."""
    await conn.execute(
        """
        update session_classes set region_id = null
        where programme_id = $1 and id = any($2::uuid[])
        """,
        scope.programme_id,
        ids,
    )


async def regions_since(conn: Connection, scope: Scope, on: date) -> list[UUID]:
    """Sessions from a day on get the region their school stood in on their own day, as it is known
    now: a move may be told after it happened. Returns those that changed."""
    rows = await conn.fetch(
        """
        update session_classes c set region_id = p.region_id
        from sessions s, school_regions p
        where c.programme_id = $1 and (s.programme_id, s.id) = (c.programme_id, c.session_id)
            and s.local_date >= $2
            and (p.programme_id, p.school_id) = (c.programme_id, c.school_id)
            and p.valid_from <= s.local_date
            and (p.valid_to is null or p.valid_to > s.local_date)
            and c.region_id is distinct from p.region_id
        returning c.id
        """,
        scope.programme_id,
        on,
    )
    return [row["id"] for row in rows]
