"""After a webinar: three questions whose answers are nobody's, the hours of its presenters, and the
questions of classes that had no turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rooms.agenda import webinars
from rooms.agenda.reminders import THANKS_AFTER, THANKS_UNTIL
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope

GRADES = (1, 2, 3, 4, 5)
ASKED = ("clear", "useful", "again")
# With fewer answers one could be told from the others.
FEWEST_ANSWERS = 3
MAX_MINUTES = 6000
ANSWER_LENGTH = 1000
# So long what is over stands in the list, and so many of it.
LATELY = timedelta(days=60)
MOST_LATELY = 20


@dataclass(frozen=True, slots=True)
class Over:
    """A webinar that is over; how many of its questions that had no turn were answered since, and
    how many were not."""

    webinar: Webinar
    answered: int
    unanswered: int


async def lately(conn: Connection, scope: Scope, now: datetime) -> list[Over]:
    """What is over, the last first: what stood in the list for this reader, and hers to work on."""
    rows = await conn.fetch(
        """
        select * from webinar_rows
        where programme_id = $1 and state = 'ended' and starts_at > $2
            and (is_listed and (is_public or $3) or $4 or $5 = any(moderator_ids)
                or $5 = any(presenter_ids) or region_id = any($6::uuid[])
                or company_id = any($7::uuid[]))
        order by starts_at desc, id limit $8
        """,
        scope.programme_id,
        now - LATELY,
        bool(scope.grants),
        webinars.is_office(scope, None),
        scope.person_id,
        scope.region_ids,
        scope.company_ids,
        MOST_LATELY,
    )
    told = await _answered(conn, scope, [row["id"] for row in rows])
    return [Over(webinars.from_row(row), *told.get(row["id"], (0, 0))) for row in rows]


async def _answered(
    conn: Connection, scope: Scope, ids: Sequence[UUID]
) -> dict[UUID, tuple[int, int]]:
    """Of each webinar with questions that had no turn: how many have an answer, how many none."""
    rows = await conn.fetch(
        """
        select w.id, count(a.question_id)::int as answered,
            (count(*) - count(a.question_id))::int as unanswered
        from webinars w
        join questions q on (q.programme_id, q.room_id) = (w.programme_id, w.room_id)
        left join question_answers a on (a.programme_id, a.question_id) = (q.programme_id, q.id)
        where w.programme_id = $1 and w.id = any($2::uuid[]) and q.state = 'shown'
        group by w.id
        """,
        scope.programme_id,
        ids,
    )
    return {row["id"]: (row["answered"], row["unanswered"]) for row in rows}


# --- feedback -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Feedback:
    """How often each grade was given, per question in the order of `ASKED`, lowest grade first.
    `grades` empty: there are too few answers to tell them apart."""

    answers: int
    grades: tuple[tuple[int, ...], ...]


async def give(
    conn: Connection, programme_id: UUID, webinar_id: UUID, key: bytes, grades: Sequence[int]
) -> None:
    """Keeps three grades, once for each `key`. Raises `Refused` `feedback_grades`, `Conflict`
    `feedback_given`."""
    if len(grades) != len(ASKED) or any(grade not in GRADES for grade in grades):
        raise Refused("feedback_grades")
    done = await conn.execute(
        """
        insert into webinar_feedback_given (programme_id, webinar_id, key) values ($1, $2, $3)
        on conflict do nothing
        """,
        programme_id,
        webinar_id,
        key,
    )
    if done == "INSERT 0 0":
        raise Conflict("feedback_given")
    await conn.execute(
        """
        insert into webinar_feedback (programme_id, webinar_id, clear, useful, again)
        values ($1, $2, $3, $4, $5)
        """,
        programme_id,
        webinar_id,
        *grades,
    )


async def is_given(conn: Connection, programme_id: UUID, webinar_id: UUID, key: bytes) -> bool:
    """Whether the holder of this key has answered."""
    found: bool = await conn.fetchval(
        """
        select exists (select from webinar_feedback_given
            where programme_id = $1 and webinar_id = $2 and key = $3)
        """,
        programme_id,
        webinar_id,
        key,
    )
    return found


async def feedback(conn: Connection, scope: Scope, webinar_id: UUID) -> Feedback:
    """What was thought of a webinar. The caller has judged who may know."""
    rows = await conn.fetch(
        """
        select clear, useful, again from webinar_feedback
        where programme_id = $1 and webinar_id = $2
        """,
        scope.programme_id,
        webinar_id,
    )
    if len(rows) < FEWEST_ANSWERS:
        return Feedback(len(rows), ())
    return Feedback(
        len(rows),
        tuple(tuple(sum(row[name] == one for row in rows) for one in GRADES) for name in ASKED),
    )


# --- preparation --------------------------------------------------------------------------------


async def tell_preparation(
    conn: Connection, programme_id: UUID, webinar_id: UUID, person_id: UUID, minutes: int,
    now: datetime,
) -> None:  # fmt: skip
    """How long a presenter prepared; said again it replaces the first. Raises `NotThere` for
    whoever did not present, `Refused` `preparation_minutes`."""
    if not 0 <= minutes <= MAX_MINUTES:
        raise Refused("preparation_minutes")
    done = await conn.execute(
        """
        insert into webinar_preparations (programme_id, webinar_id, person_id, minutes, told_at)
        select programme_id, webinar_id, person_id, $4, $5 from webinar_presenters
        where programme_id = $1 and webinar_id = $2 and person_id = $3 and removed_at is null
        on conflict (programme_id, webinar_id, person_id) do update
            set minutes = excluded.minutes, told_at = excluded.told_at
        """,
        programme_id,
        webinar_id,
        person_id,
        minutes,
        now,
    )
    if done == "INSERT 0 0":
        raise NotThere("webinar")


async def preparation(
    conn: Connection, programme_id: UUID, webinar_id: UUID, person_id: UUID
) -> int | None:
    """The minutes a presenter told; None: not told."""
    minutes: int | None = await conn.fetchval(
        """
        select minutes from webinar_preparations
        where programme_id = $1 and webinar_id = $2 and person_id = $3
        """,
        programme_id,
        webinar_id,
        person_id,
    )
    return minutes


@dataclass(frozen=True, slots=True)
class Preparations:
    """Of a webinar's presenters: the minutes of those who told, and how many did not."""

    minutes: int
    told: int
    untold: int


async def preparations(conn: Connection, scope: Scope, webinar_id: UUID) -> Preparations:
    """What was told, and how many have not; nothing is estimated."""
    row = await conn.fetchrow(
        """
        select coalesce(sum(t.minutes), 0)::int as minutes, count(t.person_id)::int as told,
            (count(*) - count(t.person_id))::int as untold
        from webinar_presenters p
        left join webinar_preparations t on (t.programme_id, t.webinar_id, t.person_id)
            = (p.programme_id, p.webinar_id, p.person_id)
        where p.programme_id = $1 and p.webinar_id = $2 and p.person_id is not null
            and p.removed_at is null
        """,
        scope.programme_id,
        webinar_id,
    )
    assert row is not None
    return Preparations(**row)


# --- questions that had no turn -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A question everybody saw and nobody answered on stage; `answer` '': not yet."""

    id: UUID
    text: str
    class_name: str
    region: str
    answer: str


async def questions(conn: Connection, scope: Scope, webinar_id: UUID) -> list[Question]:
    """Those that had no turn, in the order in which they were asked. The caller has judged who
    may read them."""
    rows = await conn.fetch(
        """
        select q.id, q.text, c.class_name, coalesce(g.name, '') as region,
            coalesce(a.answer, '') as answer
        from webinars w
        join questions q on (q.programme_id, q.room_id) = (w.programme_id, w.room_id)
        join session_classes c on (c.programme_id, c.id) = (q.programme_id, q.session_class_id)
        left join regions g on (g.programme_id, g.id) = (c.programme_id, c.region_id)
        left join question_answers a on (a.programme_id, a.question_id) = (q.programme_id, q.id)
        where w.programme_id = $1 and w.id = $2 and q.state = 'shown'
            and w.state in ('ended', 'archived')
        order by q.asked_at, q.id limit 500
        """,
        scope.programme_id,
        webinar_id,
    )
    return [Question(**row) for row in rows]


async def answer(
    conn: Connection, scope: Scope, webinar_id: UUID, question_id: UUID, words: str, now: datetime
) -> None:
    """Writes the answer that stands on the webinar's page; empty, it is taken away. The caller has
    judged who may. Raises `NotThere`, `Refused` `answer_long`."""
    words = words.strip()
    if len(words) > ANSWER_LENGTH:
        raise Refused("answer_long", limit=ANSWER_LENGTH)
    if question_id not in {one.id for one in await questions(conn, scope, webinar_id)}:
        raise NotThere("question")
    await conn.execute(
        "delete from question_answers where programme_id = $1 and question_id = $2",
        scope.programme_id,
        question_id,
    )
    if words:
        await conn.execute(
            """
            insert into question_answers (programme_id, question_id, answer, answered_by,
                answered_at)
            values ($1, $2, $3, $4, $5)
            """,
            scope.programme_id,
            question_id,
            words,
            scope.person_id,
            now,
        )


async def digests_due(conn: Connection, now: datetime) -> list[tuple[UUID, UUID]]:
    """(programme, webinar) of those that ended lately with questions that had no turn; marked as
    sent in the caller's transaction. For the sweep, over all programmes."""
    rows = await conn.fetch(
        """
        update webinars w set questions_sent_at = $3
        where w.state in ('ended', 'archived') and w.questions_sent_at is null
            and w.ended_at > $1 and w.ended_at <= $2
            and exists (select from questions q where q.state = 'shown'
                and (q.programme_id, q.room_id) = (w.programme_id, w.room_id))
        returning w.programme_id, w.id
        """,
        now - THANKS_UNTIL,
        now - THANKS_AFTER,
        now,
    )
    return [(row["programme_id"], row["id"]) for row in rows]
