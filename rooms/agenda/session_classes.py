"""What a session copied of its class and becomes known later: the teacher's yes, the region.

Name, level and school stay as they were that day. These two were not known that day.
"""

from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope


async def confirm_teacher(
    conn: Connection, scope: Scope, person_id: UUID, school_id: UUID | None
) -> int:
    """Lets a teacher's earlier sessions at a school count, once she is confirmed there.

    Changes nothing while she is not; returns how many began to count.
    """
    done = await conn.execute(
        """
        update session_classes c set is_confirmed_teacher = true
        from sessions s
        where (s.programme_id, s.id) = (c.programme_id, c.session_id)
            and c.programme_id = $1 and s.organiser_id = $2 and c.school_id = $3
            and not c.is_confirmed_teacher
            and exists (select 1 from roles r where r.programme_id = c.programme_id
                and r.person_id = $2 and r.school_id = $3 and r.role = 'teacher'
                and r.is_confirmed and r.ended_at is null)
        """,
        scope.programme_id,
        person_id,
        school_id,
    )
    return int(done.removeprefix("UPDATE "))


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
