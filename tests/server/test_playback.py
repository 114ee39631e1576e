"""Every address of a film is checked on its own, and the bytes are the same from any storage."""

import ipaddress
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from rooms.agenda import sessions
from rooms.attendance import seats
from rooms.people import classes
from rooms.scope import Grant, Scope
from rooms.tours import captions_kept
from server.auth import SEAT_COOKIE
from tests.support import people
from tests.support.buckets import a_bucket, an_s3
from tests.support.floor import Clock, House, house
from tests.support.playing import FILES, SEGMENT, put_files
from tests.support.tours import (
    CUES,
    Desk,
    a_desk,
    a_draft,
    a_film,
    a_published_tour,
    a_tour_in_review,
    client_of,
)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with an_s3() as endpoint:
        yield endpoint


@pytest.fixture(params=["folder", "bucket"])
async def any_house(
    request: pytest.FixtureRequest, dsn: str, tmp_path: Path, clock: Clock
) -> AsyncIterator[House]:
    """The app on each kind of storage."""
    async with AsyncExitStack() as stack:
        changes = {}
        if request.param == "bucket":
            changes = await a_bucket(request.getfixturevalue("s3"))
        yield await stack.enter_async_context(house(dsn, tmp_path, clock, **changes))


@dataclass(frozen=True)
class Film:
    """A tour's film with all its addresses."""

    desk: Desk
    tour_id: UUID
    version_id: UUID
    video: str

    @property
    def folder(self) -> str:
        return f"{self.video}/{self.version_id}"

    @property
    def addresses(self) -> list[str]:
        """All that a player may ask for."""
        files = [f"{self.folder}/{name}" for name in FILES]
        return [f"{self.video}/master.m3u8", f"{self.folder}/captions/nl.vtt", *files]


async def a_film_of(house: House, state: str, *, is_public: bool = True) -> Film:
    """A tour in the state, with bytes under it."""
    async with house.pool.acquire() as conn, conn.transaction():
        desk = await a_desk(conn, is_public=is_public)
        if state == "draft":
            tour_id = await a_draft(conn, desk)
            await a_film(conn, desk, tour_id)
        elif state == "review":
            tour_id = await a_tour_in_review(conn, desk)
        else:
            tour_id = await a_published_tour(conn, desk)
        version_id = await conn.fetchval(
            """
            select current_version_id from videos v join tours t on t.video_id = v.id
            where t.id = $1
            """,
            tour_id,
        )
        nl = captions_kept.Kept("nl", "file", False, CUES)
        await captions_kept.put(conn, desk.programme.id, version_id, nl)
        storage = house.app.state.floor.storage
        return Film(desk, tour_id, version_id, await put_files(conn, storage, version_id))


async def answers(client: httpx.AsyncClient, film: Film) -> set[int]:
    """The status codes of all the film's addresses."""
    return {(await client.get(address)).status_code for address in film.addresses}


async def test_a_draft_is_there_for_its_editors_only(app_house: House) -> None:
    film = await a_film_of(app_house, "draft")
    async with app_house.pool.acquire() as conn:
        other = await people.a_company(conn, film.desk.programme, "Kaasmakers")
        rival = await people.an_editor(conn, film.desk.programme, other)
    desk = film.desk
    visitor = app_house.client()
    editor = await client_of(app_house, desk.editor, desk.programme)
    reviewer = await client_of(app_house, desk.coordinator, desk.programme)
    neighbour = await client_of(app_house, rival, desk.programme)
    assert await answers(editor, film) == {200}
    for client in (visitor, reviewer, neighbour):
        assert await answers(client, film) == {404}


async def test_not_yours_and_not_there_answer_the_same(app_house: House) -> None:
    film = await a_film_of(app_house, "draft")
    visitor = app_house.client()
    secret = await visitor.get(f"{film.video}/master.m3u8")
    nothing = await visitor.get(f"/videos/{uuid4()}/master.m3u8")
    assert (secret.status_code, secret.content) == (nothing.status_code, nothing.content)


async def test_reviewers_see_what_they_were_asked_to_look_at(app_house: House) -> None:
    film = await a_film_of(app_house, "review")
    reviewer = await client_of(app_house, film.desk.coordinator, film.desk.programme)
    assert await answers(reviewer, film) == {200}
    assert await answers(app_house.client(), film) == {404}


async def test_what_is_published_in_public_needs_no_account(app_house: House) -> None:
    film = await a_film_of(app_house, "published")
    assert await answers(app_house.client(), film) == {200}


async def test_what_is_published_in_private_needs_a_role_there(app_house: House) -> None:
    film = await a_film_of(app_house, "published", is_public=False)
    async with app_house.pool.acquire() as conn:
        elsewhere = await a_desk(conn, "other")
    stranger = await client_of(app_house, elsewhere.editor, elsewhere.programme)
    assert await answers(app_house.client(), film) == {404}
    assert await answers(stranger, film) == {404}
    coordinator = await client_of(app_house, film.desk.coordinator, film.desk.programme)
    assert await answers(coordinator, film) == {200}


async def test_a_seat_opens_its_sessions_film_while_it_lasts(app_house: House) -> None:
    film = await a_film_of(app_house, "published", is_public=False)
    other = await _another_film(app_house, film.desk)
    now = app_house.clock()
    async with app_house.pool.acquire() as conn, conn.transaction():
        programme = film.desk.programme
        school = await people.a_school(conn, programme, region=film.desk.region)
        teacher = await people.a_teacher(conn, programme, school)
        scope = Scope(programme.id, teacher.id, (Grant("teacher", school_id=school.id),))
        school_class = await classes.create(conn, scope, school.id, "3B", "havo", 3, "", 28, now)
        session = await sessions.show_now(conn, scope, film.tour_id, school_class.id, now)
        _, token = await seats.sit(conn, programme.id, session.session_class_id, None, now)
    pupil = app_house.client(cookies={SEAT_COOKIE: token})
    assert await answers(pupil, film) == {200}
    assert await answers(pupil, other) == {404}, "only the film that is shown"
    assert await answers(app_house.client(cookies={SEAT_COOKIE: token[:-1]}), film) == {404}
    async with app_house.pool.acquire() as conn, conn.transaction():
        await sessions.end(conn, scope, session.id, now)
    assert await answers(pupil, film) == {404}


async def _another_film(house: House, desk: Desk) -> Film:
    async with house.pool.acquire() as conn, conn.transaction():
        tour_id = await a_published_tour(conn, desk, "Een andere tour")
        version_id = await conn.fetchval(
            "select current_version_id from videos v join tours t on t.video_id = v.id "
            "where t.id = $1",
            tour_id,
        )
        video = await put_files(conn, house.app.state.floor.storage, version_id)
        return Film(desk, tour_id, version_id, video)


async def test_a_version_is_found_under_its_own_video_only(app_house: House) -> None:
    public = await a_film_of(app_house, "published")
    async with app_house.pool.acquire() as conn, conn.transaction():
        tour_id = await a_draft(conn, public.desk, "Geheim")
        version_id = await a_film(conn, public.desk, tour_id)
        await put_files(conn, app_house.app.state.floor.storage, version_id)
    stolen = f"{public.video}/{version_id}/360p/seg-00000.m4s"
    assert (await app_house.client().get(stolen)).status_code == 404


NAMES = (
    "..%2F..%2Fsecret",
    "%2e%2e/%2e%2e/secret",
    "360p/..%2f..%2f..%2fsecret",
    "..%5c..%5csecret",
    "%2Fetc%2Fpasswd",
    "360p/seg-00000.m4s%00",
    "360p",
    "360p/",
    "nothing.m4s",
    ".hidden",
    "a" * 2000,
)


async def test_a_name_leads_nowhere_else(any_house: House) -> None:
    film = await a_film_of(any_house, "published")
    await any_house.app.state.floor.storage.put("secret", b"not for you")
    for name in NAMES:
        answer = await any_house.client().get(f"{film.folder}/{name}")
        assert answer.status_code == 404, name
        assert b"not for you" not in answer.content
        assert b"root:" not in answer.content


async def test_the_master_points_into_the_version_and_is_asked_for_each_time(
    any_house: House,
) -> None:
    film = await a_film_of(any_house, "published")
    answer = await any_house.client().get(f"{film.video}/master.m3u8")
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["cache-control"] == "private, no-cache"
    lines = answer.text.splitlines()
    assert f"{film.version_id}/360p/index.m3u8" in lines
    assert f'URI="{film.version_id}/sound/index.m3u8"' in answer.text
    assert lines[:2] == ["#EXTM3U", "#EXT-X-INDEPENDENT-SEGMENTS"]


async def test_segments_are_whole_typed_and_kept_for_ever(any_house: House) -> None:
    film = await a_film_of(any_house, "published")
    answer = await any_house.client().get(f"{film.folder}/360p/seg-00000.m4s")
    assert answer.content == SEGMENT
    assert answer.headers["content-type"] == "video/iso.segment"
    assert answer.headers["content-length"] == str(len(SEGMENT))
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_part_can_be_asked_for(any_house: House) -> None:
    film = await a_film_of(any_house, "published")
    client, address = any_house.client(), f"{film.folder}/360p/seg-00000.m4s"
    size = len(SEGMENT)
    for asked, first, after in (("0-1", 0, 2), ("100-", 100, size), ("-7", size - 7, size)):
        answer = await client.get(address, headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.content) == (206, SEGMENT[first:after])
        assert answer.headers["content-length"] == str(after - first)
        assert answer.headers["content-range"] == f"bytes {first}-{after - 1}/{size}"
    behind = await client.get(address, headers={"Range": "bytes=999999-"})
    assert behind.status_code == 416
    assert behind.headers["content-range"].endswith(f"*/{size}")


async def test_a_part_of_other_bytes_is_not_given(any_house: House) -> None:
    film = await a_film_of(any_house, "published")
    client, address = any_house.client(), f"{film.folder}/360p/seg-00000.m4s"
    tag = (await client.get(address)).headers["etag"]
    same = await client.get(address, headers={"Range": "bytes=0-1", "If-Range": tag})
    other = await client.get(address, headers={"Range": "bytes=0-1", "If-Range": '"else"'})
    assert (same.status_code, other.status_code) == (206, 200)


async def test_a_replaced_film_leaves_running_players_in_peace(app_house: House) -> None:
    film = await a_film_of(app_house, "draft")
    editor = await client_of(app_house, film.desk.editor, film.desk.programme)
    async with app_house.pool.acquire() as conn, conn.transaction():
        second = await a_film(conn, film.desk, film.tour_id)
        await put_files(conn, app_house.app.state.floor.storage, second)
    master = await editor.get(f"{film.video}/master.m3u8")
    assert str(second) in master.text
    assert str(film.version_id) not in master.text
    assert (await editor.get(f"{film.folder}/360p/seg-00000.m4s")).status_code == 200


async def test_nginx_is_told_where_the_bytes_lie(dsn: str, tmp_path: Path, clock: Clock) -> None:
    proxies = (ipaddress.ip_network("127.0.0.1/32"),)
    async with house(dsn, tmp_path, clock, trusted_proxies=proxies) as behind:
        film = await a_film_of(behind, "published")
        address = f"{film.folder}/360p/seg-00000.m4s"
        answer = await behind.client().get(address, headers={"X-Accel": "yes"})
        stored = f"/stored/videos/{film.version_id}/360p/seg-00000.m4s"
        assert answer.headers["x-accel-redirect"] == stored
        assert answer.headers["content-type"] == "video/iso.segment"
        assert answer.headers["cache-control"].endswith("immutable")
        assert answer.content == b""
        missing = await behind.client().get(f"{film.folder}/no.m4s", headers={"X-Accel": "yes"})
        assert missing.status_code == 404


async def test_without_a_trusted_proxy_that_wish_means_nothing(app_house: House) -> None:
    film = await a_film_of(app_house, "published")
    address = f"{film.folder}/360p/seg-00000.m4s"
    answer = await app_house.client().get(address, headers={"X-Accel": "yes"})
    assert "x-accel-redirect" not in answer.headers
    assert answer.content == SEGMENT


async def test_the_studio_hears_how_far_its_film_is(app_house: House) -> None:
    film = await a_film_of(app_house, "draft")
    editor = await client_of(app_house, film.desk.editor, film.desk.programme)
    told = (await editor.get(f"{film.video}/status")).json()
    assert (told["state"], told["error"], told["message"]) == ("ready", None, "")
    await app_house.pool.execute(
        "update video_versions set state = 'failed', error_code = 'no_picture' where id = $1",
        film.version_id,
    )
    refused = (await editor.get(f"{film.video}/status")).json()
    assert refused["error"] == "no_picture"
    assert "picture" in refused["message"]
    reviewer = await client_of(app_house, film.desk.coordinator, film.desk.programme)
    assert (await reviewer.get(f"{film.video}/status")).status_code == 404
