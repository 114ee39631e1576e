"""Deputies: who does a coordinator's work while she is away, from one day to another.

She names one herself; when she cannot, as she fell ill, the office does. While it lasts her deputy
has her regions in the scope of every query (`server/auth.py`); what the deputy does stands under
the deputy's own name. A deputy's deputy is nobody.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope

# The longest absence: a term, not a change of office.
MOST_DAYS = 92
# Who may be asked to stand in: people who do such work in the programme already.
ROLES = ("coordinator", "facilitator", "moderator", "bureau")


@dataclass(frozen=True, slots=True)
class Deputy:
    """One absence. `is_mine`: the viewer is the one who is away; `is_asked`: who stands in."""

    id: UUID
    person: str
    deputy: str
    from_day: date
    until_day: date
    named_by: str
    named_at: datetime
    ended_at: datetime | None
    is_mine: bool
    is_asked: bool


async def name(
    conn: Connection,
    scope: Scope,
    deputy_id: UUID | None,
    days: tuple[date | None, date | None],
    today: date,
    now: datetime,
    away_id: UUID | None = None,
) -> UUID:
    """Names who stands in, from the first of `days` to the second, both inside: for the viewer, or,
    when she is of the office, for another coordinator (`away_id`).

    Raises `NotThere` when that is not hers to say, or who is away coordinates nothing herself;
    `Refused` `deputy_away`, `deputy_days`, `deputy_person`; `Conflict` `deputy_named` when the two
    are so from that day already.
    """
    absent = [one for one, _ in await nameable(conn, scope)]
    if away_id is None and absent and scope.person_id not in absent:
        raise Refused("deputy_away")
    away_id = away_id or scope.person_id
    if away_id not in absent:
        raise NotThere("deputy")
    from_day, until_day = _checked(days, today)
    if deputy_id == away_id or deputy_id not in [one for one, _ in await choices(conn, scope)]:
        raise Refused("deputy_person")
    try:
        named: UUID = await conn.fetchval(
            """
            insert into deputies (programme_id, person_id, deputy_id, from_day, until_day,
                named_by, named_at)
            values ($1, $2, $3, $4, $5, $6, $7) returning id
            """,
            scope.programme_id,
            away_id,
            deputy_id,
            from_day,
            until_day,
            scope.person_id,
            now,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("deputy_named") from None
    return named


def _checked(days: tuple[date | None, date | None], today: date) -> tuple[date, date]:
    from_day, until_day = days
    is_span = from_day is not None and until_day is not None and from_day <= until_day
    if from_day is None or until_day is None or not is_span or until_day < today:
        raise Refused("deputy_days", most=MOST_DAYS)
    if (until_day - from_day).days >= MOST_DAYS:
        raise Refused("deputy_days", most=MOST_DAYS)
    return from_day, until_day


async def nameable(conn: Connection, scope: Scope) -> list[tuple[UUID, str]]:
    """(id, name) of those for whom the viewer can name a deputy, herself first: who coordinates by
    a role of her own. For others only the office can; a deputy hands nothing on."""
    rows = await conn.fetch(
        """
        select p.id, coalesce(nullif(p.name, ''), p.email) as name
        from roles r join persons p on p.id = r.person_id
        where r.programme_id = $1 and r.role = 'coordinator' and r.ended_at is null
            and ($3 or p.id = $2)
        group by p.id order by p.id is distinct from $2, name, p.id
        """,
        scope.programme_id,
        scope.person_id,
        scope.has("bureau"),
    )
    return [(row["id"], row["name"]) for row in rows]


async def choices(conn: Connection, scope: Scope) -> list[tuple[UUID, str]]:
    """(id, name) of everybody who can be asked to stand in, by name; the viewer herself only for
    others, when she is of the office."""
    rows = await conn.fetch(
        """
        select p.id, coalesce(nullif(p.name, ''), p.email) as name
        from roles r join persons p on p.id = r.person_id
        where r.programme_id = $1 and r.role = any($2::text[]) and r.ended_at is null
            and ($4 or p.id is distinct from $3)
        group by p.id order by name, p.id
        """,
        scope.programme_id,
        list(ROLES),
        scope.person_id,
        scope.has("bureau"),
    )
    return [(row["id"], row["name"]) for row in rows]


async def current(conn: Connection, scope: Scope, today: date) -> list[Deputy]:
    """Absences that last or are to come: the viewer's own, those she stands in for, and all of the
    programme for its office."""
    rows = await conn.fetch(
        """
        select d.id, coalesce(nullif(a.name, ''), a.email) as person,
            coalesce(nullif(b.name, ''), b.email) as deputy, d.from_day, d.until_day,
            coalesce(nullif(n.name, ''), n.email) as named_by, d.named_at, d.ended_at,
            d.person_id = $2 as is_mine, d.deputy_id = $2 as is_asked
        from deputies d
        join persons a on a.id = d.person_id
        join persons b on b.id = d.deputy_id
        join persons n on n.id = d.named_by
        where d.programme_id = $1 and d.ended_at is null and d.until_day >= $3
            and ($4 or $2 in (d.person_id, d.deputy_id))
        order by d.from_day, d.id
        """,
        scope.programme_id,
        scope.person_id,
        today,
        scope.has("bureau"),
    )
    return [Deputy(**row) for row in rows]


async def end(conn: Connection, scope: Scope, deputy_id: UUID, now: datetime) -> None:
    """She is back before the last day. Herself or the office; raises `NotThere`."""
    done = await conn.execute(
        """
        update deputies set ended_at = $3, ended_by = $4
        where programme_id = $1 and id = $2 and ended_at is null and ($5 or person_id = $4)
        """,
        scope.programme_id,
        deputy_id,
        now,
        scope.person_id,
        scope.has("bureau"),
    )
    if done == "UPDATE 0":
        raise NotThere("deputy")
