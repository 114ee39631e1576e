"""Builders for lessons: a published tour (rows only, no film bytes), a class, a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from rooms.agenda import sessions
from rooms.agenda.sessions import Session
from rooms.connection import Connection
from rooms.people import classes
from rooms.people.classes import Class
from rooms.people.companies import Company
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from rooms.people.regions import Region
from rooms.people.schools import School
from rooms.scope import Grant, Scope
from tests.support import people

FILM_MS = 180_000


@dataclass(frozen=True)
class World:
    """A programme in which a lesson can take place."""

    programme: Programme
    region: Region
    school: School
    company: Company
    editor: Person
    teacher: Person
    tour_id: UUID

    @property
    def scope(self) -> Scope:
        """The teacher's scope."""
        return teacher_scope(self.programme, self.teacher, self.school)


def teacher_scope(programme: Programme, teacher: Person, school: School) -> Scope:
    """The scope of a teacher at a school."""
    return Scope(programme.id, teacher.id, (Grant("teacher", school_id=school.id),))


async def a_tour(
    conn: Connection,
    programme: Programme,
    company: Company,
    by: Person,
    *,
    film_ms: int = FILM_MS,
    title: str = "Inside the harbour",
    chapters: Sequence[tuple[int, str]] = (),
) -> UUID:
    """A published tour with a ready film of `film_ms`; returns the tour's id."""
    upload_id = await conn.fetchval(
        """
        insert into uploads (programme_id, company_id, person_id, expires_at, state)
        values ($1, $2, $3, now(), 'used') returning id
        """,
        programme.id,
        company.id,
        by.id,
    )
    video_id = await conn.fetchval(
        "insert into videos (programme_id, company_id) values ($1, $2) returning id",
        programme.id,
        company.id,
    )
    version_id = await conn.fetchval(
        """
        insert into video_versions (programme_id, video_id, upload_id, state, duration_ms, prefix,
            width, height, ready_at)
        values ($1, $2, $3, 'ready', $4, 'none', 1920, 1080, now()) returning id
        """,
        programme.id,
        video_id,
        upload_id,
        film_ms,
    )
    await conn.execute(
        "update videos set current_version_id = $2 where id = $1", video_id, version_id
    )
    for number, (starts_at_ms, words) in enumerate(chapters, 1):
        await conn.execute(
            "insert into chapters values ($1, $2, $3, $4, $5)",
            programme.id,
            version_id,
            number,
            starts_at_ms,
            words,
        )
    return await _publish(conn, programme, company, by, video_id, title)


async def replace_film(
    conn: Connection, tour_id: UUID, *, film_ms: int = FILM_MS, at: datetime | None = None
) -> UUID:
    """Another film under the tour's address, the one before retired; returns its version."""
    row = await conn.fetchrow(
        """
        update video_versions v set retired_at = $2 from videos f join tours t on t.video_id = f.id
        where t.id = $1 and v.id = f.current_version_id
        returning v.programme_id, v.video_id, v.upload_id
        """,
        tour_id,
        at or datetime.now(UTC),
    )
    assert row is not None
    version_id: UUID = await conn.fetchval(
        """
        insert into video_versions (programme_id, video_id, upload_id, state, duration_ms, prefix,
            width, height, ready_at)
        values ($1, $2, $3, 'ready', $4, 'newer', 1920, 1080, now()) returning id
        """,
        *row,
        film_ms,
    )
    await conn.execute(
        "update videos set current_version_id = $2 where id = $1", row["video_id"], version_id
    )
    return version_id


async def _publish(
    conn: Connection,
    programme: Programme,
    company: Company,
    by: Person,
    video_id: UUID,
    title: str,
) -> UUID:
    tour_id: UUID = await conn.fetchval(
        """
        insert into tours (programme_id, company_id, video_id, slug, state, created_by,
            published_at, original_language, levels)
        values ($1, $2, $3, $4, 'published', $5, now(), 'en', '{havo,vwo}') returning id
        """,
        programme.id,
        company.id,
        video_id,
        f"tour-{video_id.hex[:8]}",
        by.id,
    )
    await conn.execute(
        """
        insert into tour_texts (programme_id, tour_id, language, title, description)
        values ($1, $2, 'en', $3, '')
        """,
        programme.id,
        tour_id,
        title,
    )
    return tour_id


async def a_world(
    conn: Connection,
    slug: str = "jetstream",
    *,
    film_ms: int = FILM_MS,
    chapters: Sequence[tuple[int, str]] = (),
) -> World:
    """Programme, region, school, company with an editor, a teacher, a published tour."""
    programme = await people.a_programme(conn, slug)
    region = await people.a_region(conn, programme)
    school = await people.a_school(conn, programme, region=region)
    company = await people.a_company(conn, programme)
    editor = await people.an_editor(conn, programme, company)
    teacher = await people.a_teacher(conn, programme, school)
    tour_id = await a_tour(conn, programme, company, editor, film_ms=film_ms, chapters=chapters)
    return World(programme, region, school, company, editor, teacher, tour_id)


async def a_class(
    conn: Connection, world: World, name: str = "3B", *, pupils: int | None = 28
) -> Class:
    """A class of the world's teacher."""
    return await classes.create(
        conn, world.scope, world.school.id, name, "havo", 3, "", pupils, datetime.now(UTC)
    )


async def a_session(
    conn: Connection, world: World, school_class: Class, now: datetime | None = None
) -> Session:
    """The world's tour, shown now to the class."""
    return await sessions.show_now(
        conn, world.scope, world.tour_id, school_class.id, now or datetime.now(UTC)
    )


async def many_lessons(
    conn: Connection, world: World, class_name: str, count: int, now: datetime
) -> None:
    """Lessons that ended, a day each, of one class: every third one partly, 20 to 29 pupils."""
    made = await a_class(conn, world, class_name)
    version_id = await conn.fetchval(
        "select id from video_versions where programme_id = $1 limit 1", world.programme.id
    )
    await conn.execute(
        """
        with lessons as (
            insert into sessions (programme_id, tour_id, version_id, organiser_id, state, zone,
                chosen, pass_share, rule_version, started_at, ended_at, local_date)
            select $1, $2, $3, $4, 'ended', 'Europe/Amsterdam', '[[0, 180000]]', 0.6, '1',
                $5::timestamptz - n * interval '1 day', $5, ($5 - n * interval '1 day')::date
            from generate_series(1, $6::int) n returning id, local_date
        ), classes as (
            insert into session_classes (programme_id, session_id, class_id, school_id, region_id,
                class_name, level, is_confirmed_teacher)
            select $1, l.id, $7, $8, $9, $10, 'havo', true from lessons l returning id, session_id
        )
        insert into session_class_results (programme_id, session_class_id, outcome,
            measured_outcome, reason_code, window_ms, present_ms, headcount, measured_headcount,
            headcount_source, seats, seats_passed, pupils, student_seconds, has_beamer,
            rule_version, computed_at)
        select $1, c.id, o.outcome, o.outcome, 'threshold_reached', 180000, 120000, o.there,
            o.there, 'confirmed', 1, 1, case when o.outcome = 'present' then o.there else 0 end,
            o.there * 120, true, '1', $5
        from classes c join lessons l on l.id = c.session_id
        cross join lateral (select extract(day from l.local_date)::int as day) d
        cross join lateral (select 20 + d.day % 10 as there,
            case when d.day % 3 = 0 then 'partial' else 'present' end as outcome) o
        """,
        world.programme.id,
        world.tour_id,
        version_id,
        world.teacher.id,
        now,
        count,
        made.id,
        world.school.id,
        world.region.id,
        class_name,
    )
