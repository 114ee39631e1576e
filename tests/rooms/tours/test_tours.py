from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from media import videos
from rooms.errors import Conflict, NotThere
from rooms.scope import Grant, Scope
from rooms.tours import captions_kept, catalogue, chapters_kept, reviews, texts, tours
from rooms.tours.captions import Cue
from rooms.tours.captions_kept import Kept
from rooms.tours.catalogue import Wish
from rooms.tours.chapters import Chapter
from rooms.tours.states import State
from rooms.tours.texts import Text
from server.database import Pool
from tests.support import people
from tests.support import tours as build


async def test_the_same_title_gets_another_address(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        for title in ("Één schip?", "Een schip", "Een schip", "😀😀", "田中"):
            await build.a_draft(conn, desk, title)
        found = {tour.slug for tour in await tours.of_company(conn, desk.editors)}
        assert {"een-schip", "een-schip-2", "een-schip-3", "tour"} <= found
        assert len(found) == 5


async def test_a_company_that_is_not_hers_is_not_there(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        other = await people.a_company(conn, desk.programme, "Zoutpan")
        video_id = await videos.create(conn, desk.programme.id, other.id)
        with pytest.raises(NotThere):
            await tours.create(conn, desk.editors, other.id, video_id, "Zout", "nl")


async def test_who_may_watch_in_which_state(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn, is_public=False)
        programme = desk.programme
        teacher = people.scope_of(programme, desk.editor, Grant("teacher", school_id=uuid4()))
        elsewhere = Scope(programme.id, uuid4(), (Grant("coordinator", region_id=uuid4()),))
        stranger = Scope(uuid4(), uuid4(), (Grant("bureau"),))
        presenter = people.scope_of(
            programme, desk.editor, Grant("presenter", company_id=desk.company.id)
        )
        readers = {
            "editor": desk.editors,
            "reviewer": desk.reviewers,
            "teacher": teacher,
            "elsewhere": elsewhere,
            "presenter": presenter,
            "stranger": stranger,
            "visitor": None,
        }

        async def watching(tour_id: object) -> set[str]:
            video_id = await conn.fetchval("select video_id from tours where id = $1", tour_id)
            return {
                name
                for name, scope in readers.items()
                if await tours.may_watch(conn, scope, video_id)
            }

        draft_id = await build.a_draft(conn, desk, "Nog niet")
        tour_id = await build.a_tour_in_review(conn, desk)
        assert await watching(draft_id) == {"editor"}
        assert await watching(tour_id) == {"editor", "reviewer"}
        await reviews.publish(conn, desk.reviewers, tour_id, [], build.NOW)
        inside = {"editor", "reviewer", "teacher", "elsewhere", "presenter"}
        assert await watching(tour_id) == inside
        await conn.execute("update programmes set is_public = true")
        assert await watching(tour_id) == set(readers)
        await reviews.unpublish(conn, desk.reviewers, tour_id, "", build.NOW)
        assert await watching(tour_id) == {"editor", "reviewer"}


async def test_a_twin_programme_shares_nothing(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        one = await build.a_desk(conn, "jetstream")
        twin = await build.a_desk(conn, "slipstream")
        ids = {}
        for desk in (one, twin):
            ids[desk.programme.id] = await build.a_published_tour(conn, desk, "Zelfde titel")
            await build.a_tour_in_review(conn, desk, "Wacht")
        for desk, other in ((one, twin), (twin, one)):
            own = Scope(desk.programme.id)
            found = await catalogue.search(conn, own, Wish(), "nl")
            assert [hit.tour.id for hit in found.found] == [ids[desk.programme.id]]
            assert len(await tours.of_company(conn, desk.editors)) == 2
            assert len(await reviews.waiting(conn, desk.reviewers)) == 1
            foreign = ids[other.programme.id]
            with pytest.raises(NotThere):
                await tours.one_of_company(conn, desk.editors, foreign)
            with pytest.raises(NotThere):
                await reviews.one(conn, desk.reviewers, foreign)
            video_id = await conn.fetchval("select video_id from tours where id = $1", foreign)
            assert not await tours.may_edit_video(conn, desk.editors, video_id)


async def test_the_end_date_takes_a_tour_off_in_its_own_zone(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_published_tour(conn, desk)
        # 1 January 2030 begins in Amsterdam an hour before it does in UTC.
        before = datetime(2029, 12, 31, 22, 59, tzinfo=UTC)
        assert await tours.rights_due(conn, before) == []
        due = datetime(2029, 12, 31, 23, 0, tzinfo=UTC)
        assert await tours.rights_due(conn, due) == [(desk.programme.id, tour_id)]
        assert await tours.rights_due(conn, due) == []
        told = await reviews.history(conn, desk.editors, tour_id)
        assert (told[0].kind, told[0].who) == ("rights_ended", "")


async def _recut(
    pool: Pool, desk: build.Desk, tour_id: UUID, edit: list[tuple[int, int]] | None, hour: int
) -> tours.Tour:
    """The same film with other pieces kept, made and playing."""
    async with pool.acquire() as conn, conn.transaction():
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        new_id = await videos.re_edit(conn, desk.programme.id, tour.video_id, edit, desk.editor.id)
        length = sum(end - start for start, end in edit or [(0, build.FILM_MS)])
        now = build.NOW + timedelta(hours=hour)
        await build.make_ready(conn, desk, tour.video_id, new_id, duration_ms=length, now=now)
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        assert tour.version_id == new_id
        return tour


async def _told(pool: Pool, tour: tours.Tour) -> tuple[list[tuple[int, int, str]], list[Chapter]]:
    assert tour.version_id is not None
    async with pool.acquire() as conn:
        kept = await captions_kept.one(conn, tour.programme_id, tour.version_id, "nl")
        chapters = await chapters_kept.of_version(conn, tour.programme_id, tour.version_id)
    assert kept is not None
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in kept.cues], chapters


async def test_words_go_along_with_a_cut_and_come_back_with_a_piece(pool: Pool) -> None:
    whole = [(0, 4000, "Welkom"), (12_000, 14_000, "eruit"), (30_000, 33_000, "en dag")]
    cues = tuple(Cue(start, end, (text,)) for start, end, text in whole)
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_published_tour(conn, desk)
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        assert tour.version_id is not None
        kept = Kept("nl", "typed", False, cues)
        await captions_kept.put(conn, desk.programme.id, tour.version_id, kept)
        chapters = [Chapter(0, "A"), Chapter(12_000, "B"), Chapter(30_000, "C")]
        await chapters_kept.put(conn, desk.programme.id, tour.version_id, chapters)

    tour = await _recut(pool, desk, tour_id, [(0, 10_000), (20_000, 60_000)], 1)
    assert tour.state is State.REVIEW, "nobody has looked at this film yet"
    words, parts = await _told(pool, tour)
    assert words == [(0, 4000, "Welkom"), (20_000, 23_000, "en dag")]
    assert [part.title for part in parts] == ["A", "B", "C"]
    assert [part.start_ms for part in parts] == [0, 10_000, 20_000]

    async with pool.acquire() as conn:
        assert tour.version_id is not None
        better = Kept(
            "nl", "typed", False, (Cue(0, 4000, ("Hallo",)), Cue(20_000, 23_000, ("dag",)))
        )
        await captions_kept.put(conn, desk.programme.id, tour.version_id, better)
    tour = await _recut(pool, desk, tour_id, None, 2)
    words, parts = await _told(pool, tour)
    assert words == [(0, 4000, "Hallo"), (12_000, 14_000, "eruit"), (30_000, 33_000, "dag")]
    assert parts == chapters


async def test_another_film_starts_without_words(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_published_tour(conn, desk)
        await build.a_film(conn, desk, tour_id)
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        assert tour.state is State.REVIEW
        assert tour.caption_languages == []
        with pytest.raises(Conflict):
            await tours.to_edit(conn, desk.editors, tour_id)


async def test_the_catalogue_finds_by_words_and_wishes(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        ship = await build.a_published_tour(conn, desk, "Hoe een schip ontstaat")
        mill = await build.a_published_tour(conn, desk, "Windmolens op zee")
        await texts.put(conn, desk.editors, mill, Text("en", "Wind turbines at sea", "Tall."))
        reader = Scope(desk.programme.id)

        async def found(language: str = "nl", **wish: str) -> list[object]:
            hits = await catalogue.search(conn, reader, Wish(**wish), language)
            return [hit.tour.id for hit in hits.found]

        assert set(await found()) == {ship, mill}
        assert await found(words="ontstaat") == [ship]
        assert await found(words="turbines") == [mill], "words of any language find it"
        assert set(await found(words="havenlicht")) == {ship, mill}, "the company's name too"
        assert await found(words='"zee windmolens" OR ((( &|!') == []
        assert set(await found(level="havo", sector="maritime", spoken="nl")) == {ship, mill}
        assert await found(level="mbo") == []
        assert await found(length="long") == []
        assert await found(captions="en") == []
        hits = await catalogue.search(conn, reader, Wish(words="windmolens"), "en")
        assert hits.found[0].text.title == "Wind turbines at sea"
        french = await catalogue.search(conn, reader, Wish(), "fr")
        assert [hit.text.language for hit in french.found] == ["nl", "nl"]
        pages = [
            await catalogue.search(conn, reader, Wish(), "nl", first, most=1) for first in (0, 1, 2)
        ]
        assert [one.all for one in pages] == [2, 2, 0], "beyond the last there is nothing"
        assert [hit.tour.id for one in pages for hit in one.found] == await found()
