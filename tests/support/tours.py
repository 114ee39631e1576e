"""Builders for tours: one with a film that is ready, and everything a review asks for."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import httpx

from media import videos
from rooms.connection import Connection
from rooms.people.companies import Company
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from rooms.people.regions import Region
from rooms.scope import Grant, Scope
from rooms.tours import captions_kept, choices, reviews, texts, tours
from rooms.tours.captions import Cue
from rooms.tours.captions_kept import Kept
from rooms.tours.texts import Text
from tests.support import people
from tests.support.floor import House

FILM_MS = 60_000
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
CUES = (Cue(0, 2000, ("Welkom",)), Cue(2000, 5000, ("bij Havenlicht",)))


@dataclass(frozen=True)
class Desk:
    """A programme with a company, its editor, and a coordinator of its region."""

    programme: Programme
    region: Region
    company: Company
    editor: Person
    coordinator: Person

    @property
    def editors(self) -> Scope:
        """The editor's scope."""
        return Scope(
            self.programme.id, self.editor.id, (Grant("editor", company_id=self.company.id),)
        )

    @property
    def reviewers(self) -> Scope:
        """The coordinator's scope."""
        return Scope(
            self.programme.id,
            self.coordinator.id,
            (Grant("coordinator", region_id=self.region.id),),
        )


async def a_desk(conn: Connection, slug: str = "jetstream", *, is_public: bool = True) -> Desk:
    """The people around a tour, in a programme of their own."""
    programme = await people.a_programme(conn, slug, is_public=is_public)
    region = await people.a_region(conn, programme)
    company = await people.a_company(conn, programme)
    await conn.execute("update companies set region_id = $2 where id = $1", company.id, region.id)
    editor = await people.an_editor(conn, programme, company)
    coordinator = await people.a_person(conn, name="Ria Koper")
    await people.a_role(conn, programme, coordinator, "coordinator", region=region)
    return Desk(programme, region, company, editor, coordinator)


async def a_draft(conn: Connection, desk: Desk, title: str = "Hoe een schip ontstaat") -> UUID:
    """A tour with a title only."""
    video_id = await videos.create(conn, desk.programme.id, desk.company.id)
    return await tours.create(conn, desk.editors, desk.company.id, video_id, title, "nl")


async def a_film(
    conn: Connection, desk: Desk, tour_id: UUID, *, duration_ms: int = FILM_MS
) -> UUID:
    """A version that is ready under the tour's video, without any bytes; returns its id."""
    video_id = await conn.fetchval("select video_id from tours where id = $1", tour_id)
    upload_id = await conn.fetchval(
        """
        insert into uploads (programme_id, company_id, tour_id, person_id, filename, length,
                             received, state, expires_at)
        values ($1, $2, $3, $4, 'film.mp4', 1, 1, 'complete', now()) returning id
        """,
        desk.programme.id,
        desk.company.id,
        tour_id,
        desk.editor.id,
    )
    version_id = await videos.add_version(
        conn, desk.programme.id, video_id, upload_id, desk.editor.id
    )
    await make_ready(conn, desk, video_id, version_id, duration_ms=duration_ms)
    return version_id


async def make_ready(
    conn: Connection,
    desk: Desk,
    video_id: UUID,
    version_id: UUID,
    *,
    duration_ms: int,
    now: datetime = NOW,
) -> None:
    """What the worker does at the end, without a film."""
    await conn.execute(
        """
        update video_versions set lease = gen_random_uuid(), probe = '{}',
            original_ms = coalesce(original_ms, $2), is_cancel_wanted = false
        where id = $1
        """,
        version_id,
        FILM_MS,
    )
    lease = await conn.fetchval("select lease from video_versions where id = $1", version_id)
    made = videos.Made(f"videos/{version_id}", duration_ms, 1280, 720, [])
    assert await videos.finish(conn, version_id, lease, made, now)
    await tours.film_ready(conn, desk.programme.id, video_id, version_id, now)


async def fill(conn: Connection, desk: Desk, tour_id: UUID, version_id: UUID) -> None:
    """Everything a review asks for."""
    scope = desk.editors
    written = await texts.of_tour(conn, scope, tour_id)
    title = written["nl"].title
    await texts.put(conn, scope, tour_id, Text("nl", title, "Een schip van staal."))
    await tours.describe(
        conn,
        scope,
        tour_id,
        sectors=["maritime"],
        levels=["havo", "vwo"],
        subjects=["physics"],
        spoken_languages=["nl"],
    )
    await captions_kept.put(conn, scope.programme_id, version_id, Kept("nl", "file", False, CUES))
    await tours.declare(conn, scope, tour_id, date(2030, 1, 1), NOW)
    await tours.tick(conn, scope, tour_id, list(choices.CHECKS))


async def a_tour_in_review(
    conn: Connection, desk: Desk, title: str = "Hoe een schip ontstaat"
) -> UUID:
    """A whole tour that waits for its reviewer."""
    tour_id = await a_draft(conn, desk, title)
    await fill(conn, desk, tour_id, await a_film(conn, desk, tour_id))
    await reviews.ask(conn, desk.editors, tour_id, NOW)
    return tour_id


async def a_published_tour(
    conn: Connection, desk: Desk, title: str = "Hoe een schip ontstaat"
) -> UUID:
    """A tour that classes can watch."""
    tour_id = await a_tour_in_review(conn, desk, title)
    await reviews.publish(conn, desk.reviewers, tour_id, [], NOW)
    return tour_id


async def client_of(
    house: House, person: Person, programme: Programme, **options: str
) -> httpx.AsyncClient:
    """A browser in which this person is signed in, reading English."""
    client = house.client(headers={"accept-language": "en"}, **options)
    client.cookies.set("language", "en")
    await people.sign_in(house, client, person, programme)
    return client
