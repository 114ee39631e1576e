"""A webinar's words, one row per language; the original's stand in for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import Refused
from rooms.scope import Scope

MAX_TITLE = 120
MAX_DESCRIPTION = 5000
MAX_PREPARE = 2000


@dataclass(frozen=True, slots=True)
class Text:
    """The words in one language."""

    language: str
    title: str = ""
    description: str = ""
    prepare: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        return not (self.title or self.description or self.prepare)


def checked(text: Text) -> Text:
    """The text with its title on one line; raises `Refused` where it is too long."""
    for value, limit, code in (
        (text.title, MAX_TITLE, "webinar_title_long"),
        (text.description, MAX_DESCRIPTION, "webinar_description_long"),
        (text.prepare, MAX_PREPARE, "webinar_prepare_long"),
    ):
        if len(value) > limit:
            raise Refused(code, limit=limit)
    return Text(text.language, " ".join(text.title.split()), text.description, text.prepare)


def read(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Text]:
    """What a row of `webinar_rows` has, by language."""
    return {language: Text(language, **words) for language, words in sorted(stored.items())}


def best(texts: Mapping[str, Text], wanted: str, original: str) -> Text:
    """The reader's language, else the original, else any that has a title."""
    for language in (wanted, original, *texts):
        if language in texts and texts[language].title:
            return texts[language]
    return texts.get(original, Text(original))


async def put(conn: Connection, scope: Scope, webinar_id: UUID, texts: Mapping[str, Text]) -> None:
    """Writes these languages; an empty one is taken away. The caller has judged who may."""
    for text in map(checked, texts.values()):
        await conn.execute(
            """
            insert into webinar_texts (programme_id, webinar_id, language, title, description,
                prepare)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (programme_id, webinar_id, language) do update set title = excluded.title,
                description = excluded.description, prepare = excluded.prepare
            """,
            scope.programme_id,
            webinar_id,
            text.language,
            text.title,
            text.description,
            text.prepare,
        )
        if text.is_empty:
            await _remove(conn, scope, webinar_id, text.language)


async def _remove(conn: Connection, scope: Scope, webinar_id: UUID, language: str) -> None:
    await conn.execute(
        "delete from webinar_texts where programme_id = $1 and webinar_id = $2 and language = $3",
        scope.programme_id,
        webinar_id,
        language,
    )
