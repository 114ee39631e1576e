"""Tours a person may know of, page by page: what the API lists."""

from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope
from rooms.tours import tours
from rooms.tours.tours import Tour

Place = tuple[datetime, UUID]
"""Where a page ended: the last row's `created_at` and id."""


async def page(
    conn: Connection, scope: Scope, state: str, after: Place | None, limit: int
) -> list[Tour]:
    """The newest first. Published ones for whoever has a role here; all of her own companies;
    for a reviewer what her region's companies have shown. `state` '' means any."""
    rows = await conn.fetch(
        """
        select * from tour_rows
        where programme_id = $1
          and ((state = 'published' and $2) or company_id = any($3::uuid[])
               or (state <> 'draft' and ($4 or company_region_id = any($5::uuid[]))))
          and ($6 = '' or state = $6)
          and ($7::timestamptz is null or (created_at, id) < ($7, $8::uuid))
        order by created_at desc, id desc limit $9
        """,
        scope.programme_id,
        bool(scope.grants),
        tours.editor_companies(scope),
        scope.sees_all,
        scope.region_ids,
        state,
        *(after or (None, None)),
        limit,
    )
    return [tours.from_row(row) for row in rows]


async def one(conn: Connection, scope: Scope, tour_id: UUID) -> Tour:
    """One of those; anything else is not there."""
    row = await conn.fetchrow(
        """
        select * from tour_rows
        where programme_id = $1 and id = $2
          and ((state = 'published' and $3) or company_id = any($4::uuid[])
               or (state <> 'draft' and ($5 or company_region_id = any($6::uuid[]))))
        """,
        scope.programme_id,
        tour_id,
        bool(scope.grants),
        tours.editor_companies(scope),
        scope.sees_all,
        scope.region_ids,
    )
    if row is None:
        raise NotThere("tour")
    return tours.from_row(row)
