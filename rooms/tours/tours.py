"""Tours: what a company makes of a film, and who may see it."""

import itertools
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from slugify import slugify

from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.scope import Scope
from rooms.tours import choices, new_film, states
from rooms.tours.states import Actor, State, TourFacts, Verb

MAX_TITLE = 120


@dataclass(frozen=True, slots=True)
class Tour:
    """One tour as `tour_rows` reads it; `title` and `description` in its original language.

    `version_id`, `duration_ms`: the film that plays, None before the first is ready.
    `newest_*`: the film added last, whatever became of it. `caption_languages`: without drafts.
    """

    programme_id: UUID
    id: UUID
    company_id: UUID
    video_id: UUID
    slug: str
    state: State
    original_language: str
    spoken_languages: list[str]
    nobody_speaks: bool
    sectors: list[str]
    levels: list[str]
    subjects: list[str]
    checks: list[str]
    btm_types: list[str]
    rights_by: UUID | None
    rights_at: datetime | None
    rights_until: date | None
    created_at: datetime
    changed_at: datetime
    asked_at: datetime | None
    published_at: datetime | None
    programme_slug: str
    programme_name: str
    zone: str
    is_public: bool
    programme_levels: list[str]
    company_slug: str
    company_name: str
    company_about: str
    company_place: str
    company_region_id: UUID | None
    title: str
    description: str
    version_id: UUID | None
    duration_ms: int | None
    edit: list[list[int]] | None
    newest_id: UUID | None
    newest_state: str | None
    caption_languages: list[str]

    @property
    def duration_s(self) -> float:
        """Length of the film that plays, in seconds; 0 without one."""
        return (self.duration_ms or 0) / 1000

    @property
    def may_edit(self) -> bool:
        """Whether its company may change it as it stands."""
        return states.may(self.state, Verb.EDIT, Actor.COMPANY)

    @property
    def path(self) -> str:
        """The public page."""
        return f"/p/{self.programme_slug}/tours/{self.slug}"

    def local_date(self, now: datetime) -> date:
        """The day it is in the tour's programme."""
        return now.astimezone(ZoneInfo(self.zone)).date()


def from_row(row: asyncpg.Record) -> Tour:
    """A row of `tour_rows`."""
    return Tour(**{**dict(row), "state": State(row["state"])})


def editor_companies(scope: Scope) -> list[UUID]:
    """Companies whose tours this person makes."""
    return [
        grant.company_id
        for grant in scope.grants
        if grant.role == "editor" and grant.company_id is not None
    ]


def facts(tour: Tour) -> TourFacts:
    """What the checklist before review looks at."""
    return TourFacts(
        title=tour.title,
        description=tour.description,
        has_film=tour.newest_id is not None,
        is_film_ready=tour.version_id is not None,
        spoken_languages=tuple(tour.spoken_languages),
        caption_languages=tuple(tour.caption_languages),
        nobody_speaks=tour.nobody_speaks and bool(tour.caption_languages),
        declared_until=tour.rights_until,
        sectors=len(tour.sectors),
        levels=len(tour.levels),
        is_checklist_ticked=set(choices.CHECKS) <= set(tour.checks),
    )


def missing(tour: Tour, now: datetime) -> tuple[str, ...]:
    """Codes of what still stands between the tour and its review, in the page's order."""
    return states.missing(facts(tour), tour.local_date(now))


async def create(
    conn: Connection, scope: Scope, company_id: UUID, video_id: UUID, title: str, language: str
) -> UUID:
    """A tour with a title and a place for its film; its address is made from the title."""
    if not title.strip():
        raise Refused("tour_title")
    if company_id not in editor_companies(scope):
        raise NotThere("company")
    for slug in _slugs(title):
        tour_id: UUID | None = await conn.fetchval(
            """
            insert into tours (programme_id, company_id, video_id, slug, original_language,
                               spoken_languages, region_id, created_by)
            select c.programme_id, c.id, $3, $4, $5, array[$5], c.region_id, $6
            from companies c where c.programme_id = $1 and c.id = $2 and c.state = 'active'
            on conflict (programme_id, slug) do nothing
            returning id
            """,
            scope.programme_id,
            company_id,
            video_id,
            slug,
            language,
            scope.person_id,
        )
        if tour_id is not None:
            break
        if not await _is_slug_taken(conn, scope, slug):
            raise NotThere("company")
    assert tour_id is not None
    await conn.execute(
        "insert into tour_texts (programme_id, tour_id, language, title) values ($1, $2, $3, $4)",
        scope.programme_id,
        tour_id,
        language,
        title[:MAX_TITLE],
    )
    await note(conn, scope.programme_id, tour_id, scope.person_id, "created")
    return tour_id


def _slugs(title: str) -> Any:
    base = slugify(title, max_length=60, word_boundary=True) or "tour"
    yield base
    for number in itertools.count(2):
        yield f"{base}-{number}"


async def _is_slug_taken(conn: Connection, scope: Scope, slug: str) -> bool:
    found = await conn.fetchval(
        "select true from tours where programme_id = $1 and slug = $2", scope.programme_id, slug
    )
    return bool(found)


async def note(
    conn: Connection,
    programme_id: UUID,
    tour_id: UUID,
    person_id: UUID | None,
    kind: str,
    reasons: str = "",
) -> None:
    """Adds a line to the tour's history."""
    await conn.execute(
        """
        insert into tour_events (programme_id, tour_id, person_id, kind, reasons)
        values ($1, $2, $3, $4, $5)
        """,
        programme_id,
        tour_id,
        person_id,
        kind,
        reasons,
    )


async def of_company(conn: Connection, scope: Scope) -> list[Tour]:
    """The tours of the person's companies, the one changed last first."""
    rows = await conn.fetch(
        """
        select * from tour_rows where programme_id = $1 and company_id = any($2::uuid[])
        order by changed_at desc, id
        """,
        scope.programme_id,
        editor_companies(scope),
    )
    return [from_row(row) for row in rows]


async def one_of_company(conn: Connection, scope: Scope, tour_id: UUID) -> Tour:
    """A tour the person's company makes; anything else is not there."""
    row = await conn.fetchrow(
        """
        select * from tour_rows
        where programme_id = $1 and id = $2 and company_id = any($3::uuid[])
        """,
        scope.programme_id,
        tour_id,
        editor_companies(scope),
    )
    if row is None:
        raise NotThere("tour")
    return from_row(row)


async def one_by_id(conn: Connection, programme_id: UUID, tour_id: UUID) -> Tour:
    """Any tour of the programme, for what the house itself does with it."""
    row = await conn.fetchrow(
        "select * from tour_rows where programme_id = $1 and id = $2", programme_id, tour_id
    )
    if row is None:
        raise NotThere("tour")
    return from_row(row)


async def to_edit(conn: Connection, scope: Scope, tour_id: UUID) -> Tour:
    """The same tour, locked, when its company may change it now; else `tour_state`."""
    await conn.execute(
        "select 1 from tours where programme_id = $1 and id = $2 for update",
        scope.programme_id,
        tour_id,
    )
    tour = await one_of_company(conn, scope, tour_id)
    states.move(tour.state, Verb.EDIT, Actor.COMPANY)
    return tour


async def describe(
    conn: Connection,
    scope: Scope,
    tour_id: UUID,
    *,
    sectors: list[str],
    levels: list[str],
    subjects: list[str],
    spoken_languages: list[str],
) -> None:
    """What it is about and for whom; unknown codes fall away."""
    await conn.execute(
        """
        update tours set sectors = $4, levels = $5, subjects = $6, spoken_languages = $7,
            changed_at = now()
        where programme_id = $1 and id = $2 and company_id = any($3::uuid[])
        """,
        scope.programme_id,
        tour_id,
        editor_companies(scope),
        choices.known(sectors, choices.SECTORS),
        choices.known(levels, choices.LEVELS),
        choices.known(subjects, choices.SUBJECTS),
        choices.known(spoken_languages, choices.LANGUAGES),
    )


async def say_nobody_speaks(
    conn: Connection, scope: Scope, tour_id: UUID, nobody_speaks: bool
) -> None:
    """Whether the film has no spoken word."""
    await conn.execute(
        """
        update tours set nobody_speaks = $4, changed_at = now()
        where programme_id = $1 and id = $2 and company_id = any($3::uuid[])
        """,
        scope.programme_id,
        tour_id,
        editor_companies(scope),
        nobody_speaks,
    )


async def declare(
    conn: Connection, scope: Scope, tour_id: UUID, until: date, now: datetime
) -> None:
    """The rights and portrait declaration: who, when, and until which day it holds."""
    await conn.execute(
        """
        update tours set rights_by = $4, rights_at = $5, rights_until = $6, changed_at = now()
        where programme_id = $1 and id = $2 and company_id = any($3::uuid[])
        """,
        scope.programme_id,
        tour_id,
        editor_companies(scope),
        scope.person_id,
        now,
        until,
    )


async def declared_by(conn: Connection, scope: Scope, tour_id: UUID) -> str:
    """The name of who declared; empty when nobody has."""
    name: str | None = await conn.fetchval(
        """
        select p.name from tours t join persons p on p.id = t.rights_by
        where t.programme_id = $1 and t.id = $2
        """,
        scope.programme_id,
        tour_id,
    )
    return name or ""


async def tick(conn: Connection, scope: Scope, tour_id: UUID, checks: list[str]) -> None:
    """Which things the company has looked for in its film."""
    await conn.execute(
        """
        update tours set checks = $4, changed_at = now()
        where programme_id = $1 and id = $2 and company_id = any($3::uuid[])
        """,
        scope.programme_id,
        tour_id,
        editor_companies(scope),
        choices.known(checks, choices.CHECKS),
    )


async def may_watch(conn: Connection, scope: Scope | None, video_id: UUID) -> bool:
    """Whether this person may see the film (and its captions and pictures) right now.

    Published: everybody where the programme is public, else who has a role in it. Not published:
    the company's editors, and from the first request for review on also its reviewers. A scope
    of another programme counts as a visitor's, as None does. A class's seat is judged elsewhere.
    """
    scope = scope or Scope(video_id)
    allowed = await conn.fetchval(
        """
        select (t.state = 'published' and p.is_public) or (t.programme_id = $1 and (
            t.company_id = any($3::uuid[])
            or (t.state = 'published' and $4)
            or (t.state <> 'draft' and ($5 or c.region_id = any($6::uuid[])))))
        from tours t
        join programmes p on p.id = t.programme_id
        join companies c on c.programme_id = t.programme_id and c.id = t.company_id
        where t.video_id = $2
        """,
        scope.programme_id,
        video_id,
        editor_companies(scope),
        bool(scope.grants),
        scope.sees_all,
        scope.region_ids,
    )
    return bool(allowed)


async def may_edit_video(conn: Connection, scope: Scope, video_id: UUID) -> bool:
    """Whether this film is one of the person's own company."""
    found = await conn.fetchval(
        """
        select true from videos
        where programme_id = $1 and id = $2 and company_id = any($3::uuid[])
        """,
        scope.programme_id,
        video_id,
        editor_companies(scope),
    )
    return bool(found)


async def film_ready(
    conn: Connection, programme_id: UUID, video_id: UUID, version_id: UUID, now: datetime
) -> UUID | None:
    """A version has just become the film that plays; returns the tour.

    Captions and chapters of the same original go along. A published tour goes back to review,
    for nobody has looked at this film yet.
    """
    was_replaced = await new_film.carry_along(conn, programme_id, video_id, version_id)
    row = await conn.fetchrow(
        """
        update tours set changed_at = $3,
            asked_at = case when state = 'published' and $4 then $3 else asked_at end,
            state = case when state = 'published' and $4 then 'review' else state end
        where programme_id = $1 and video_id = $2
        returning id
        """,
        programme_id,
        video_id,
        now,
        was_replaced,
    )
    if row is not None and was_replaced:
        await note(conn, programme_id, row["id"], None, "film_replaced")
    return row["id"] if row else None


async def film_failed(
    conn: Connection, programme_id: UUID, video_id: UUID, code: str
) -> UUID | None:
    """The film added last could not be made; what played before plays on. Returns the tour.

    `code`: why; the version's own row keeps it, the studio shows it from there.
    """
    tour_id: UUID | None = await conn.fetchval(
        """
        update tours set changed_at = now() where programme_id = $1 and video_id = $2 and $3 <> ''
        returning id
        """,
        programme_id,
        video_id,
        code,
    )
    return tour_id


async def rights_due(conn: Connection, now: datetime) -> list[tuple[UUID, UUID]]:
    """Unpublishes every tour whose declaration has run out; returns (programme, tour) of each.

    It goes when the end date begins in its programme's zone, as `states.missing` counts it.
    """
    rows = await conn.fetch(
        """
        update tours t set state = 'unpublished', changed_at = $1
        from programmes p
        where p.id = t.programme_id and t.state = 'published'
          and t.rights_until <= ($1 at time zone p.zone)::date
        returning t.programme_id, t.id
        """,
        now,
    )
    for row in rows:
        await note(conn, row["programme_id"], row["id"], None, "rights_ended")
    return [(row["programme_id"], row["id"]) for row in rows]


async def rights_ending(conn: Connection, now: datetime) -> list[Tour]:
    """Published tours whose declaration ends in 28 to 30 days: time to say so."""
    rows = await conn.fetch(
        """
        select * from tour_rows
        where state = 'published'
          and rights_until - ($1 at time zone zone)::date between 28 and 30
        """,
        now,
    )
    return [from_row(row) for row in rows]
