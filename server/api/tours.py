"""Tours by API: a company makes them, a reviewer answers, everybody with a role may look."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from media import videos
from rooms.agenda import objectives
from rooms.errors import Conflict, NotThere, Refused
from rooms.tours import (
    captions,
    captions_kept,
    choices,
    listing,
    reviews,
    texts,
    tours,
)
from rooms.tours.captions_kept import Kept
from rooms.tours.texts import Text
from server import errors, tour_mail
from server.api.calls import Paging, cursor_after, place
from server.context import Here

State = Literal["draft", "review", "returned", "published", "unpublished"]
Language = Literal["nl", "en"]
# As the studio's form has it.
LONGEST_DAYS = 10 * 366


class Tour(msgspec.Struct, frozen=True):
    """One tour. `missing`: codes of what it lacks before review; for its company and reviewers.

    `master`: the film's address, stable over its versions; null before the first is ready.
    """

    id: UUID
    slug: str
    state: State
    title: str
    description: str
    original_language: str
    path: str
    company: UUID
    company_name: str
    video: UUID
    master: str | None
    duration_seconds: float | None
    spoken_languages: list[str]
    caption_languages: list[str]
    nobody_speaks: bool
    sectors: list[str]
    levels: list[str]
    subjects: list[str]
    checks: list[str]
    rights_until: date | None
    missing: list[str]
    created_at: datetime
    changed_at: datetime
    asked_at: datetime | None
    published_at: datetime | None


class Tours(msgspec.Struct, frozen=True):
    """A page of tours, the newest first; `next` is the cursor of the page after it."""

    items: list[Tour]
    next: str | None


class ToursAsked(Paging, frozen=True):
    """Which tours."""

    state: Literal["", "draft", "review", "returned", "published", "unpublished"] = ""


class NewTour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A title to begin with. `company`: which of hers; may be left out when she has one."""

    title: Annotated[str, Meta(min_length=1, max_length=tours.MAX_TITLE)]
    language: Language = "nl"
    company: UUID | None = None


class TextIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Title and description in one language."""

    title: Annotated[str, Meta(min_length=1, max_length=tours.MAX_TITLE)]
    description: Annotated[str, Meta(max_length=texts.MAX_DESCRIPTION)] = ""


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it is about and for whom, as codes; replaces what was there."""

    sectors: list[str]
    levels: list[str]
    subjects: list[str] = []
    spoken_languages: list[str] = []


class CaptionsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """WebVTT or SRT as text. `nobody_speaks`: it tells the sound only."""

    text: Annotated[str, Meta(min_length=1, max_length=1_000_000)]
    nobody_speaks: bool = False


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rights and portraits are in order, declared by the token's person until this day."""

    agreed: bool
    until: date


class Checks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the company has looked for in its film."""

    checks: list[str]


class Publishing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most two types of BètaTechMentality that describe the content; the objective it serves,
    and under which of its sectors it counts ('': the first)."""

    btm_types: Annotated[list[str], Meta(max_length=choices.MAX_BTM_TYPES)] = []
    objective: UUID | None = None
    main_sector: Annotated[str, Meta(max_length=40)] = ""


class Returning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why, in words the company reads as they are."""

    reasons: Annotated[str, Meta(min_length=1, max_length=5000)]


def told(here: Here, tour: tours.Tour) -> Tour:
    """The tour as the API tells it."""
    has_film = tour.version_id is not None
    return Tour(
        id=tour.id,
        slug=tour.slug,
        state=tour.state.value,
        title=tour.title,
        description=tour.description,
        original_language=tour.original_language,
        path=tour.path,
        company=tour.company_id,
        company_name=tour.company_name,
        video=tour.video_id,
        master=f"/videos/{tour.video_id}/master.m3u8" if has_film else None,
        duration_seconds=tour.duration_s if has_film else None,
        spoken_languages=tour.spoken_languages,
        caption_languages=tour.caption_languages,
        nobody_speaks=tour.nobody_speaks,
        sectors=tour.sectors,
        levels=tour.levels,
        subjects=tour.subjects,
        checks=tour.checks,
        rights_until=tour.rights_until,
        missing=_missing(here, tour),
        created_at=tour.created_at,
        changed_at=tour.changed_at,
        asked_at=tour.asked_at,
        published_at=tour.published_at,
    )


def _missing(here: Here, tour: tours.Tour) -> list[str]:
    is_hers = tour.company_id in tours.editor_companies(here.scope)
    return list(tours.missing(tour, here.now)) if is_hers or here.person.may(*REVIEW) else []


REVIEW = ("coordinator", "bureau")


async def index(here: Here, asked: ToursAsked) -> Tours:
    """A page of what the token's person may know of."""
    async with here.transaction() as conn:
        after = place(asked.cursor)
        found = await listing.page(conn, here.scope, asked.state, after, asked.limit)
    items = [told(here, tour) for tour in found]
    return Tours(items, cursor_after(found, asked.limit))


async def show(here: Here, _: None) -> Tour:
    """One of them."""
    return await _again(here, here.id())


async def _again(here: Here, tour_id: UUID) -> Tour:
    async with here.transaction() as conn:
        return told(here, await listing.one(conn, here.scope, tour_id))


async def create(here: Here, new: NewTour) -> Tour:
    """A draft, with a place for its film: upload it by tus with `tour` in the metadata."""
    own = tours.editor_companies(here.scope)
    company_id = new.company or own[0]
    if company_id not in own:
        raise NotThere("company")
    async with here.transaction() as conn:
        video_id = await videos.create(conn, here.scope.programme_id, company_id)
        tour_id = await tours.create(
            conn, here.scope, company_id, video_id, new.title, new.language
        )
    return await _again(here, tour_id)


async def put_text(here: Here, given: TextIn) -> Tour:
    """Title and description in one language."""
    language = str(here.request.path_params["language"])
    if language not in choices.TEXT_LANGUAGES:
        raise NotThere
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        text = Text(language, given.title.strip(), given.description.strip())
        if not text.title:
            raise Refused("tour_title")
        await texts.put(conn, here.scope, tour.id, text)
    return await _again(here, tour.id)


async def put_about(here: Here, given: About) -> Tour:
    """Sectors, levels, subjects, spoken languages."""
    _known(given.sectors, choices.SECTORS)
    _known(given.levels, choices.LEVELS)
    _known(given.subjects, choices.SUBJECTS)
    _known(given.spoken_languages, choices.LANGUAGES)
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        await tours.describe(
            conn,
            here.scope,
            tour.id,
            sectors=given.sectors,
            levels=given.levels,
            subjects=given.subjects,
            spoken_languages=given.spoken_languages or tour.spoken_languages,
        )
    return await _again(here, tour.id)


def _known(given: list[str], among: tuple[str, ...]) -> None:
    if strange := sorted(set(given) - set(among)):
        detail = f"{strange[0][:60]!r} is not one of {', '.join(among)}"
        raise Refused("bad_request", detail=detail)


async def put_captions(here: Here, given: CaptionsIn) -> Tour:
    """Captions of the film that plays, in one language; anything wrong is told with its line."""
    language = str(here.request.path_params["language"])
    if language not in choices.LANGUAGES:
        raise NotThere
    read = captions.parse_captions(given.text)
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        if tour.version_id is None:
            raise Conflict("film_first")
        read = captions.fitted(read, tour.duration_ms or 0)
        if read.errors:
            raise Refused("bad_request", detail=_first(here, read))
        source = "sound" if given.nobody_speaks else "file"
        kept = Kept(language, source, False, read.cues)
        await captions_kept.put(conn, tour.programme_id, tour.version_id, kept)
        await tours.say_nobody_speaks(conn, here.scope, tour.id, given.nobody_speaks)
    return await _again(here, tour.id)


def _first(here: Here, read: captions.Captions) -> str:
    wrong = read.errors[0]
    words = errors.sentence(here.language, wrong.code, {"typed": wrong.value})
    return f"line {wrong.line}: {words}"


async def put_declaration(here: Here, given: Declaration) -> Tour:
    """Declares, now, in the name of the token's person."""
    if not given.agreed:
        raise Refused("declaration_unticked")
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        today = tour.local_date(here.now)
        if not today < given.until <= today + timedelta(days=LONGEST_DAYS):
            raise Refused("declaration_date")
        await tours.declare(conn, here.scope, tour.id, given.until, here.now)
    return await _again(here, tour.id)


async def put_checks(here: Here, given: Checks) -> Tour:
    """The checklist."""
    _known(given.checks, choices.CHECKS)
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        await tours.tick(conn, here.scope, tour.id, given.checks)
    return await _again(here, tour.id)


async def ask(here: Here, _: None) -> Tour:
    """Asks for review; refused with what is missing."""
    async with here.transaction() as conn:
        tour = await reviews.ask(conn, here.scope, here.id(), here.now)
        await tour_mail.review_asked(conn, here.settings.url, tour.programme_id, tour.id, here.now)
    return await _again(here, tour.id)


async def publish(here: Here, given: Publishing) -> Tour:
    """A reviewer lets it be seen."""
    _known(given.btm_types, choices.BTM_TYPES)
    async with here.transaction() as conn:
        types = given.btm_types
        tour = await reviews.publish(conn, here.scope, here.id(), types, here.now)
        aim = objectives.Aim(given.objective, given.main_sector)
        await objectives.aim_tour(conn, here.scope, tour.id, aim)
        await tour_mail.published(conn, here.settings.url, tour.programme_id, tour.id, here.now)
    return await _again(here, tour.id)


async def give_back(here: Here, given: Returning) -> Tour:
    """A reviewer returns it with reasons."""
    async with here.transaction() as conn:
        reasons = given.reasons
        tour = await reviews.give_back(conn, here.scope, here.id(), reasons, here.now)
        await tour_mail.returned(
            conn, here.settings.url, tour.programme_id, tour.id, here.now, reasons
        )
    return await _again(here, tour.id)
