"""What the player of a page is told about a tour's film."""

from collections.abc import Sequence
from typing import Any

from rooms.tours import captions_kept, chapters_kept
from rooms.tours.captions_kept import Kept
from rooms.tours.chapters import Chapter
from rooms.tours.tours import Tour
from server.database import Connection
from server.i18n import translate
from server.pages.tour_words import LANGUAGES


async def film_of(
    conn: Connection, tour: Tour, language: str, *, title: str = "", with_drafts: bool = False
) -> dict[str, Any] | None:
    """The player's film with captions and chapters, or None before the first film is ready."""
    if tour.version_id is None:
        return None
    kept = await captions_kept.of_version(conn, tour.programme_id, tour.version_id)
    chapters = await chapters_kept.of_version(conn, tour.programme_id, tour.version_id)
    shown = [one for one in kept if with_drafts or not one.is_draft]
    return _film(tour, title or tour.title, shown, chapters, language)


def _film(
    tour: Tour, title: str, kept: Sequence[Kept], chapters: Sequence[Chapter], language: str
) -> dict[str, Any]:
    under = f"/videos/{tour.video_id}/{tour.version_id}"
    return {
        "master_url": f"/videos/{tour.video_id}/master.m3u8",
        "title": title,
        "duration_s": tour.duration_s,
        "poster_url": f"{under}/poster.jpg",
        "storyboard_url": f"{under}/storyboard.vtt",
        "captions": [
            {
                "language": one.language,
                "label": translate(language, LANGUAGES.get(one.language, one.language)),
                "url": f"{under}/captions/{one.language}.vtt",
            }
            for one in kept
        ],
        "chapters": [
            {"starts_at_s": chapter.start_ms / 1000, "title": chapter.title} for chapter in chapters
        ],
        "position_key": f"film.{tour.version_id}",
        "transcript": bool(kept),
    }


def poster_url(tour: Tour) -> str:
    """The still picture of the film that plays; empty before the first is ready."""
    if tour.version_id is None:
        return ""
    return f"/videos/{tour.video_id}/{tour.version_id}/poster.jpg"
