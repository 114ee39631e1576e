from datetime import date

import pytest

from rooms.errors import Conflict, NotThere, Refused
from rooms.tours import captions_kept, reviews, tours
from rooms.tours.states import State
from server.database import Pool
from tests.support import people
from tests.support import tours as build


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (date(2026, 11, 18), date(2026, 11, 25)),  # Wednesday to Wednesday
        (date(2026, 11, 20), date(2026, 11, 27)),  # Friday
        (date(2026, 11, 21), date(2026, 11, 27)),  # Saturday: Monday is the first day
        (date(2026, 11, 22), date(2026, 11, 27)),
    ],
)
def test_an_answer_is_due_after_five_working_days(asked: date, due: date) -> None:
    assert reviews.due_day(asked) == due


async def test_nothing_is_published_without_captions_or_declaration(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_tour_in_review(conn, desk)
        tour = await reviews.one(conn, desk.reviewers, tour_id)
        assert tour.version_id is not None
        await captions_kept.remove(conn, desk.programme.id, tour.version_id, "nl")
        with pytest.raises(Refused) as refused:
            await reviews.publish(conn, desk.reviewers, tour_id, [], build.NOW)
        assert refused.value.params["missing"] == ("captions:nl",)


async def test_the_statement_itself_refuses_captions_that_are_gone(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Even if the checklist were wrong: drafts and empty captions do not publish a tour.
    monkeypatch.setattr(tours, "missing", lambda *_: ())
    for spoil in (
        "delete from captions",
        "update captions set is_draft = true",
        "update captions set cues = '[]'",
        "update tours set rights_until = '2026-11-18'",
        "update tours set rights_by = null",
    ):
        async with pool.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            desk = await build.a_desk(conn)
            tour_id = await build.a_tour_in_review(conn, desk)
            await conn.execute(spoil)
            with pytest.raises(Conflict):
                await reviews.publish(conn, desk.reviewers, tour_id, [], build.NOW)
            await transaction.rollback()


async def test_a_reviewer_sees_her_own_region_only(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_tour_in_review(conn, desk)
        draft_id = await build.a_draft(conn, desk, "Nog niet")
        elsewhere = await people.a_region(conn, desk.programme, "Zeeland")
        other = people.Grant("coordinator", region_id=elsewhere.id)
        everywhere = people.Grant("coordinator")
        foreign = people.scope_of(desk.programme, desk.coordinator, other)
        whole = people.scope_of(desk.programme, desk.coordinator, everywhere)
        assert [tour.id for tour in await reviews.waiting(conn, desk.reviewers)] == [tour_id]
        assert [tour.id for tour in await reviews.waiting(conn, whole)] == [tour_id]
        assert await reviews.waiting(conn, foreign) == []
        for scope, wanted in ((foreign, tour_id), (desk.reviewers, draft_id)):
            with pytest.raises(NotThere):
                await reviews.one(conn, scope, wanted)


async def test_every_step_is_kept_with_who_and_why(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_tour_in_review(conn, desk)
        await reviews.give_back(conn, desk.reviewers, tour_id, "Te lang.", build.NOW)
        await reviews.ask(conn, desk.editors, tour_id, build.NOW)
        await reviews.publish(conn, desk.reviewers, tour_id, ["makers", "doers"], build.NOW)
        await reviews.unpublish_own(conn, desk.editors, tour_id, build.NOW)
        told = await reviews.history(conn, desk.editors, tour_id)
        kinds = ["unpublished", "published", "asked", "returned", "asked", "created"]
        assert [event.kind for event in told] == kinds
        assert (told[3].who, told[3].reasons) == ("Ria Koper", "Te lang.")
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        assert tour.state is State.UNPUBLISHED
        assert tour.btm_types == ["doers", "makers"]
