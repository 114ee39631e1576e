"""KPIs and releases for programs: the same figures as the pages, the same bytes as the files."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from starlette.responses import Response

from rooms.attendance import exports, kpi, kpi_periods, releases
from rooms.attendance.kpi import By, Figures
from rooms.errors import Refused
from rooms.people import programmes
from rooms.tours import choices
from server.context import Here

Level = Annotated[str, Meta(max_length=20)]


class Asked(msgspec.Struct, frozen=True):
    """`since` and `until`: local days, both included; without both the present school year. `by`:
    what the parts are told apart by; without it there is the whole only. A company is told nothing
    by `network` or `level`: 422 `kpi_of_schools`."""

    since: date | None = None
    until: date | None = None
    by: Literal["region", "network", "level", "sector", "objective", "kind", "month"] | None = None
    region: UUID | None = None
    level: Level = ""
    sector: Level = ""
    objective: UUID | None = None
    kind: Level = ""
    network: UUID | None = None


class Attended(msgspec.Struct, frozen=True):
    """What classes did, in the region where their school stood at that time."""

    schools: int
    registry: int
    classes: int
    pupils_reached: int
    participations: int
    student_minutes: int
    sessions: int
    sessions_live: int
    sessions_on_demand: int
    partnerships: int
    unconfirmed: int


class Hosted(msgspec.Struct, frozen=True):
    """What organisers did, in their own region. Minutes of preparation as far as they were told."""

    sessions: int
    sessions_live: int
    companies: int
    stage_minutes: int
    preparation_minutes: int
    preparation_told: int
    preparation_untold: int


class Part(msgspec.Struct, frozen=True):
    """`key` '' of a part: what has no region, sector or objective. `hosted` null: it is not told
    apart by level."""

    key: str
    attended: Attended
    hosted: Hosted | None


class Kpis(msgspec.Struct, frozen=True):
    """The whole and its parts. `is_provisional`: the period is not over yet."""

    since: date
    until: date
    is_provisional: bool
    whole: Part
    parts: list[Part]


class Release(msgspec.Struct, frozen=True):
    """One edition; `sha256` is that of the document."""

    id: UUID
    since: date
    until: date
    edition: int
    is_provisional: bool
    is_latest: bool
    as_of: datetime
    made_at: datetime
    sha256: str


class Releases(msgspec.Struct, frozen=True):
    """The latest period first, then the latest edition."""

    releases: list[Release]


class ReleasesAsked(msgspec.Struct, frozen=True):
    """Only of periods that lie wholly in these local days, both included."""

    since: date | None = None
    until: date | None = None


class FileAsked(msgspec.Struct, frozen=True):
    """`format`: `json` (the document) or `csv`."""

    format: Annotated[str, Meta(pattern="^(json|csv)$")] = "json"


async def show(here: Here, asked: Asked) -> Kpis:
    """Figures of what the token's person may count."""
    async with here.adding_up() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
        today = here.now.astimezone(ZoneInfo(programme.zone)).date()
        if asked.since and asked.until:
            period = kpi_periods.free(asked.since, asked.until)
        else:
            period = kpi_periods.named("", "", today, programme.school_year_starts)
        wanted = kpi.Asked(
            period,
            region_id=asked.region,
            level=_known(asked.level, choices.LEVELS),
            sector=_known(asked.sector, choices.SECTORS),
            objective_id=asked.objective,
            kind=_known(asked.kind, kpi.KINDS),
            network_id=asked.network,
        )
        by = By(asked.by) if asked.by else None
        if kpi.leads_to_schools(here.scope, wanted, by):
            raise Refused("kpi_of_schools")
        found = await kpi.report(conn, here.scope, wanted, by)
        await exports.note(
            conn, here.scope, "kpis", "json", here.request.url.query, 1 + len(found.parts), here.now
        )
    return Kpis(
        period.since,
        period.until,
        period.is_open(today),
        _part("", found.total),
        [_part(key, figures) for key, figures in found.parts],
    )


def _known(typed: str, among: tuple[str, ...]) -> str:
    """A filter nobody knows would be taken for one that filters."""
    if typed and typed not in among:
        raise Refused("bad_request", detail=f"unknown value {typed[:20]!r}")
    return typed


def _part(key: str, figures: Figures) -> Part:
    side, host = figures.attended, figures.hosted
    return Part(
        key,
        Attended(**{name: getattr(side, name) for name in Attended.__struct_fields__}),
        Hosted(
            host.sessions,
            host.sessions_live,
            host.companies,
            host.stage_seconds // 60,
            host.preparation_minutes,
            host.preparation_told,
            host.preparation_untold,
        )
        if host
        else None,
    )


async def index(here: Here, asked: ReleasesAsked) -> Releases:
    """Every edition that is hers to read, or those over days that lie in a period."""
    async with here.transaction() as conn:
        every = await releases.every(conn, here.scope)
    return Releases(
        [
            Release(
                one.id, one.period.since, one.period.until, one.edition, one.is_provisional,
                one.is_latest, one.as_of, one.made_at, one.sha256,
            )
            for one in every
            if (asked.since is None or one.period.since >= asked.since)
            and (asked.until is None or one.period.until <= asked.until)
        ]
    )  # fmt: skip


async def file(here: Here, asked: FileAsked) -> Response:
    """The stored bytes of one edition."""
    async with here.transaction() as conn:
        stored = await releases.taken(conn, here.scope, here.id(), asked.format, here.now)
    if asked.format == "csv":
        return Response(stored.csv, media_type="text/csv; charset=utf-8")
    return Response(stored.document, media_type="application/json")
