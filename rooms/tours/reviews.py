"""From "please look at it" to published or returned, with the history of it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from rooms import working_days
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.people.persons import Person
from rooms.scope import Scope
from rooms.tours import choices, states, tours
from rooms.tours.states import Actor, State, Verb
from rooms.tours.tours import Tour

WORKING_DAYS = 5
"""A company may expect an answer within so many days, weekends not counted."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a tour's history. `who` is empty when the house itself did it."""

    at: datetime
    kind: str
    who: str
    reasons: str


def due_day(asked: date, days: int = WORKING_DAYS) -> date:
    """The day an answer is due: `days` working days after `asked`."""
    return working_days.after(asked, days)


def due(tour: Tour) -> date | None:
    """When the company may expect its answer; None when it does not wait for one."""
    if tour.state is not State.REVIEW or tour.asked_at is None:
        return None
    return due_day(tour.asked_at.astimezone(ZoneInfo(tour.zone)).date())


async def waiting(conn: Connection, scope: Scope) -> list[Tour]:
    """Tours this reviewer is to look at, the one that waits longest first."""
    rows = await conn.fetch(
        """
        select * from tour_rows
        where programme_id = $1 and state = 'review'
          and ($2 or company_region_id = any($3::uuid[]))
        order by asked_at, id
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
    )
    return [tours.from_row(row) for row in rows]


async def settled(conn: Connection, scope: Scope, limit: int = 30) -> list[Tour]:
    """What was published, returned or taken off before; the latest change first."""
    rows = await conn.fetch(
        """
        select * from tour_rows
        where programme_id = $1 and state in ('published', 'returned', 'unpublished')
          and ($2 or company_region_id = any($3::uuid[]))
        order by changed_at desc, id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        limit,
    )
    return [tours.from_row(row) for row in rows]


async def one(conn: Connection, scope: Scope, tour_id: UUID) -> Tour:
    """A tour of this reviewer's region that its company has shown; a draft is not there."""
    row = await conn.fetchrow(
        """
        select * from tour_rows
        where programme_id = $1 and id = $2 and state <> 'draft'
          and ($3 or company_region_id = any($4::uuid[]))
        """,
        scope.programme_id,
        tour_id,
        scope.sees_all,
        scope.region_ids,
    )
    if row is None:
        raise NotThere("tour")
    return tours.from_row(row)


async def history(conn: Connection, scope: Scope, tour_id: UUID) -> list[Event]:
    """Everything that happened on the way to publication, the latest first."""
    rows = await conn.fetch(
        """
        select e.at, e.kind, coalesce(p.name, '') as who, e.reasons
        from tour_events e left join persons p on p.id = e.person_id
        where e.programme_id = $1 and e.tour_id = $2 order by e.id desc
        """,
        scope.programme_id,
        tour_id,
    )
    return [Event(**dict(row)) for row in rows]


async def reviewers_of(conn: Connection, tour: Tour) -> list[Person]:
    """Who may answer for this tour: its region's coordinators, those without a region, the bureau
    where nobody else is."""
    rows = await conn.fetch(
        """
        with able as (
            select p.id, p.email, p.name, p.language, p.password_hash is not null as has_password,
                   r.role
            from roles r join persons p on p.id = r.person_id
            where r.programme_id = $1 and r.ended_at is null
              and (r.role = 'bureau' or (r.role = 'coordinator'
                   and (r.region_id is null or r.region_id = $2)))
        )
        select distinct id, email, name, language, has_password from able
        where role = 'coordinator' or not exists (select from able where role = 'coordinator')
        order by email
        """,
        tour.programme_id,
        tour.company_region_id,
    )
    return [Person(**dict(row)) for row in rows]


async def ask(conn: Connection, scope: Scope, tour_id: UUID, now: datetime) -> Tour:
    """The company asks for a look; refused with what is still missing."""
    await _lock(conn, scope, tour_id)
    tour = await tours.one_of_company(conn, scope, tour_id)
    missing = tours.missing(tour, now)
    states.move(tour.state, Verb.ASK_REVIEW, Actor.COMPANY, missing=missing)
    await conn.execute(
        """
        update tours set state = 'review', asked_at = $3, changed_at = $3
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        tour_id,
        now,
    )
    await tours.note(conn, scope.programme_id, tour_id, scope.person_id, "asked")
    return tour


async def withdraw(conn: Connection, scope: Scope, tour_id: UUID, now: datetime) -> Tour:
    """The company takes its tour back before an answer, to change it."""
    await _lock(conn, scope, tour_id)
    tour = await tours.one_of_company(conn, scope, tour_id)
    state = states.move(tour.state, Verb.WITHDRAW, Actor.COMPANY)
    await _settle(conn, scope, tour_id, state, "withdrawn", now)
    return tour


async def publish(
    conn: Connection, scope: Scope, tour_id: UUID, btm_types: list[str], now: datetime
) -> Tour:
    """The reviewer lets it be seen. The statement itself looks once more for captions and rights.

    At most two BTM types are kept; more are refused by the table.
    """
    await _lock(conn, scope, tour_id)
    tour = await one(conn, scope, tour_id)
    states.move(tour.state, Verb.PUBLISH, reviewer(scope), missing=tours.missing(tour, now))
    is_published = await conn.fetchval(
        """
        update tours t set state = 'published', published_at = $3, changed_at = $3, btm_types = $4
        from videos v
        where t.programme_id = $1 and t.id = $2 and t.state = 'review'
          and v.programme_id = t.programme_id and v.id = t.video_id
          and t.rights_by is not null and t.rights_until > $5
          and exists (
              select 1 from captions k
              where k.programme_id = t.programme_id and k.version_id = v.current_version_id
                and not k.is_draft and jsonb_array_length(k.cues) > 0
          )
        returning true
        """,
        scope.programme_id,
        tour_id,
        now,
        choices.known(btm_types, choices.BTM_TYPES)[: choices.MAX_BTM_TYPES],
        tour.local_date(now),
    )
    if not is_published:
        raise Conflict("tour_missing", missing=("captions",))
    await tours.note(conn, scope.programme_id, tour_id, scope.person_id, "published")
    return tour


async def give_back(
    conn: Connection, scope: Scope, tour_id: UUID, reasons: str, now: datetime
) -> Tour:
    """The reviewer returns it with reasons, which the company reads as they are."""
    await _lock(conn, scope, tour_id)
    tour = await one(conn, scope, tour_id)
    state = states.move(tour.state, Verb.RETURN, reviewer(scope), reasons=(reasons,))
    await _settle(conn, scope, tour_id, state, "returned", now, reasons)
    return tour


async def unpublish_own(conn: Connection, scope: Scope, tour_id: UUID, now: datetime) -> Tour:
    """The company takes its published tour off."""
    await _lock(conn, scope, tour_id)
    tour = await tours.one_of_company(conn, scope, tour_id)
    state = states.move(tour.state, Verb.UNPUBLISH, Actor.COMPANY)
    await _settle(conn, scope, tour_id, state, "unpublished", now)
    return tour


async def unpublish(
    conn: Connection, scope: Scope, tour_id: UUID, reasons: str, now: datetime
) -> Tour:
    """The reviewer takes a published tour off, and may say why."""
    await _lock(conn, scope, tour_id)
    tour = await one(conn, scope, tour_id)
    state = states.move(tour.state, Verb.UNPUBLISH, reviewer(scope))
    await _settle(conn, scope, tour_id, state, "unpublished", now, reasons)
    return tour


def reviewer(scope: Scope) -> Actor:
    """In what role a reviewer acts."""
    return Actor.BUREAU if scope.has("bureau") else Actor.COORDINATOR


async def _lock(conn: Connection, scope: Scope, tour_id: UUID) -> None:
    """Two people at once: the second sees what the first has done."""
    await conn.execute(
        "select 1 from tours where programme_id = $1 and id = $2 for update",
        scope.programme_id,
        tour_id,
    )


async def _settle(
    conn: Connection,
    scope: Scope,
    tour_id: UUID,
    state: State,
    kind: str,
    now: datetime,
    reasons: str = "",
) -> None:
    await conn.execute(
        "update tours set state = $3, changed_at = $4 where programme_id = $1 and id = $2",
        scope.programme_id,
        tour_id,
        state.value,
        now,
    )
    await tours.note(conn, scope.programme_id, tour_id, scope.person_id, kind, reasons)
