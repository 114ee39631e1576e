"""What pupils wrote: kept beside the log, which never holds it.

Until somebody lets a question through, its text stands in `unseen_questions`; from then on in
`questions`. Dealt with, or a day after the session, an unseen text is gone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rooms.connection import Connection
from rooms.live.presence import moment
from rooms.live.room import Line
from rooms.live.room_state import PUBLIC
from rooms.scope import Scope

UNSEEN_KEPT = timedelta(hours=24)


async def keep(
    conn: Connection,
    scope: Scope,
    room_id: UUID,
    lines: Sequence[Line],
    texts: Mapping[UUID, str],
) -> None:
    """Follows new lines of the log. `texts`: of the questions that are asked in them."""
    for line in lines:
        data = line.happened.data
        if line.happened.kind == "question_asked":
            question, part = UUID(data["question"]), UUID(data["part"])
            await _add(conn, scope, room_id, question, part, texts[question], line.at)
        elif line.happened.kind == "question_moved":
            await _move(conn, scope, room_id, UUID(data["question"]), data["to"])


async def is_elsewhere(conn: Connection, scope: Scope, room_id: UUID, question: UUID) -> bool:
    """Whether another room has a question of this name: pages make the names."""
    found = await conn.fetchval(
        """
        select 1 from questions where programme_id = $1 and id = $3 and room_id <> $2
        union all
        select 1 from unseen_questions where programme_id = $1 and id = $3 and room_id <> $2
        limit 1
        """,
        scope.programme_id,
        room_id,
        question,
    )
    return found is not None


async def _add(
    conn: Connection,
    scope: Scope,
    room_id: UUID,
    question: UUID,
    part: UUID,
    text: str,
    at: int,
) -> None:
    await conn.execute(
        """
        insert into unseen_questions (programme_id, id, room_id, session_class_id, text, asked_at)
        values ($1, $2, $3, $4, $5, $6)
        """,
        scope.programme_id,
        question,
        room_id,
        part,
        text,
        moment(at),
    )


async def _move(conn: Connection, scope: Scope, room_id: UUID, question: UUID, to: str) -> None:
    if to in PUBLIC:
        await _let_through(conn, scope, room_id, question, to)
    elif to == "archived":
        await _archive(conn, scope, room_id, question)
    elif to == "passed":
        await _take_back(conn, scope, room_id, question)


async def _let_through(
    conn: Connection, scope: Scope, room_id: UUID, question: UUID, state: str
) -> None:
    await conn.execute(
        """
        with seen as (
            delete from unseen_questions where programme_id = $1 and room_id = $2 and id = $3
            returning programme_id, id, room_id, session_class_id, text, asked_at
        ), shown as (
            insert into questions (programme_id, id, room_id, session_class_id, text, asked_at,
                state)
            select *, $4 from seen
        )
        update questions set state = $4 where programme_id = $1 and room_id = $2 and id = $3
        """,
        scope.programme_id,
        room_id,
        question,
        state,
    )


async def _archive(conn: Connection, scope: Scope, room_id: UUID, question: UUID) -> None:
    await conn.execute(
        "delete from unseen_questions where programme_id = $1 and room_id = $2 and id = $3",
        scope.programme_id,
        room_id,
        question,
    )
    await conn.execute(
        """
        update questions set state = 'archived'
        where programme_id = $1 and room_id = $2 and id = $3
        """,
        scope.programme_id,
        room_id,
        question,
    )


async def _take_back(conn: Connection, scope: Scope, room_id: UUID, question: UUID) -> None:
    await conn.execute(
        """
        with back as (
            delete from questions where programme_id = $1 and room_id = $2 and id = $3
            returning programme_id, id, room_id, session_class_id, text, asked_at
        )
        insert into unseen_questions (programme_id, id, room_id, session_class_id, text, asked_at)
        select * from back
        """,
        scope.programme_id,
        room_id,
        question,
    )


async def texts_of(
    conn: Connection, scope: Scope, room_id: UUID, questions: Iterable[UUID]
) -> dict[UUID, str]:
    """The texts of these questions, wherever they stand. Who may read one is the caller's to
    judge (`room_views.py`)."""
    wanted = list(questions)
    if not wanted:
        return {}
    rows = await conn.fetch(
        """
        select id, text from questions
        where programme_id = $1 and room_id = $2 and id = any($3::uuid[])
        union all
        select id, text from unseen_questions
        where programme_id = $1 and room_id = $2 and id = any($3::uuid[])
        """,
        scope.programme_id,
        room_id,
        wanted,
    )
    return {row["id"]: row["text"] for row in rows}


async def drop_unseen(conn: Connection, now: datetime) -> int:
    """Texts nobody let through, a day after their session or themselves; how many. For the sweep,
    over all programmes."""
    rows = await conn.fetch(
        """
        delete from unseen_questions u using rooms r
        where (r.programme_id, r.id) = (u.programme_id, u.room_id)
            and coalesce(r.closed_at, u.asked_at + interval '14 days') < $1
        returning 1
        """,
        now - UNSEEN_KEPT,
    )
    return len(rows)


async def drop(conn: Connection, programme_id: UUID, before: datetime) -> int:
    """Questions from before a moment, of one programme; how many."""
    rows = await conn.fetch(
        "delete from questions where programme_id = $1 and asked_at < $2 returning 1",
        programme_id,
        before,
    )
    return len(rows)
