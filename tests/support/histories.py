"""Made-up histories of a programme: lessons of many classes over a school year, results kept.

By a seed, straight into the tables, so that thousands cost little; what KPIs make of them is held
against a count of one's own.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from rooms.agenda import objectives
from rooms.connection import Connection
from rooms.people import networks
from rooms.people.companies import Company
from rooms.people.networks import Kind, Network
from rooms.people.programmes import Programme
from rooms.people.regions import Region
from rooms.people.schools import School
from rooms.scope import Grant, Scope
from tests.support import people
from tests.support.lessons import FILM_MS, a_tour

FIRST = date(2025, 8, 1)
NOW = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)
OUTCOMES = ("present", "present", "present", "declared", "partial", "no_show", "replay_only")
SECTORS = ("water", "ict", "energy")
LEVELS = ("havo", "vwo", "vmbo")


@dataclass
class History:
    """A programme with what happened in it. `lessons`: how many classes had a session."""

    programme: Programme
    regions: list[Region] = field(default_factory=list)
    schools: list[School] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    objectives: list[UUID] = field(default_factory=list)
    classes: list[tuple[UUID, School, str]] = field(default_factory=list)
    tours: list[UUID] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    # (school or company, number of the network, first day, day on which it was there no more)
    stays: list[tuple[UUID, int, date, date]] = field(default_factory=list)
    lessons: int = 0

    def network_on(self, member_id: UUID, day: date) -> str:
        """The id of the network in which a school or a company was; '' for none."""
        inside = [at for member, at, since, until in self.stays
                  if member == member_id and since <= day < until]  # fmt: skip
        return str(self.networks[inside[0]].id) if inside else ""

    @property
    def office(self) -> Scope:
        """The programme office's scope."""
        return Scope(self.programme.id, None, (Grant("bureau"),))

    def coordinator(self, region: Region) -> Scope:
        """A coordinator's scope."""
        return Scope(self.programme.id, None, (Grant("coordinator", region_id=region.id),))


async def a_history(
    conn: Connection, slug: str, seed: int, *, lessons: int = 60, schools: int = 6, classes: int = 3
) -> History:
    """A programme of three regions and its lessons from 1 August 2025 on."""
    made = History(await people.a_programme(conn, slug))
    for name in ("Twente", "Zeeland", "Drenthe"):
        made.regions.append(await people.a_region(conn, made.programme, name))
    for number in range(schools):
        region = made.regions[number % 3]
        made.schools.append(
            await people.a_school(
                conn, made.programme, name=f"School {number}", region=region,
                code=f"{slug[:6]}{number:04}",
            )
        )  # fmt: skip
    await _offers(conn, made)
    await _networks(conn, made)
    await _classes(conn, made, classes)
    await _lessons(conn, made, random.Random(seed), lessons)
    return made


async def _offers(conn: Connection, made: History) -> None:
    for words in ("Kiezen", "Techniek"):
        made.objectives.append(
            await objectives.create(conn, made.office, {"nl": words, "en": words}, NOW)
        )
    for number in range(3):
        company = await people.a_company(conn, made.programme, f"Bedrijf {number}")
        editor = await people.an_editor(conn, made.programme, company)
        made.companies.append(company)
        tour_id = await a_tour(conn, made.programme, company, editor)
        made.tours.append(tour_id)
        await conn.execute(
            """
            update tours set sectors = $2, objective_id = $3 where id = $1
            """,
            tour_id,
            [SECTORS[number]],
            made.objectives[number] if number < 2 else None,
        )
        await conn.execute(
            "update companies set region_id = $2 where id = $1", company.id, made.regions[number].id
        )


async def _networks(conn: Connection, made: History) -> None:
    """Two networks: some schools in one, some in the other and later in the first, some in none."""
    moved, left, ever = date(2026, 1, 15), date(2026, 2, 1), date.max
    for name in ("Noord", "Zuid"):
        made.networks.append(await networks.create(conn, made.office, name, NOW))
    for number, school in enumerate(made.schools):
        if number % 3 == 0:
            made.stays.append((school.id, 0, FIRST, ever))
        if number % 3 == 1:
            made.stays += [(school.id, 1, FIRST, moved), (school.id, 0, moved, ever)]
    made.stays += [
        (made.companies[0].id, 0, FIRST, left),
        (made.companies[1].id, 1, FIRST, ever),
    ]
    kinds = {one.id: Kind.SCHOOL for one in made.schools}
    for member, at, since, until in made.stays:
        kind = kinds.get(member, Kind.COMPANY)
        await networks.join(conn, made.office, made.networks[at].id, kind, [member], since)
        if until == left:
            await networks.leave(conn, made.office, [member], until)


async def _classes(conn: Connection, made: History, count: int) -> None:
    teacher = await people.a_teacher(conn, made.programme, made.schools[0])
    for school in made.schools:
        for number in range(count):
            level = LEVELS[number % len(LEVELS)]
            class_id = await conn.fetchval(
                """
                insert into classes (programme_id, school_id, name, level, school_year, code,
                    code_until, link_token, created_by)
                values ($1, $2, $3, $4, 2025, gen_random_uuid()::text, '2026-07-31',
                    gen_random_uuid()::text, $5) returning id
                """,
                made.programme.id, school.id, f"{number}A", level, teacher.id,
            )  # fmt: skip
            made.classes.append((class_id, school, level))


@dataclass
class _Rows:
    """What is written at once: a statement a table, not one a lesson."""

    rooms: list[tuple[object, ...]] = field(default_factory=list)
    sessions: list[tuple[object, ...]] = field(default_factory=list)
    parts: list[tuple[object, ...]] = field(default_factory=list)
    results: list[tuple[object, ...]] = field(default_factory=list)


async def _lessons(conn: Connection, made: History, chance: random.Random, count: int) -> None:
    films = {
        row["id"]: row["current_version_id"]
        for row in await conn.fetch(
            """
            select t.id, f.current_version_id from tours t join videos f on f.id = t.video_id
            where t.programme_id = $1
            """,
            made.programme.id,
        )
    }
    rows = _Rows()
    for _ in range(count):
        day = FIRST + timedelta(days=chance.randrange(420))
        is_live = chance.random() < 0.4
        session_id = _session(rows, made, chance, films, day, is_live)
        for class_id, school, level in chance.sample(made.classes, 3 if is_live else 1):
            _took_part(rows, made, chance, session_id, class_id, school, level)
            made.lessons += 1
    await _write(conn, rows)


def _session(
    rows: _Rows, made: History, chance: random.Random, films: dict[UUID, UUID], day: date,
    is_live: bool,
) -> UUID:  # fmt: skip
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    session_id, key = uuid4(), made.programme.id
    tour_id, room_id = None, None
    if is_live:
        room_id, region = uuid4(), chance.choice(made.regions)
        rows.rooms.append((key, room_id, chance.choice(made.companies).id, region.id, at))
    else:
        tour_id = chance.choice(made.tours)
    film = films[tour_id] if tour_id else None
    rows.sessions.append((key, session_id, tour_id, film, room_id, [[0, FILM_MS]], at, day))
    return session_id


def _took_part(
    rows: _Rows, made: History, chance: random.Random, session_id: UUID, class_id: UUID,
    school: School, level: str,
) -> None:  # fmt: skip
    outcome, there = chance.choice(OUTCOMES), chance.randrange(1, 30)
    region = chance.choice(made.regions)  # where its school stood that day
    part, key = uuid4(), made.programme.id
    is_confirmed = chance.random() < 0.85
    rows.parts.append((key, part, session_id, class_id, school.id, region.id, level, is_confirmed))
    pupils = there if outcome in {"present", "declared", "replay_only"} else 0
    seconds = 0 if outcome == "no_show" else there * chance.randrange(60, 3000)
    rows.results.append((key, part, outcome, there, pupils, seconds, NOW))


async def _write(conn: Connection, rows: _Rows) -> None:
    await conn.executemany(
        """
        insert into rooms (programme_id, id, title, company_id, region_id, zone, opened_at,
            closed_at)
        values ($1, $2, 'Live', $3, $4, 'Europe/Amsterdam', $5, $5)
        """,
        rows.rooms,
    )
    await conn.executemany(
        """
        insert into sessions (programme_id, id, tour_id, version_id, room_id, state, zone, chosen,
            pass_share, rule_version, started_at, ended_at, local_date)
        values ($1, $2, $3, $4, $5, 'ended', 'Europe/Amsterdam', $6, 0.6, '1', $7, $7, $8)
        """,
        rows.sessions,
    )
    await conn.executemany(
        """
        insert into session_classes (programme_id, id, session_id, class_id, school_id, region_id,
            class_name, level, is_confirmed_teacher)
        values ($1, $2, $3, $4, $5, $6, '1A', $7, $8)
        """,
        rows.parts,
    )
    await conn.executemany(
        """
        insert into session_class_results (programme_id, session_class_id, outcome,
            measured_outcome, reason_code, window_ms, present_ms, headcount, measured_headcount,
            headcount_source, seats, seats_passed, pupils, student_seconds, has_beamer,
            rule_version, computed_at)
        values ($1, $2, $3, $3, 'threshold_reached', 180000, 120000, $4, $4, 'confirmed', 1, 1,
            $5, $6, true, '1', $7)
        """,
        rows.results,
    )
