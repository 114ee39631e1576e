"""The demo's published tour: its film is drawn here and made the way every film is made.

Bytes first, under a folder no row names; then one transaction writes every row, through the
verbs a company, a worker and a reviewer use. Whoever dies on the way leaves nothing that can be
seen, and the next run throws the unfinished folder away.
"""

import asyncio
import dataclasses
import logging
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from media import demo_film, drawn, uploads, videos
from media.film import OnProgress, make_film
from media.original import Probe
from media.package import Package, move_into_place
from media.probe import probe_film
from media.storage import Storage
from rooms.agenda import objectives
from rooms.agenda.objectives import Aim
from rooms.scope import Grant, Scope
from rooms.tours import (
    captions_kept,
    chapters_kept,
    choices,
    documents,
    reviews,
    texts,
    tours,
)
from rooms.tours.captions import Cue
from rooms.tours.captions_kept import Kept
from rooms.tours.chapters import Chapter
from rooms.tours.texts import Text
from server.database import Connection, Pool
from server.demo import cast, published, worksheet
from server.demo.told import ProgrammeTold, TourTold

log = logging.getLogger(__name__)

# Any number: it only has to be ours. Held while the film is made.
FILM_LOCK = 0x0F0F_706A
# No worker holds what no other transaction can see.
NOBODY = timedelta(0)

TITLE = {"nl": "Zo maak je een windmolen", "en": "How a wind turbine is made"}
ABOUT = {
    "nl": "Van de boot in de ochtend tot het schip in de avond: hoe Havenlicht molens bouwt, "
    "meet en in de gaten houdt. Een tekenfilm van een minuut; niemand spreekt.",
    "en": "From the boat in the morning to the ship at night: how Havenlicht builds, measures "
    "and watches over its turbines. A drawn film of one minute; nobody speaks.",
}
CHAPTERS = ("Op zee", "Op het land", "In de hal", "Het blad", "De controlekamer", "Naar zee")


@dataclass(frozen=True, slots=True)
class _Made:
    """The bytes of one attempt: `folder` in the storage holds all of them."""

    folder: str
    probe: Probe
    package: Package
    upload_id: UUID
    paper: bytes


async def find_or_make(pool: Pool, storage: Storage, home: Path, told: ProgrammeTold) -> TourTold:
    """The published tour; drawing and encoding its film takes a minute or two of one core.

    Another run that is at it is waited for. Raises MediaError when the film cannot be made.
    """
    async with _alone(pool):
        async with pool.acquire() as conn:
            found = await published.find(conn, told.programme.id)
        if found is None:
            await _make(pool, storage, home / "demo-film", told)
            async with pool.acquire() as conn:
                found = await published.find(conn, told.programme.id)
    assert found is not None
    return found


@asynccontextmanager
async def _alone(pool: Pool) -> AsyncIterator[None]:
    """The lock is the connection's: a killed run has let go of it.

    Polled: a *waiting* advisory lock would deadlock with `create index concurrently`.
    """
    async with pool.acquire() as conn:
        while not await conn.fetchval("select pg_try_advisory_lock($1)", FILM_LOCK):
            await asyncio.sleep(0.5)
        try:
            yield
        finally:
            await conn.execute("select pg_advisory_unlock($1)", FILM_LOCK)


async def _make(pool: Pool, storage: Storage, scratch: Path, told: ProgrammeTold) -> None:
    await _drop_unfinished(pool, storage, told.programme.id)
    await asyncio.to_thread(shutil.rmtree, scratch, True)
    scratch.mkdir(parents=True)
    try:
        made = await _bytes(pool, storage, scratch, told)
        async with pool.acquire() as conn, conn.transaction():
            tour_id = await _rows(conn, told, made, datetime.now(UTC))
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, True)
    log.info("the demo's tour %s is published", tour_id)


def _folder(programme_id: UUID) -> str:
    return f"demo/{programme_id}"


async def _drop_unfinished(pool: Pool, storage: Storage, programme_id: UUID) -> None:
    folder = _folder(programme_id)
    there = {key.key.split("/")[2] async for key in storage.list_prefix(folder)}
    async with pool.acquire() as conn:
        named: list[asyncpg.Record] = await conn.fetch(
            """
            select split_part(prefix, '/', 3) as attempt from video_versions
            where programme_id = $1 and prefix like 'demo/%'
            union select split_part(key, '/', 3) from documents
            where programme_id = $1 and key like 'demo/%'
            """,
            programme_id,
        )
    for attempt in there - {row["attempt"] for row in named}:
        await storage.delete_prefix(f"{folder}/{attempt}")


async def _bytes(pool: Pool, storage: Storage, scratch: Path, told: ProgrammeTold) -> _Made:
    folder = f"{_folder(told.programme.id)}/{uuid4()}"
    log.info("drawing the demo's film")
    film = await drawn.draw(scratch)
    probe = await probe_film(film)
    package = await make_film(film, scratch / "package", on_progress=_teller())
    await move_into_place(package, storage, f"{folder}/film")
    paper = worksheet.pdf()
    await storage.put(f"{folder}/worksheet.pdf", paper, content_type="application/pdf")
    return _Made(folder, probe, package, await _upload(pool, storage, film, told), paper)


def _teller() -> OnProgress:
    """Says how far it is whenever a stage begins and at each quarter of it."""
    said = ("", 0)

    async def tell(stage: str, share: float) -> None:
        nonlocal said
        now = (stage, int(share * 4))
        if now != said:
            log.info("the demo's film: %s %d %%", stage, round(share * 100))
        said = now

    return tell


async def _upload(pool: Pool, storage: Storage, film: Path, told: ProgrammeTold) -> UUID:
    """The original as any other: a row and pieces. One that is never used runs out by itself."""
    data, lease, now = await asyncio.to_thread(film.read_bytes), uuid4(), datetime.now(UTC)
    editor = _editor(told)
    new = uploads.NewUpload(
        programme_id=told.programme.id,
        company_id=editor.company_ids[0],
        person_id=_person(told, cast.EDITOR),
        length=len(data),
        filename="windmolen.mp4",
        content_type="video/mp4",
    )
    async with pool.acquire() as conn, conn.transaction():
        upload = await uploads.create(conn, new, now)
        await uploads.take_pen(conn, upload.id, lease)

    async def keep(pieces: Sequence[uploads.Piece]) -> uploads.Upload:
        async with pool.acquire() as conn, conn.transaction():
            after, _ = await uploads.add_pieces(conn, upload, lease, pieces, now)
        return after

    await uploads.append(storage, upload, lease, _chunks(data), keep)
    async with pool.acquire() as conn:
        await uploads.lay_down_pen(conn, upload.id, lease)
    return upload.id


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 1024 * 1024):
        yield data[at : at + 1024 * 1024]


def _person(told: ProgrammeTold, email: str) -> UUID:
    return next(person.id for person in told.persons if person.email == email)


def _editor(told: ProgrammeTold) -> Scope:
    company = next(each for each in told.companies if each.name == "Havenlicht")
    grant = Grant("editor", company_id=company.id)
    return Scope(told.programme.id, _person(told, cast.EDITOR), (grant,))


def _reviewer(told: ProgrammeTold) -> Scope:
    region = next(each for each in told.regions if each.name == "Twente")
    grant = Grant("coordinator", region_id=region.id)
    return Scope(told.programme.id, _person(told, cast.REVIEWER), (grant,))


async def _rows(conn: Connection, told: ProgrammeTold, made: _Made, now: datetime) -> UUID:
    """Everything that can be seen of the tour, in the caller's one transaction."""
    scope = _editor(told)
    company_id = scope.company_ids[0]
    video_id = await videos.create(conn, scope.programme_id, company_id)
    tour_id = await tours.create(conn, scope, company_id, video_id, TITLE["nl"], "nl")
    version_id = await _film_rows(conn, scope, video_id, made, now)
    await _words(conn, scope, tour_id, version_id)
    await _paper(conn, scope, tour_id, made)
    await tours.declare(conn, scope, tour_id, now.date().replace(day=1, year=now.year + 5), now)
    await tours.tick(conn, scope, tour_id, list(choices.CHECKS))
    await reviews.ask(conn, scope, tour_id, now)
    await reviews.publish(conn, _reviewer(told), tour_id, ["makers", "social"], now)
    await _aim(conn, _reviewer(told), tour_id)
    return tour_id


async def _aim(conn: Connection, scope: Scope, tour_id: UUID) -> None:
    """It serves the programme's first objective, as a coordinator says who publishes."""
    aims = await objectives.every(conn, scope)
    await objectives.aim_tour(conn, scope, tour_id, Aim(aims[0].id if aims else None))


async def _film_rows(
    conn: Connection, scope: Scope, video_id: UUID, made: _Made, now: datetime
) -> UUID:
    """The steps a worker takes, claimed under a lease like his, with the work done already."""
    assert scope.person_id is not None
    version_id = await videos.add_version(
        conn, scope.programme_id, video_id, made.upload_id, scope.person_id
    )
    lease = uuid4()
    await videos.claim(
        conn, version_id, lease, waiting="uploaded", working="probing", silent_for=NOBODY
    )
    length_ms = round(made.probe.duration_s * 1000)
    await videos.probed(conn, version_id, lease, dataclasses.asdict(made.probe), length_ms)
    await videos.claim(
        conn, version_id, lease, waiting="queued", working="encoding", silent_for=NOBODY
    )
    top = made.package.renditions[0]
    result = videos.Made(
        prefix=f"{made.folder}/film",
        duration_ms=round(made.package.duration_s * 1000),
        width=top.width,
        height=top.height,
        renditions=[dataclasses.asdict(rendition) for rendition in made.package.renditions],
        notices=made.package.notices,
    )
    await videos.finish(conn, version_id, lease, result, now)
    await tours.film_ready(conn, scope.programme_id, video_id, version_id, now)
    return version_id


async def _words(conn: Connection, scope: Scope, tour_id: UUID, version_id: UUID) -> None:
    for language, title in TITLE.items():
        await texts.put(conn, scope, tour_id, Text(language, title, ABOUT[language]))
        cues = tuple(
            Cue(int(cue["start_ms"]), int(cue["end_ms"]), tuple(str(cue["text"]).split("\n")))
            for cue in demo_film.cues(language)
        )
        kept = Kept(language, "sound", False, cues)
        await captions_kept.put(conn, scope.programme_id, version_id, kept)
    await tours.describe(
        conn,
        scope,
        tour_id,
        sectors=["energy", "high_tech"],
        levels=["vmbo", "havo", "vwo"],
        subjects=["physics", "technology", "careers"],
        spoken_languages=["nl"],
    )
    await tours.say_nobody_speaks(conn, scope, tour_id, True)
    chapters = [
        Chapter(number * demo_film.SCENE_S * 1000, title) for number, title in enumerate(CHAPTERS)
    ]
    await chapters_kept.put(conn, scope.programme_id, version_id, chapters)


async def _paper(conn: Connection, scope: Scope, tour_id: UUID, made: _Made) -> None:
    await documents.add(
        conn,
        scope,
        tour_id,
        kind="worksheet",
        language="nl",
        filename="werkblad-windmolen.pdf",
        content_type="application/pdf",
        size=len(made.paper),
        key=f"{made.folder}/worksheet.pdf",
    )
