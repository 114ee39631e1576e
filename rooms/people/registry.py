"""The school registry of the installation, in numbered versions.

Every change of a listed school (a list taken in, a school typed in or put right, one that closed)
makes the next version, with a hash over all that is known of the listed schools. A report that is
sent out names the version it was made with. Schools that only a teacher named are not listed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from rooms.connection import Connection

# One change at a time in the whole installation; the number is nobody else's.
_LOCK = 7_305_118


@dataclass(frozen=True, slots=True)
class Version:
    """The registry as it was at a moment. `number` 0: nothing had ever been taken in.

    `source`: the file, address or page it came from. `sha256`: in hexadecimal, over the listed
    schools; the same schools give the same hash, whenever and however they came.
    """

    number: int
    imported_at: datetime
    source: str
    sha256: str


NOTHING = Version(0, datetime(1970, 1, 1, tzinfo=UTC), "", "")


async def version_at(conn: Connection, moment: datetime) -> Version:
    """The version that held at a moment."""
    row = await conn.fetchrow(
        """
        select number, made_at, source, sha256 from registry_versions
        where made_at <= $1 order by number desc limit 1
        """,
        moment,
    )
    return Version(*row.values()) if row is not None else NOTHING


async def latest(conn: Connection) -> Version:
    """The version that holds now."""
    row = await conn.fetchrow(
        "select number, made_at, source, sha256 from registry_versions order by number desc limit 1"
    )
    return Version(*row.values()) if row is not None else NOTHING


async def hold(conn: Connection) -> Version:
    """The version that holds, and nobody makes another until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock($1)", _LOCK)
    return await latest(conn)


async def note(
    conn: Connection,
    now: datetime,
    source: str,
    *,
    file_sha256: str = "",
    by: UUID | None = None,
) -> Version:
    """Makes the next version of what is in the schools' rows now; none when nothing changed."""
    held = await hold(conn)
    sha256 = await _sha256(conn)
    if sha256 == held.sha256:
        return held
    await conn.execute(
        """
        insert into registry_versions (number, made_at, source, file_sha256, sha256, made_by)
        values ($1, $2, $3, $4, $5, $6)
        """,
        held.number + 1,
        now,
        source,
        file_sha256,
        sha256,
        by,
    )
    return Version(held.number + 1, now, source, sha256)


async def _sha256(conn: Connection) -> str:
    found: str = await conn.fetchval(
        """
        select encode(sha256(convert_to(coalesce(string_agg(jsonb_build_array(
                s.country, s.scheme, s.code, s.name, s.place, s.levels, s.opened_on, s.closed_on,
                n.country, n.scheme, n.code)::text, chr(10)
            order by s.country collate "C", s.scheme collate "C", s.code collate "C"), ''),
            'UTF8')), 'hex')
        from schools s left join schools n on n.id = s.successor_id
        where s.scheme <> 'unlisted'
        """
    )
    return found
