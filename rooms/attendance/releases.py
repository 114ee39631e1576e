"""Releases: the KPIs of a period, frozen as they leave the programme.

An edition is stored as bytes and never changes. A later correction makes the next edition, which
lists the differences. While a period is open its editions are provisional: only who may see all of
the programme anyway reads them, no coordinator of a region and no funder, and the final ones say
nothing of them. What one of them blanks the next may tell, as more has happened; who had both could
work out what was blanked. Among final editions blanks only grow. Two releases never share a day
unless they share all: the reader of both could subtract one from the other.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from rooms.attendance import blanking, exports, kpi, published, release_documents
from rooms.attendance.cells import exact_text
from rooms.attendance.kpi_periods import Period
from rooms.attendance.release_documents import Definitions, Document, Facts
from rooms.attendance.tables import Table
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.people import programmes, registry
from rooms.people.programmes import Programme
from rooms.scope import Grant, Scope

# Figures and tables are counted anew when something changed meanwhile, but not for ever.
COUNTED_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Release:
    """An edition as lists show it. `made_by`: a name, for those of the programme only."""

    id: UUID
    period: Period
    edition: int
    is_provisional: bool
    as_of: datetime
    sha256: str
    made_by: str
    made_at: datetime
    is_latest: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """An edition with its bytes."""

    release: Release
    document: bytes
    csv: bytes

    @property
    def read(self) -> Document:
        """What the document says."""
        found: dict[str, Any] = json.loads(self.document)
        return found


# --- making --------------------------------------------------------------------------------------


async def make(
    conn: Connection, scope: Scope, period: Period, definitions: Definitions, now: datetime
) -> Release:
    """Freezes a period. The caller has judged who may, and keeps it in one transaction.

    Raises `Conflict` `release_unchanged` when nothing that counts has changed since its last
    edition, `release_overlaps` for days of another release, `release_early` for days to come.
    """
    # One at a time; lessons go on beginning meanwhile, which `for update` would make wait.
    await conn.execute("select from programmes where id = $1 for no key update", scope.programme_id)
    programme = await programmes.by_id(conn, scope.programme_id)
    today = now.astimezone(ZoneInfo(programme.zone)).date()
    await check(conn, scope, period, today)
    editions = await _editions(conn, scope, period)
    latest = editions[-1] if editions else None
    final = [one for one in editions if not one["is_provisional"]]
    before = editions[-1:] if period.is_open(today) else final
    number = latest["edition"] + 1 if latest else 1
    made = await compose(conn, scope, programme, period, definitions, today, before, number)
    if latest is not None and _is_unchanged(made, latest):
        raise Conflict("release_unchanged", edition=latest["edition"])
    return await _store(conn, scope, made, now)


async def check(conn: Connection, scope: Scope, period: Period, today: date) -> None:
    """Whether a period can be released at all: raises `Conflict` `release_early`,
    `release_overlaps`."""
    if period.since > today:
        raise Conflict("release_early")
    await _check_overlap(conn, scope, period)


async def compose(
    conn: Connection,
    scope: Scope,
    programme: Programme,
    period: Period,
    definitions: Definitions,
    today: date,
    before: Sequence[Document],
    number: int = 1,
) -> Document:
    """The edition of that number as it would be stored now; the same data give the same document.

    `before`: those it comes after, the oldest first. It says the differences to the last; what it
    blanks hides although a reader has all of them, when they are final.
    """
    found, tables, changed_at = await _counted(conn, scope, period)
    assert found.hosted is not None
    names = await published.names(conn, scope, tables)
    as_of = _as_of(programme, period, today, changed_at, names.changed_at)
    final = [one for one in before if not one["is_provisional"]]
    kept = release_documents.hidden_in(final)
    known = release_documents.known_of(final, tables)
    version = await registry.version_at(conn, as_of)
    facts = Facts(
        programme=programme.slug,
        programme_name=programme.name,
        zone=programme.zone,
        period=period,
        is_provisional=period.is_open(today),
        as_of=as_of,
        registry_number=version.number,
        registry_sha256=version.sha256,
        attended=found.attended,
        hosted=found.hosted,
        tables=tables,
        # Seconds of search where much is small: others are served meanwhile.
        blanked=await asyncio.to_thread(blanking.blank, tables, kept, known=known),
        names=names,
        definitions=definitions,
        edition=number,
    )
    return release_documents.document(facts, before[-1] if before else None)


def _office(scope: Scope) -> Scope:
    """A release is of the whole programme, whoever of the office makes it."""
    return Scope(scope.programme_id, scope.person_id, (Grant("bureau"),))


async def _counted(
    conn: Connection, scope: Scope, period: Period
) -> tuple[kpi.Figures, list[Table], datetime | None]:
    """Figures and tables of one moment, and when what is counted in them changed last."""
    changed_at = await _changed_at(conn, scope, period)
    for _ in range(COUNTED_AT_MOST):
        before = changed_at
        found = (await kpi.report(conn, _office(scope), kpi.Asked(period))).total
        tables = await published.tables(conn, scope, period)
        changed_at = await _changed_at(conn, scope, period)
        if changed_at == before:
            break
    return found, tables, before


async def _changed_at(conn: Connection, scope: Scope, period: Period) -> datetime | None:
    """The last change of anything counted; None: of a programme in which there is nothing."""
    found: datetime | None = await conn.fetchval(
        """
        select greatest(
            (select max(changed_at) from kpi_classes
                where programme_id = $1 and local_date between $2 and $3),
            (select max(changed_at) from kpi_sessions
                where programme_id = $1 and local_date between $2 and $3),
            (select max(greatest(r.changed_at, w.changed_at)) from requests r
                join webinars w on (w.programme_id, w.id) = (r.programme_id, r.webinar_id)
                where r.programme_id = $1 and r.day between $2 and $3 and r.state = 'accepted'),
            (select max(made_at) from registry_versions))
        """,
        scope.programme_id,
        period.since,
        period.until,
    )
    return found


def _as_of(programme: Programme, period: Period, today: date, *at: datetime | None) -> datetime:
    """The last change of anything counted or named in it; at least its end, once that has come."""
    zone = ZoneInfo(programme.zone)
    ends = datetime.combine(period.until + timedelta(days=1), time(), zone)
    begins = datetime.combine(period.since, time(), zone)
    latest = max([begins, *(one for one in at if one is not None)])
    return latest if period.is_open(today) else max(latest, ends)


def _is_unchanged(made: Document, latest: Document) -> bool:
    """Whether an edition would be the latest one again."""
    if made["is_provisional"] != latest["is_provisional"]:
        return False
    if made["as_of"] == latest["as_of"]:
        return True
    # The first editions told the next full second.
    moment = datetime.fromisoformat(made["as_of"])
    full = moment.replace(microsecond=0) + timedelta(seconds=1)
    is_so_told = exact_text(full) == latest["as_of"]
    return is_so_told and release_documents.says_the_same(made, latest)


async def _check_overlap(conn: Connection, scope: Scope, period: Period) -> None:
    """Against what has left the programme: final editions."""
    other = await conn.fetchrow(
        """
        select since, until from releases
        where programme_id = $1 and since <= $3 and until >= $2 and (since, until) <> ($2, $3)
            and not is_provisional
        order by since limit 1
        """,
        scope.programme_id,
        period.since,
        period.until,
    )
    if other is not None:
        raise Conflict("release_overlaps", since=other["since"], until=other["until"])


async def _editions(conn: Connection, scope: Scope, period: Period) -> list[Document]:
    """All editions over these days, the oldest first."""
    rows = await conn.fetch(
        """
        select document from releases where programme_id = $1 and since = $2 and until = $3
        order by edition
        """,
        scope.programme_id,
        period.since,
        period.until,
    )
    return [json.loads(row["document"]) for row in rows]


async def _store(conn: Connection, scope: Scope, made: Document, now: datetime) -> Release:
    release_id: UUID = await conn.fetchval(
        """
        insert into releases (programme_id, since, until, edition, is_provisional, as_of, document,
            csv, sha256, made_by, made_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id
        """,
        scope.programme_id,
        date.fromisoformat(made["period"]["since"]),
        date.fromisoformat(made["period"]["until"]),
        made["edition"],
        made["is_provisional"],
        datetime.fromisoformat(made["as_of"]),
        release_documents.to_bytes(made),
        release_documents.to_table(made, "en"),
        release_documents.sha_of(made),
        scope.person_id,
        now,
    )
    return (await get(conn, scope, release_id)).release


# --- reading -------------------------------------------------------------------------------------


async def every(conn: Connection, scope: Scope) -> list[Release]:
    """All editions of the programme, the latest period first, then the latest edition; the final
    ones only for who does not see all of it."""
    rows = await conn.fetch(
        """
        select r.id, r.since, r.until, r.edition, r.is_provisional, r.as_of, r.sha256,
            coalesce(nullif(p.name, ''), p.email, '') as made_by, r.made_at,
            r.edition = max(r.edition) over (partition by r.since, r.until) as is_latest
        from releases r left join persons p on p.id = r.made_by
        where r.programme_id = $1 and not ($2 and r.is_provisional)
        order by r.since desc, r.until desc, r.edition desc limit 500
        """,
        scope.programme_id,
        _reads_final_ones(scope),
    )
    return [_release(row) for row in rows]


async def get(conn: Connection, scope: Scope, release_id: UUID) -> Stored:
    """One edition with its bytes. Raises `NotThere`, for who does not see all of the programme also
    for a provisional one."""
    row = await conn.fetchrow(
        """
        select r.id, r.since, r.until, r.edition, r.is_provisional, r.as_of, r.sha256,
            coalesce(nullif(p.name, ''), p.email, '') as made_by, r.made_at,
            not exists (select from releases n where n.programme_id = r.programme_id
                and n.since = r.since and n.until = r.until and n.edition > r.edition)
                as is_latest, r.document, r.csv
        from releases r left join persons p on p.id = r.made_by
        where r.programme_id = $1 and r.id = $2 and not ($3 and r.is_provisional)
        """,
        scope.programme_id,
        release_id,
        _reads_final_ones(scope),
    )
    if row is None:
        raise NotThere("release")
    return Stored(_release(row), row["document"], row["csv"])


async def taken(
    conn: Connection,
    scope: Scope,
    release_id: UUID,
    format: str,
    now: datetime,
    link_id: UUID | None = None,
) -> Stored:
    """One edition whose file somebody of the programme takes along, or who has a funder's link;
    that it was taken is on record. Raises `NotThere`."""
    stored = await get(conn, scope, release_id)
    rows = sum(1 for _ in release_documents.figures_of(stored.read))
    await exports.note(conn, scope, "release", format, str(release_id), rows, now, link_id)
    return stored


def _reads_final_ones(scope: Scope) -> bool:
    """And no other: what is blanked in a provisional edition is not hers to see, and two of them
    would tell it. A funder's link gives a scope without a role."""
    return not scope.sees_all


def _release(row: asyncpg.Record) -> Release:
    return Release(
        row["id"],
        Period(row["since"], row["until"]),
        row["edition"],
        row["is_provisional"],
        row["as_of"],
        row["sha256"],
        row["made_by"],
        row["made_at"],
        row["is_latest"],
    )
