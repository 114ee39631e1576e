"""What a row of an export says: kept results as they are, what still runs judged now.

Rows come by the thousand. What rows share, a session and a school, is looked up once for all of
them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from rooms.attendance import materials, report, results
from rooms.attendance.cells import hh_mm, local_text, utc_text
from rooms.attendance.lines import Value, Values
from rooms.attendance.results import Result
from rooms.connection import Connection
from rooms.scope import Scope

# A country's programme has fewer; a longer list of them begins anew.
SCHOOLS_KEPT = 5_000

# (why it was corrected, by whom, when); of most rows there is nothing to say.
Correction: TypeAlias = tuple[str, str, str]
UNCORRECTED: Correction = ("", "", "")


class Sitting(NamedTuple):
    """What the rows of a session share, as it stands in them. `zone`: where its times are told."""

    day: date | None
    zone: str
    state: str
    times: tuple[str, ...]
    tour: tuple[str, ...]
    rule: tuple[float, str]
    room: tuple[str, ...]
    window: str


def sitting(
    day: date | None, started: datetime | None, ended: datetime | None, zone: str,
    tour_id: str | None, room_id: str | None, title: str, company: str, state: str, share: float,
    version: str, window: str,
) -> Sitting:  # fmt: skip
    """What is a tour's is empty of a live room, and the other way round. `window`: what a live
    one is held against; a tour always against its film."""
    return Sitting(
        day,
        zone,
        state,
        (
            day.isoformat() if day else "",
            utc_text(started) if started else "",
            local_text(started, zone) if started else "",
            utc_text(ended) if ended else "",
            local_text(ended, zone) if ended else "",
        ),
        (tour_id or "", "" if room_id else title, company, state),
        (round(share * 100, 1), version),
        ("room" if room_id else "tour", room_id or "", title if room_id else ""),
        window if room_id else "film",
    )


@dataclass(frozen=True, slots=True)
class School:
    """A school as it was any day. `former`: (the day a name ended, that name), the first one
    first; `networks`: (from when, until when or None, a network's name)."""

    code: str
    place: str
    name: str
    former: tuple[tuple[date, str], ...] = ()
    networks: tuple[tuple[date, date | None, str], ...] = ()

    def name_on(self, day: date | None) -> str:
        """What it was called; today's name when no day is known."""
        if day is None:
            return self.name
        for until, name in self.former:
            if until > day:
                return name
        return self.name

    def network_on(self, day: date | None) -> str:
        """The name of the network it was in, '' for none."""
        if day is None:
            return ""
        for since, until, name in self.networks:
            if since <= day and (until is None or day < until):
                return name
        return ""


# --- one row -------------------------------------------------------------------------------------

# A row's own, in this order: what stands in its class's row, then what came of it.
OWN = 9
CONFIRMED_AT = 6
JUDGED = (
    "outcome",
    "measured_outcome",
    "reason_code",
    "window_ms",
    "present_ms",
    "headcount",
    "measured_headcount",
    "headcount_source",
    "has_beamer",
    "seats",
    "seats_passed",
    "pupils",
    "student_seconds",
    "cut_off",
)
_judged_values: Callable[[Result], tuple[Any, ...]] = attrgetter(*JUDGED)


def values(
    own: Iterable[Any],
    region: str,
    school: School,
    shared: Sitting,
    correction: Correction = UNCORRECTED,
    *,
    is_final: bool = True,
) -> list[Value]:
    """A row in the order of `export.COLUMNS`. Moments are UTC, and local with offset; lengths
    whole seconds, and hours and minutes for reading."""
    (
        key, session, _, _, class_name, level, is_confirmed, lesson_from, lesson_until, outcome,
        measured, reason, window_ms, present_ms, headcount, headcount_measured, source, has_beamer,
        seats, passed, pupils, seconds, cut_off,
    ) = own  # fmt: skip
    return [
        key,
        session,
        *shared.times,
        region,
        school.code,
        school.name_on(shared.day),
        school.place,
        class_name,
        level,
        is_confirmed,
        *shared.tour,
        outcome,
        measured,
        reason,
        *shared.rule,
        window_ms // 1000,
        present_ms // 1000,
        round(100 * present_ms / window_ms, 1) if window_ms else 0.0,
        headcount,
        headcount_measured,
        source,
        has_beamer,
        seats,
        passed,
        pupils,
        seconds // 60,
        *correction,
        is_final,
        *shared.room,
        _hh_mm((window_ms + 30_000) // 60_000),
        _hh_mm((present_ms + 30_000) // 60_000),
        cut_off,
        shared.window,
        local_text(lesson_from, shared.zone) if lesson_from else "",
        local_text(lesson_until, shared.zone) if lesson_until else "",
        school.network_on(shared.day),
    ]


@lru_cache(maxsize=4096)
def _hh_mm(minutes: int) -> str:
    """Lengths to the nearest minute, of which there are few."""
    return hh_mm(minutes * 60_000)


# --- many of them --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Rows as they were looked up. `judged`: those without a kept result, as they are now."""

    rows: list[asyncpg.Record]
    sittings: dict[str, Sitting]
    schools: dict[str, School]
    regions: dict[str, str]
    corrected: dict[str, Correction]
    judged: dict[str, Result]

    def values(self, first: int, size: int) -> list[Values]:
        """Some of them."""
        sittings, schools, region, corrected, judged = (
            self.sittings, self.schools, self.regions.get, self.corrected, self.judged,
        )  # fmt: skip
        return [
            values(
                self._as_it_is(row) if row[0] in judged else row,
                region(row[3], ""),
                schools[row[2]],
                sittings[row[1]],
                corrected.get(row[0], UNCORRECTED),
                is_final=row[0] not in judged,
            )
            for row in self.rows[first : first + size]
        ]

    def _as_it_is(self, row: asyncpg.Record) -> Iterable[Any]:
        """A row with what came of it up to now."""
        return (*row[:OWN], *_judged_values(self.judged[row[0]]))


class Reader:
    """Looks up what stands beside rows, in one moment of the database (`export.one_moment`).

    `outcome`: what is wished for; of rows that are judged now, those that do not fit are left out.
    """

    def __init__(self, conn: Connection, scope: Scope, outcome: str) -> None:
        self._conn, self._scope, self._outcome = conn, scope, outcome
        self._regions: dict[str, str] = {}
        self._schools: dict[str, School] = {}

    async def part(self, rows: list[asyncpg.Record]) -> Part:
        """Of session classes with what came of them, as `values` takes them, in this order.

        Whoever asks has seen that they are the viewer's.
        """
        sittings = await _sittings(self._conn, self._scope, _distinct(rows, 1))
        corrected = await _corrections(self._conn, self._scope, [row[0] for row in rows])
        judged = await self._judged(rows, sittings)
        return Part(
            [row for row in rows if row[0] not in judged or self._is_wished(row, judged[row[0]])],
            sittings,
            await self._schools_of(rows),
            await self._regions_of(rows),
            corrected,
            judged,
        )

    def _is_wished(self, row: asyncpg.Record, judged: Result) -> bool:
        return report.fits(judged, self._outcome, is_confirmed=row[CONFIRMED_AT])

    async def _judged(
        self, rows: list[asyncpg.Record], sittings: dict[str, Sitting]
    ) -> dict[str, Result]:
        """What has no result yet, or runs again: as it is now."""
        ids = [
            UUID(row[0]) for row in rows if row[OWN] is None or sittings[row[1]].state != "ended"
        ]
        found = await materials.of(self._conn, ids) if ids else []
        return {str(one.session_class_id): results.judge(one) for one in found}

    async def _schools_of(self, rows: list[asyncpg.Record]) -> dict[str, School]:
        wanted = _distinct(rows, 2)
        if len(self._schools) > SCHOOLS_KEPT:
            self._schools.clear()
        missing = [key for key in wanted if key not in self._schools]
        if missing:
            self._schools |= await _schools(self._conn, self._scope, missing)
        return {key: self._schools[key] for key in wanted}

    async def _regions_of(self, rows: list[asyncpg.Record]) -> dict[str, str]:
        if not self._regions and any(row[3] for row in rows):
            self._regions = await _regions(self._conn, self._scope)
        return self._regions


def _listed(ids: Iterable[str]) -> str:
    """Many ids as one text, to be made rows of at once: each of a list the driver looks at longer
    than the database at its row."""
    return "{" + ",".join(ids) + "}"


def _distinct(rows: list[asyncpg.Record], column: int) -> list[str]:
    return list(dict.fromkeys([row[column] for row in rows]))


async def _sittings(conn: Connection, scope: Scope, ids: list[str]) -> dict[str, Sitting]:
    rows = await conn.fetch(
        """
        select s.id::text, s.local_date, s.started_at, s.ended_at, s.zone, s.tour_id::text,
            s.room_id::text, coalesce(x.title, m.title, ''), coalesce(k.name, ''), s.state,
            s.pass_share::float8, s.rule_version, s.window_kind
        from sessions s
        left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        left join rooms m on (m.programme_id, m.id) = (s.programme_id, s.room_id)
        left join companies k on k.programme_id = s.programme_id
            and k.id = coalesce(t.company_id, m.company_id)
        where s.programme_id = $1 and s.id = any($2::uuid[])
        """,
        scope.programme_id,
        ids,
    )
    return {row[0]: sitting(*row[1:]) for row in rows}


async def _schools(conn: Connection, scope: Scope, ids: list[str]) -> dict[str, School]:
    rows = await conn.fetch(
        """
        select o.id::text as key, o.code, o.place, o.name, f.days, f.names, n.since, n.until,
            n.networks
        from schools o
        cross join lateral (
            select array_agg(e.happened_on order by e.happened_on, e.id) as days,
                array_agg(coalesce(e.was ->> 'name', o.name) order by e.happened_on, e.id) as names
            from school_events e where e.school_id = o.id and e.kind = 'renamed'
        ) f
        cross join lateral (
            select array_agg(m.valid_from order by m.valid_from) as since,
                array_agg(m.valid_to order by m.valid_from) as until,
                array_agg(w.name order by m.valid_from) as networks
            from network_members m
            join networks w on (w.programme_id, w.id) = (m.programme_id, m.network_id)
            where m.programme_id = $1 and m.member_id = o.id
        ) n
        where o.id = any($2::uuid[])
        """,
        scope.programme_id,
        ids,
    )
    return {
        row["key"]: School(
            row["code"],
            row["place"],
            row["name"],
            tuple(zip(row["days"] or (), row["names"] or (), strict=True)),
            tuple(zip(row["since"] or (), row["until"] or (), row["networks"] or (), strict=True)),
        )
        for row in rows
    }


async def _regions(conn: Connection, scope: Scope) -> dict[str, str]:
    rows = await conn.fetch(
        "select id::text as key, name from regions where programme_id = $1", scope.programme_id
    )
    return {row["key"]: row["name"] for row in rows}


async def _corrections(conn: Connection, scope: Scope, ids: list[str]) -> dict[str, Correction]:
    rows = await conn.fetch(
        """
        select c.session_class_id::text, string_agg(c.reason, ' / ' order by c.at),
            string_agg(distinct coalesce(nullif(p.name, ''), p.email), ' / '), max(c.at)
        from unnest($2::text::uuid[]) as i (id)
        join corrections c on c.session_class_id = i.id
        join persons p on p.id = c.person_id
        where c.programme_id = $1 and c.undone_at is null
        group by c.session_class_id
        """,
        scope.programme_id,
        _listed(ids),
    )
    return {key: (reason, by, utc_text(at)) for key, reason, by, at in rows}
