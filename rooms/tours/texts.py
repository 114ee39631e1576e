"""A tour's title and description, one row per language; the original's stands in for the rest."""

from dataclasses import dataclass
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import Refused
from rooms.scope import Scope
from rooms.tours.tours import MAX_TITLE

MAX_DESCRIPTION = 5000


@dataclass(frozen=True, slots=True)
class Text:
    """Title and description in one language."""

    language: str
    title: str = ""
    description: str = ""


async def of_tour(conn: Connection, scope: Scope, tour_id: UUID) -> dict[str, Text]:
    """What is written, by language."""
    rows = await conn.fetch(
        """
        select language, title, description from tour_texts
        where programme_id = $1 and tour_id = $2 order by language
        """,
        scope.programme_id,
        tour_id,
    )
    return {row["language"]: Text(**dict(row)) for row in rows}


async def put(conn: Connection, scope: Scope, tour_id: UUID, text: Text) -> None:
    """Writes one language; both fields empty takes the language away again."""
    if len(text.title) > MAX_TITLE:
        raise Refused("tour_title_long", limit=MAX_TITLE)
    if len(text.description) > MAX_DESCRIPTION:
        raise Refused("tour_description_long", limit=MAX_DESCRIPTION)
    if not text.title and not text.description:
        await _remove(conn, scope, tour_id, text.language)
        return
    await conn.execute(
        """
        insert into tour_texts (programme_id, tour_id, language, title, description)
        values ($1, $2, $3, $4, $5)
        on conflict (programme_id, tour_id, language)
        do update set title = excluded.title, description = excluded.description
        """,
        scope.programme_id,
        tour_id,
        text.language,
        text.title,
        text.description,
    )


async def _remove(conn: Connection, scope: Scope, tour_id: UUID, language: str) -> None:
    await conn.execute(
        "delete from tour_texts where programme_id = $1 and tour_id = $2 and language = $3",
        scope.programme_id,
        tour_id,
        language,
    )


def best(texts: dict[str, Text], wanted: str, original: str) -> Text:
    """The reader's language, else the original, else any that has a title."""
    written = [text for text in texts.values() if text.title]
    for language in (wanted, original):
        if language in texts and texts[language].title:
            return texts[language]
    return written[0] if written else Text(original)
