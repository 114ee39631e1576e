"""Published tours as others find them: filtered, searched, one by its address."""

from dataclasses import dataclass, fields

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.programmes import Programme
from rooms.scope import Scope
from rooms.tours.states import State
from rooms.tours.texts import Text
from rooms.tours.tours import Tour

# Lengths as a teacher thinks of them, in milliseconds: [from, to).
LENGTHS = {
    "short": (0, 5 * 60_000),
    "middle": (5 * 60_000, 15 * 60_000),
    "long": (15 * 60_000, 24 * 3_600_000),
}


# Tours on a page.
PAGE = 48


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for; empty means: all."""

    words: str = ""
    level: str = ""
    sector: str = ""
    spoken: str = ""
    length: str = ""
    captions: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for."""
        return self == Wish()


@dataclass(frozen=True, slots=True)
class Found:
    """A tour with its words in the reader's language, or else in the original."""

    tour: Tour
    text: Text


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of what was looked for. `all`: how many fit; 0 beyond the last page."""

    found: list[Found]
    all: int


def may_enter(scope: Scope, programme: Programme) -> bool:
    """Whether this catalogue is open to this reader."""
    return programme.is_public or bool(scope.grants)


async def search(
    conn: Connection, scope: Scope, wish: Wish, language: str, first: int = 0, most: int = PAGE
) -> Hits:
    """Published tours that fit, best match first, else the newest: `most` of them from the
    `first` on, the first being 0."""
    shortest, longest = LENGTHS.get(wish.length, (0, None))
    rows = await conn.fetch(
        """
        with wanted as (select websearch_to_tsquery('simple', $9) as query),
        fitting as (
            select r.id, r.published_at, case when $9 = '' then 0 else (
                select max(ts_rank(s.search, wanted.query)) from tour_texts s
                where s.programme_id = r.programme_id and s.tour_id = r.id) end as rank
            from tour_rows r
            cross join wanted
            where r.programme_id = $1 and r.state = 'published' and (r.is_public or $2)
              and ($4 = '' or $4 = any(r.levels))
              and ($5 = '' or $5 = any(r.sectors))
              and ($6 = '' or $6 = any(r.spoken_languages))
              and coalesce(r.duration_ms, 0) >= $7
              and ($8::bigint is null or r.duration_ms < $8)
              and ($9 = '' or to_tsvector('simple', r.company_name) @@ wanted.query or exists (
                  select 1 from tour_texts s
                  where s.programme_id = r.programme_id and s.tour_id = r.id
                    and s.search @@ wanted.query))
              and ($10 = '' or $10 = any(r.caption_languages))
        ),
        shown as (
            select id, rank, count(*) over () as fitting from fitting
            order by rank desc, published_at desc, id offset $11 limit $12
        )
        select r.*, x.language as text_language, x.title as text_title,
               x.description as text_description, shown.fitting
        from shown
        join tour_rows r on r.programme_id = $1 and r.id = shown.id
        left join tour_texts x on x.programme_id = r.programme_id and x.tour_id = r.id
            and x.language = $3 and x.title <> ''
        order by shown.rank desc, r.published_at desc, r.id
        """,
        scope.programme_id,
        bool(scope.grants),
        language,
        wish.level,
        wish.sector,
        wish.spoken,
        shortest,
        longest,
        wish.words,
        wish.captions,
        first,
        most,
    )
    return Hits([_found(row) for row in rows], rows[0]["fitting"] if rows else 0)


async def one(conn: Connection, scope: Scope, slug: str, language: str) -> Found:
    """A published tour by its address; drafts and what is not public are not there."""
    row = await conn.fetchrow(
        """
        select r.*, x.language as text_language, x.title as text_title,
               x.description as text_description
        from tour_rows r
        left join tour_texts x on x.programme_id = r.programme_id and x.tour_id = r.id
            and x.language = $4 and x.title <> ''
        where r.programme_id = $1 and r.slug = $3 and r.state = 'published'
          and (r.is_public or $2)
        """,
        scope.programme_id,
        bool(scope.grants),
        slug,
        language,
    )
    if row is None:
        raise NotThere("tour")
    return _found(row)


def _found(row: asyncpg.Record) -> Found:
    told = {one.name: row[one.name] for one in fields(Tour)}
    tour = Tour(**{**told, "state": State(row["state"])})
    if row["text_language"] is None:
        return Found(tour, Text(tour.original_language, tour.title, tour.description))
    return Found(tour, Text(row["text_language"], row["text_title"], row["text_description"]))
