"""Webinars: a sitting for many classes, said beforehand; a guest lesson is one for a single class.

A webinar gets its room and its planned session when it is announced: from then on its presence
rule stands, and its presenters may try the stage. Its doors open by `webinar_doors.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from rooms.agenda import webinar_states, webinar_texts
from rooms.agenda.webinar_states import Actor, State, Verb
from rooms.agenda.webinar_texts import Text
from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.people.programmes import Programme
from rooms.scope import Scope
from rooms.tours import choices

KINDS = ("webinar", "guest_lesson", "live_tour")
AUDIENCES = ("pupils", "teachers", "parents", "mixed")
WINDOW_KINDS = ("actual", "scheduled")
MAX_CAPACITY = 100_000
MAKERS = ("moderator", "coordinator", "bureau", "operator")


@dataclass(frozen=True, slots=True)
class Webinar:
    """One webinar as `webinar_rows` reads it.

    `texts`: by language; `text()` chooses. `day`, `from_time`, `until_time`: local, in `zone`;
    `starts_at`, `ends_at`: the same in UTC. `sequence`: of its calendar entry. `pupils_in`: those
    that `capacity` is held against; `waiting`: registrations that wait.
    """

    programme_id: UUID
    id: UUID
    kind: str
    state: State
    audience: str
    original_language: str
    sectors: tuple[str, ...]
    levels: tuple[str, ...]
    company_id: UUID | None
    region_id: UUID | None
    zone: str
    day: date
    from_time: time
    until_time: time
    starts_at: datetime
    ends_at: datetime
    pass_share: Decimal
    window_kind: str
    capacity: int
    is_listed: bool
    series_id: UUID | None
    sequence: int
    room_id: UUID | None
    host_id: UUID | None
    created_by: UUID | None
    created_at: datetime
    changed_at: datetime
    announced_at: datetime | None
    opened_at: datetime | None
    live_at: datetime | None
    ended_at: datetime | None
    cancel_reason: str
    programme_slug: str
    programme_name: str
    is_public: bool
    company_name: str
    company_slug: str
    region_name: str
    texts: Mapping[str, Text]
    moderator_ids: tuple[UUID, ...]
    presenter_ids: tuple[UUID, ...]
    pupils_in: int
    waiting: int

    def text(self, language: str) -> Text:
        """The words in the reader's language, or else in the original."""
        return webinar_texts.best(self.texts, language, self.original_language)

    @property
    def title(self) -> str:
        """In its original language."""
        return self.text(self.original_language).title

    @property
    def path(self) -> str:
        """Its page for everybody."""
        return f"/p/{self.programme_slug}/webinars/{self.id}"

    @property
    def has_pupils(self) -> bool:
        """Whether minors are there: then its presenters are vetted first."""
        return self.audience in {"pupils", "mixed"}

    @property
    def places_left(self) -> int:
        """Pupils that still fit."""
        return max(0, self.capacity - self.pupils_in)

    @property
    def is_coming(self) -> bool:
        """Whether a class can still register."""
        return self.state in {State.ANNOUNCED, State.OPEN, State.LIVE}


@dataclass(frozen=True, slots=True)
class Wish:
    """What its maker fills in. `zone` '': the programme's; `pass_share` None: the programme's."""

    texts: Mapping[str, Text]
    day: date | None
    from_time: time | None
    until_time: time | None
    zone: str = ""
    kind: str = "webinar"
    audience: str = "pupils"
    original_language: str = "nl"
    sectors: Sequence[str] = ()
    levels: Sequence[str] = ()
    company_id: UUID | None = None
    region_id: UUID | None = None
    capacity: int = 1000
    pass_share: Decimal | None = None
    window_kind: str = "actual"
    is_listed: bool = True
    moderator_ids: Sequence[UUID] = field(default=())


# --- who somebody is to a webinar, without I/O --------------------------------------------------


def may_make(scope: Scope) -> bool:
    """Whether she may make a webinar: a moderator, a coordinator, the bureau."""
    return scope.has(*MAKERS)


def actors(scope: Scope, webinar: Webinar) -> frozenset[Actor]:
    """Everything the scope's person is to this webinar; in another programme nothing."""
    if scope.programme_id != webinar.programme_id:
        return frozenset()
    found = {
        Actor.OFFICE: is_office(scope, webinar.region_id),
        Actor.MODERATOR: scope.person_id in webinar.moderator_ids,
        Actor.PRESENTER: scope.person_id in webinar.presenter_ids,
        Actor.COMPANY: _is_company(scope, webinar.company_id),
        Actor.TEACHER: scope.has("teacher"),
    }
    return frozenset(actor for actor, holds in found.items() if holds)


def is_office(scope: Scope, region_id: UUID | None) -> bool:
    """Whether her office leads what stands in this region; None: in the programme as a whole."""
    places = [grant.region_id for grant in scope.grants if grant.role in {"moderator"}]
    is_near = region_id is not None and region_id in (*scope.region_ids, *places)
    return scope.sees_all or None in places or is_near


def _is_company(scope: Scope, company_id: UUID | None) -> bool:
    return company_id is not None and any(
        grant.role == "editor" and grant.company_id == company_id for grant in scope.grants
    )


def may(scope: Scope, webinar: Webinar, verb: Verb) -> bool:
    """Whether the table lets her, as the webinar stands now."""
    return webinar_states.may(webinar.state, verb, actors(scope, webinar))


def leads(scope: Scope, webinar: Webinar) -> bool:
    """Whether she runs it: its office and its moderators."""
    return not actors(scope, webinar).isdisjoint({Actor.OFFICE, Actor.MODERATOR})


def works_on(scope: Scope, webinar: Webinar) -> bool:
    """Whether she sees it as a draft: who leads it, its company, its presenters."""
    return bool(actors(scope, webinar) - {Actor.TEACHER})


def in_utc(day: date, at: time, zone: str) -> datetime:
    """A local time as a moment. In the hour that comes twice it is the first one; in the hour
    that never is, the clock an hour on."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


# --- making and changing ------------------------------------------------------------------------


async def make(conn: Connection, scope: Scope, wish: Wish, now: datetime) -> Webinar:
    """A new draft, moderated by who makes it when she is of the office, and by those named.

    The caller judges who may (`may_make`; a guest lesson that both sides agreed to comes by
    `webinar_doors.arrange`). Raises `Refused` `webinar_title_missing`, `webinar_times`,
    `webinar_zone`, `webinar_capacity`, `webinar_rule`; `NotThere` for a company, region or person
    that is not of the programme.
    """
    plan = await _checked(conn, scope, wish)
    try:
        webinar_id: UUID = await conn.fetchval(
            """
            insert into webinars (programme_id, kind, audience, original_language, sectors, levels,
                company_id, region_id, zone, day, from_time, until_time, starts_at, ends_at,
                pass_share, window_kind, capacity, is_listed, created_by, created_at, changed_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                $18, $19, $20, $20)
            returning id
            """,
            scope.programme_id,
            wish.kind,
            *plan.columns(wish),
            scope.person_id,
            now,
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotThere("company") from None
    await webinar_texts.put(conn, scope, webinar_id, wish.texts)
    leaders = [*wish.moderator_ids]
    if scope.person_id is not None and may_make(scope):
        leaders.append(scope.person_id)
    for person_id in leaders:
        await add_moderator(conn, scope, webinar_id, person_id, now)
    await note(conn, scope, webinar_id, "made", now)
    return await by_id(conn, scope, webinar_id)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The wish's times, zone and rule, once they are known to be right."""

    zone: str
    day: date
    from_time: time
    until_time: time
    pass_share: Decimal

    def columns(self, wish: Wish) -> tuple[object, ...]:
        """From `audience` to `is_listed`, in the table's order."""
        return (
            wish.audience,
            wish.original_language,
            choices.known(list(wish.sectors), choices.SECTORS),
            choices.known(list(wish.levels), choices.LEVELS),
            wish.company_id,
            wish.region_id,
            self.zone,
            self.day,
            self.from_time,
            self.until_time,
            in_utc(self.day, self.from_time, self.zone),
            in_utc(self.day, self.until_time, self.zone),
            self.pass_share,
            wish.window_kind,
            wish.capacity,
            wish.is_listed,
        )


async def _checked(conn: Connection, scope: Scope, wish: Wish) -> _Plan:
    row = await conn.fetchrow(
        "select zone, pass_share from programmes where id = $1", scope.programme_id
    )
    if row is None:
        raise NotThere("programme")
    zone = wish.zone or row["zone"]
    _check_words(wish)
    if not is_zone(zone):
        raise Refused("webinar_zone")
    if not 1 <= wish.capacity <= MAX_CAPACITY:
        raise Refused("webinar_capacity", most=MAX_CAPACITY)
    share = row["pass_share"] if wish.pass_share is None else wish.pass_share
    if not 0 < share <= 1 or wish.window_kind not in WINDOW_KINDS:
        raise Refused("webinar_rule")
    day, start, end = wish.day, wish.from_time, wish.until_time
    if day is None or start is None or end is None or end <= start:
        raise Refused("webinar_times")
    if in_utc(day, end, zone) <= in_utc(day, start, zone):
        raise Refused("webinar_times")
    return _Plan(zone, day, start, end, share)


def _check_words(wish: Wish) -> None:
    original = wish.texts.get(wish.original_language)
    if original is None or not original.title.strip():
        raise Refused("webinar_title_missing")
    if wish.audience not in AUDIENCES or wish.kind not in KINDS:
        raise Refused("webinar_audience")


def is_zone(name: str) -> bool:
    """Whether it is a time zone by its IANA name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


async def hold(conn: Connection, scope: Scope, webinar_id: UUID) -> None:
    """One move of a webinar at a time, and one registration; raises `NotThere`."""
    found = await conn.fetchval(
        "select 1 from webinars where programme_id = $1 and id = $2 for update",
        scope.programme_id,
        webinar_id,
    )
    if found is None:
        raise NotThere("webinar")


async def write(
    conn: Connection, scope: Scope, webinar: Webinar, wish: Wish, now: datetime
) -> None:
    """The wish over what stood there; a language that is not in it stays. Raises as `make`.

    The caller has judged who may (`webinar_doors.change`).
    """
    plan = await _checked(conn, scope, wish)
    try:
        await conn.execute(
            """
            update webinars set audience = $3, original_language = $4, sectors = $5, levels = $6,
                company_id = $7, region_id = $8, zone = $9, day = $10, from_time = $11,
                until_time = $12, starts_at = $13, ends_at = $14, pass_share = $15,
                window_kind = $16, capacity = $17, is_listed = $18, changed_at = $19
            where programme_id = $1 and id = $2
            """,
            scope.programme_id,
            webinar.id,
            *plan.columns(wish),
            now,
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotThere("company") from None
    await webinar_texts.put(conn, scope, webinar.id, wish.texts)


async def join_series(conn: Connection, scope: Scope, first: Webinar, webinar_id: UUID) -> None:
    """Puts a copy into the series of what it was copied from."""
    await conn.execute(
        """
        update webinars set series_id = $4 where programme_id = $1 and id in ($2, $3)
        """,
        scope.programme_id,
        first.id,
        webinar_id,
        first.series_id or first.id,
    )


async def add_moderator(
    conn: Connection, scope: Scope, webinar_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Puts somebody of the programme on it, once. Raises `NotThere` for whoever has no role."""
    done = await conn.execute(
        """
        insert into webinar_moderators (programme_id, webinar_id, person_id, added_at)
        select $1, $2, $3, $4 where exists (select from roles r where r.programme_id = $1
            and r.person_id = $3 and r.ended_at is null)
        on conflict (programme_id, webinar_id, person_id) do update set added_at = excluded.added_at
        """,
        scope.programme_id,
        webinar_id,
        person_id,
        now,
    )
    if done == "INSERT 0 0":
        raise NotThere("person")


async def note(conn: Connection, scope: Scope, webinar_id: UUID, verb: str, now: datetime) -> None:
    """A line in the webinar's history."""
    await conn.execute(
        """
        insert into webinar_events (programme_id, webinar_id, at, person_id, verb)
        values ($1, $2, $3, $4, $5)
        """,
        scope.programme_id,
        webinar_id,
        now,
        scope.person_id,
        verb,
    )


# --- reading ------------------------------------------------------------------------------------


async def find(conn: Connection, scope: Scope, webinar_id: UUID) -> Webinar:
    """A webinar this reader may see; raises `NotThere`.

    A draft is there for those who work on it. What is not listed is there for them and for the
    teachers of its classes; what is listed for the whole programme, and for everybody where the
    programme is public.
    """
    row = await conn.fetchrow(
        """
        select w.*, exists (select from registrations r
                left join class_teachers t on (t.programme_id, t.class_id)
                    = (r.programme_id, r.class_id)
                where (r.programme_id, r.webinar_id) = (w.programme_id, w.id)
                    and r.state <> 'cancelled' and $3 in (r.registered_by, t.person_id)) as is_hers
        from webinar_rows w where w.programme_id = $1 and w.id = $2
        """,
        scope.programme_id,
        webinar_id,
        scope.person_id,
    )
    if row is None:
        raise NotThere("webinar")
    fields = dict(row)
    is_hers = fields.pop("is_hers")
    webinar = from_row(fields)
    if not _is_seen(scope, webinar, is_hers=is_hers):
        raise NotThere("webinar")
    return webinar


def _is_seen(scope: Scope, webinar: Webinar, *, is_hers: bool) -> bool:
    if works_on(scope, webinar):
        return True
    if webinar.announced_at is None:
        return False
    if is_hers and scope.has("teacher"):
        return True
    return webinar.is_listed and (webinar.is_public or bool(scope.grants))


async def by_id(conn: Connection, scope: Scope, webinar_id: UUID) -> Webinar:
    """A webinar of the programme, for a caller who has judged already; raises `NotThere`."""
    row = await conn.fetchrow(
        "select * from webinar_rows where programme_id = $1 and id = $2",
        scope.programme_id,
        webinar_id,
    )
    if row is None:
        raise NotThere("webinar")
    return from_row(row)


async def by_ids(conn: Connection, scope: Scope, ids: list[UUID]) -> dict[UUID, Webinar]:
    """Several of the programme at once, for a caller who has judged already."""
    rows = await conn.fetch(
        "select * from webinar_rows where programme_id = $1 and id = any($2::uuid[])",
        scope.programme_id,
        ids,
    )
    return {row["id"]: from_row(row) for row in rows}


async def of_room(conn: Connection, scope: Scope, room_id: UUID) -> Webinar | None:
    """The webinar whose room it is; None for a room that somebody opened just so."""
    row = await conn.fetchrow(
        "select * from webinar_rows where programme_id = $1 and room_id = $2",
        scope.programme_id,
        room_id,
    )
    return from_row(row) if row else None


async def of_programme(conn: Connection, scope: Scope, since: datetime) -> list[Webinar]:
    """What stands in the list for this reader and ends after `since`, the next first; at most 200.

    Cancelled ones stay in it, so that nobody waits for them.
    """
    rows = await conn.fetch(
        """
        select * from webinar_rows
        where programme_id = $1 and is_listed and ends_at > $3 and (is_public or $2)
            and announced_at is not null and state <> 'archived'
        order by starts_at, id limit 200
        """,
        scope.programme_id,
        bool(scope.grants),
        since,
    )
    return [from_row(row) for row in rows]


async def worked_on(conn: Connection, scope: Scope, since: datetime) -> list[Webinar]:
    """Those she leads, presents or makes that end after `since`, drafts too, the next first; at
    most 300."""
    led = [grant for grant in scope.grants if grant.role == "moderator"]
    rows = await conn.fetch(
        """
        select * from webinar_rows
        where programme_id = $1 and ends_at > $2 and state <> 'archived'
            and ($3 or $4 = any(moderator_ids) or $4 = any(presenter_ids)
                or region_id = any($5::uuid[]) or company_id = any($6::uuid[]))
        order by starts_at, id limit 300
        """,
        scope.programme_id,
        since,
        is_office(scope, None),
        scope.person_id,
        [*scope.region_ids, *(grant.region_id for grant in led if grant.region_id is not None)],
        scope.company_ids,
    )
    found = [from_row(row) for row in rows]
    return [webinar for webinar in found if works_on(scope, webinar)]


def from_row(row: asyncpg.Record | Mapping[str, Any]) -> Webinar:
    """A row of `webinar_rows`."""
    lists = ("sectors", "levels", "moderator_ids", "presenter_ids")
    return Webinar(
        **{
            **row,
            "state": State(row["state"]),
            "texts": webinar_texts.read(row["texts"]),
            **{name: tuple(row[name]) for name in lists},
        }
    )


def may_enter(scope: Scope, programme: Programme) -> bool:
    """Whether the list of webinars is open to this reader, as the catalogue of tours is."""
    return programme.is_public or bool(scope.grants)
