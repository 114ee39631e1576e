"""The studio through the real app: whose it is, hostile words, cuts, chapters, papers."""

import html
from uuid import UUID

import pytest
from httpx import AsyncClient

from rooms.tours import chapters_kept, texts, tours
from rooms.tours.texts import Text
from tests.support import people
from tests.support import tours as build
from tests.support.floor import House
from tests.support.samples import sample

PARTS = ("", "/film", "/texts", "/cut", "/chapters", "/captions", "/documents", "/declaration",
         "/review")  # fmt: skip


@pytest.fixture
async def desk(app_house: House) -> build.Desk:
    app_house.clock.moment = build.NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await build.a_desk(conn)


@pytest.fixture
async def editor(app_house: House, desk: build.Desk) -> AsyncClient:
    return await build.client_of(app_house, desk.editor, desk.programme)


async def _draft(house: House, desk: build.Desk, *, has_film: bool = True) -> UUID:
    async with house.pool.acquire() as conn, conn.transaction():
        tour_id = await build.a_draft(conn, desk)
        if has_film:
            await build.a_film(conn, desk, tour_id)
        return tour_id


async def test_every_part_opens_with_and_without_a_film(
    app_house: House, desk: build.Desk, editor: AsyncClient
) -> None:
    assert "No tour yet" in (await editor.get("/studio")).text
    for has_film in (False, True):
        tour_id = await _draft(app_house, desk, has_film=has_film)
        for part in PARTS:
            page = await editor.get(f"/studio/tours/{tour_id}{part}")
            assert page.status_code == 200, part
    assert (await editor.get("/studio")).text.count("Next:") == 2


async def test_a_film_is_tried_again_only_while_its_file_is_there(
    app_house: House, desk: build.Desk, editor: AsyncClient
) -> None:
    tour_id = await _draft(app_house, desk)
    path = f"/studio/tours/{tour_id}/film"
    await app_house.pool.execute(
        "update video_versions set state = 'failed', error_code = 'encoder_failed'"
    )
    assert f'action="{path}/retry"' in (await editor.get(path)).text
    await app_house.pool.execute("update uploads set state = 'ended', ended_at = now()")
    await app_house.pool.execute("update video_versions set error_code = 'not_a_video'")
    page = (await editor.get(path)).text
    assert "This film did not work" in page and "data-upload" in page
    assert "/film/retry" not in page
    assert (await editor.post(f"{path}/retry")).status_code == 409


async def test_others_find_nothing_here(app_house: House, desk: build.Desk) -> None:
    tour_id = await _draft(app_house, desk)
    async with app_house.pool.acquire() as conn, conn.transaction():
        other = await people.a_company(conn, desk.programme, "Zoutpan")
        rival = await people.an_editor(conn, desk.programme, other)
        school = await people.a_school(conn, desk.programme)
        teacher = await people.a_teacher(conn, desk.programme, school)
        twin = await build.a_desk(conn, "slipstream")
    for person, programme in (
        (rival, desk.programme),
        (teacher, desk.programme),
        (desk.coordinator, desk.programme),
        (twin.editor, twin.programme),
    ):
        client = await build.client_of(app_house, person, programme)
        for part in PARTS:
            answer = await client.get(f"/studio/tours/{tour_id}{part}")
            assert answer.status_code == 404, (person.name, part)
        for part in ("/texts", "/cut", "/declaration", "/review", "/film/cancel"):
            answer = await client.post(f"/studio/tours/{tour_id}{part}", data={"title_nl": "x"})
            assert answer.status_code == 404, (person.name, part)
    visitor = app_house.client()
    assert (await visitor.get(f"/studio/tours/{tour_id}")).status_code == 303


@pytest.mark.slow
async def test_any_words_are_shown_as_they_were_typed(
    app_house: House, desk: build.Desk, editor: AsyncClient
) -> None:
    tour_id = await _draft(app_house, desk)
    lines = sample("csv/blns.txt").read_text(encoding="utf-8").split("\n")
    naughty = [line for line in lines if line.strip() and not line.startswith("#")]
    for start in range(0, len(naughty), 12):
        text = "\n".join(naughty[start : start + 12])[:5000].strip()
        title = naughty[start][:120].strip()
        answer = await editor.post(
            f"/studio/tours/{tour_id}/texts",
            data={"title_nl": title, "description_nl": text, "levels": ["havo", "x' or 1=1"]},
        )
        assert answer.status_code == 303, repr(text)
        async with app_house.pool.acquire() as conn:
            kept = await texts.of_tour(conn, desk.editors, tour_id)
        assert kept["nl"] == Text("nl", title, text)
        page = await editor.get(f"/studio/tours/{tour_id}/texts")
        # Jinja writes the two quotation marks by their numbers, as html.escape does not.
        shown = html.unescape(page.text)
        assert text in shown
        for trap in ("<script>alert", "<svg><script>"):
            assert trap not in page.text


async def test_texts_that_do_not_fit_change_nothing(
    app_house: House, desk: build.Desk, editor: AsyncClient
) -> None:
    tour_id = await _draft(app_house, desk)
    address = f"/studio/tours/{tour_id}/texts"
    for typed in ({"title_nl": ""}, {"title_nl": "x" * 121}, {"description_nl": "x" * 5001}):
        answer = await editor.post(address, data={"title_nl": "Goed", "title_en": "Fine", **typed})
        assert answer.status_code == 422
        assert "Fine" in answer.text, "what was typed is still there"
    async with app_house.pool.acquire() as conn:
        kept = await texts.of_tour(conn, desk.editors, tour_id)
    assert list(kept) == ["nl"]


async def test_a_cut_makes_the_film_anew_and_comes_back(
    app_house: House, desk: build.Desk, editor: AsyncClient
) -> None:
    tour_id = await _draft(app_house, desk)
    base = f"/studio/tours/{tour_id}"
    for typed, told in (
        ({}, "changes nothing"),
        ({"start": "abc"}, "no time"),
        ({"cuts": "0:10 - 0:05"}, "ends before"),
        ({"start": "2:00"}, "before it begins"),
        ({"cuts": "0:05 - 0:20\n0:10 - 0:30"}, "overlap"),
        ({"cuts": "0:00 - 1:00"}, "Nothing of the film"),
    ):
        answer = await editor.post(f"{base}/cut", data=typed)
        assert answer.status_code == 422
        assert told in answer.text, typed
    answer = await editor.post(f"{base}/cut", data={"start": "0:02", "cuts": "0:10 - 0:20"})
    assert answer.status_code == 303
    busy = await editor.post(f"{base}/cut", data={"start": "0:04"})
    assert busy.status_code == 409
    async with app_house.pool.acquire() as conn, conn.transaction():
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        assert tour.newest_id is not None
        edit = await conn.fetchval("select edit from video_versions where id = $1", tour.newest_id)
        assert edit == [[2000, 10_000], [20_000, 60_000]]
        jobs = await conn.fetch("select entrypoint from pgqueuer")
        assert [row["entrypoint"] for row in jobs] == ["probe"]
        await build.make_ready(conn, desk, tour.video_id, tour.newest_id, duration_ms=48_000)
    assert "0:10 – 0:20" in (await editor.get(f"{base}/cut")).text
    back = {"start": "10000", "end": "20000"}
    assert (await editor.post(f"{base}/cut/back", data=back)).status_code == 303
    async with app_house.pool.acquire() as conn:
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        edit = await conn.fetchval("select edit from video_versions where id = $1", tour.newest_id)
        assert edit == [[2000, 60_000]]


async def test_chapters_are_typed_all_or_none(
    app_house: House, desk: build.Desk, editor: AsyncClient
) -> None:
    tour_id = await _draft(app_house, desk)
    address = f"/studio/tours/{tour_id}/chapters"
    good = await editor.post(address, data={"chapters": "0:30 <b>Werk</b>\n0:00 Welkom"})
    assert good.status_code == 303
    bad = await editor.post(address, data={"chapters": "0:00 Welkom\n9:00 Te laat\nzonder tijd"})
    assert bad.status_code == 422
    assert "Line 2:" in bad.text
    assert "Line 3:" in bad.text
    assert "zonder tijd" in bad.text
    page = await editor.get(address)
    assert "0:00 Welkom\n0:30 &lt;b&gt;Werk&lt;/b&gt;" in page.text
    async with app_house.pool.acquire() as conn:
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        assert tour.version_id is not None
        kept = await chapters_kept.of_version(conn, desk.programme.id, tour.version_id)
    assert [chapter.title for chapter in kept] == ["Welkom", "<b>Werk</b>"]


async def test_a_worksheet_is_there_for_who_may_see_the_tour(
    app_house: House, desk: build.Desk, editor: AsyncClient
) -> None:
    tour_id = await _draft(app_house, desk)
    base = f"/studio/tours/{tour_id}/documents"
    data = b"%PDF-1.7 werkblad"
    sent = {"kind": "worksheet", "language": "nl"}
    answer = await editor.post(base, data=sent, files={"file": ('w"erk<b>.html', data)})
    assert answer.status_code == 303, answer.text
    async with app_house.pool.acquire() as conn:
        document_id = await conn.fetchval("select id from documents")
    address = f"/documents/{document_id}"
    got = await editor.get(address)
    assert got.content == data
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert ".pdf" in got.headers["content-disposition"]
    visitor = app_house.client()
    assert (await visitor.get(address)).status_code == 404
    script = await editor.post(base, data=sent, files={"file": ("a.pdf", b"<script>")})
    assert script.status_code == 422
    async with app_house.pool.acquire() as conn:
        await conn.execute(
            """
            insert into documents (programme_id, tour_id, kind, filename, content_type, bytes, key)
            select programme_id, tour_id, kind, filename, content_type, bytes, key
            from documents, generate_series(1, 19)
            """
        )
    full = await editor.post(base, data=sent, files={"file": ("b.pdf", data)})
    assert full.status_code == 422
    folder = app_house.settings.home / "storage" / "documents"
    assert len(list(folder.iterdir())) == 1, "a refused file leaves nothing behind"
    async with app_house.pool.acquire() as conn:
        await conn.execute("delete from documents where id <> $1", document_id)
    async with app_house.pool.acquire() as conn, conn.transaction():
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
        assert tour.version_id is not None
        await conn.execute("update tours set state = 'published' where id = $1", tour_id)
    assert (await visitor.get(address)).content == data
    locked = await editor.post(f"{base}/{document_id}/remove")
    assert locked.status_code == 409
    async with app_house.pool.acquire() as conn:
        await conn.execute("update tours set state = 'draft'")
    assert (await editor.post(f"{base}/{document_id}/remove")).status_code == 303
    assert (await editor.get(address)).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [
        {"until": "2027-01-01"},
        {"agreed": "1", "until": ""},
        {"agreed": "1", "until": "2026-11-18"},
        {"agreed": "1", "until": "2099-01-01"},
        {"agreed": "1", "until": "morgen"},
    ],
)
async def test_a_declaration_has_a_tick_and_a_day(
    app_house: House, desk: build.Desk, editor: AsyncClient, typed: dict[str, str]
) -> None:
    tour_id = await _draft(app_house, desk)
    answer = await editor.post(f"/studio/tours/{tour_id}/declaration", data=typed)
    assert answer.status_code == 422
    async with app_house.pool.acquire() as conn:
        tour = await tours.one_of_company(conn, desk.editors, tour_id)
    assert tour.rights_by is None


async def test_mails_follow_a_tour_and_stop_when_asked(app_house: House, desk: build.Desk) -> None:
    reviewer = await build.client_of(app_house, desk.coordinator, desk.programme)
    async with app_house.pool.acquire() as conn, conn.transaction():
        first = await build.a_tour_in_review(conn, desk)
        second = await build.a_tour_in_review(conn, desk, "Een tweede")
    page = (await reviewer.get(f"/reviews/{first}")).text
    assert "Dutch, 2 captions, up to 0:05 of 1:00" in page, "who reviews sees where they end"
    await reviewer.post(f"/reviews/{first}/return", data={"reasons": "Te lang.\nEcht."})
    async with app_house.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "insert into mail_stops (person_id, kind) values ($1, 'tour_published')",
            desk.editor.id,
        )
    await reviewer.post(f"/reviews/{second}/publish")
    async with app_house.pool.acquire() as conn:
        sent = await conn.fetch("select kind, to_address, text_body from mails order by id")
    assert [(row["kind"], row["to_address"]) for row in sent] == [
        ("tour_returned", desk.editor.email)
    ]
    assert "Te lang. Echt." in sent[0]["text_body"]
