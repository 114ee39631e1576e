"""The demo: repeats without a change, shows nothing half, and everybody in it can sign in."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from media import demo_film, drawn, ffmpeg
from media.storage import Storage, open_storage
from rooms.agenda import request_deadlines
from rooms.people import persons
from server import passwords
from server.asked import Asked, CannotDo
from server.database import Pool
from server.demo import (
    invitation,
    keys,
    people,
    room,
    school_weeks,
    tour,
    verb,
    webinar,
    worksheet,
)
from server.demo.told import ProgrammeTold, TourTold
from tests.support.floor import House, settings_in

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
CHRISTMAS, SUMMER = [datetime(*day, 9, tzinfo=UTC) for day in ((2026, 12, 28), (2027, 7, 15))]
SECRET = b"a-secret-of-the-tests-32-characters-long"


async def seed(pool: Pool, secret: bytes = SECRET) -> ProgrammeTold:
    async with pool.acquire() as conn, conn.transaction():
        main, _ = await people.seed(conn, secret, datetime.now(UTC))
    return main


async def test_seeding_again_tells_the_same(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        first = await people.seed(conn, SECRET, datetime.now(UTC))
    async with pool.acquire() as conn, conn.transaction():
        again = await people.seed(conn, SECRET, datetime.now(UTC))
    assert msgspec.json.encode(first) == msgspec.json.encode(again)
    counted = await pool.fetchval("select count(*) from api_tokens where ended_at is null")
    assert counted == sum(len(each.persons) for each in first)
    aims = await pool.fetch("select programme_id from objectives")
    assert [row["programme_id"] for row in aims] == 2 * [first[0].programme.id]
    inside = await pool.fetch("select programme_id from network_members where valid_to is null")
    assert [row["programme_id"] for row in inside] == 3 * [first[0].programme.id]


async def test_one_webinar_is_always_to_come(app_house: House) -> None:
    """In whatever week the demo is started, on a day on which schools are open."""
    paths = []
    async with app_house.pool.acquire() as conn, conn.transaction():
        main, _ = await people.seed(conn, app_house.settings.secret, NOW)
        for at in (NOW, NOW, CHRISTMAS, SUMMER):
            paths.append(await webinar.find_or_make(conn, main, at))
    assert paths[0] == paths[1] and len(set(paths)) == 3
    rows = await app_house.pool.fetch("select starts_at from webinars order by 1")
    days = [row["starts_at"].date().isoformat() for row in rows]
    assert days == ["2026-11-25", "2027-01-11", "2027-09-06"]
    async with app_house.client(headers={"accept-language": "nl"}) as stranger:
        for at, path in zip((NOW, CHRISTMAS, SUMMER), paths[1:], strict=True):
            app_house.clock.moment = at
            for page in ("/webinars", path):
                assert webinar.TITLE in (await stranger.get(page, follow_redirects=True)).text, at
    wants = "select count(*) from presenter_checks where conduct_accepted_at is not null"
    assert await app_house.pool.fetchval(wants) == 1, "who speaks lacks her certificate only"
    aims = await app_house.pool.fetch("select objective_id from webinars")
    assert None not in {row["objective_id"] for row in aims}
    states = await app_house.pool.fetch("select state, expected from registrations")
    assert sorted(tuple(row) for row in states) == [("in", 24)] * 3 + [("in", 26)] * 3


async def test_one_invitation_waits_for_the_company(app_house: House) -> None:
    paths = []
    async with app_house.pool.acquire() as conn, conn.transaction():
        main, _ = await people.seed(conn, app_house.settings.secret, NOW)
        for at in (NOW, NOW, CHRISTMAS, SUMMER):
            await request_deadlines.expire_due(conn, at)
            paths.append(await invitation.find_or_ask(conn, main, at))
    assert paths[0] == paths[1] and len(set(paths)) == 3
    rows = await app_house.pool.fetch("select weeks from requests order by asked_at")
    weeks = [[str(week) for week in row["weeks"]] for row in rows]
    assert weeks == [
        ["2026-12-07", "2026-12-14", "2027-01-11"],
        ["2027-01-18", "2027-01-25", "2027-02-01"],
        ["2027-09-06", "2027-09-13", "2027-09-20"],
    ]


def test_the_demo_plans_in_no_holiday_of_any_day_of_ten_years() -> None:
    for number in range(3_653):
        day = date(2026, 1, 1) + timedelta(days=number)
        weeks = school_weeks.weeks_to_choose(day, 3)
        assert len(set(weeks)) == 3 and all(week.weekday() == 0 for week in weeks)
        planned = [school_weeks.first_after(day), *weeks]
        assert all(school_weeks.is_school_day(one) and one > day for one in planned)


async def test_one_room_is_open_at_every_start(app_house: House) -> None:
    paths = []
    for _ in range(2):
        async with app_house.pool.acquire() as conn, conn.transaction():
            main, _ = await people.seed(conn, SECRET, app_house.clock())
            paths.append(await room.find_or_open(conn, main, app_house.clock()))
    assert paths[0] == paths[1]
    here = {"98DA00", "Havenlicht", "Twente"}
    tokens = {person.role: person.token for person in main.persons if person.at in here}
    pages = {
        "teacher": paths[0], "coordinator": paths[0], "editor": f"{paths[0]}/studio",
        "presenter": f"{paths[0]}/studio",
    }  # fmt: skip
    for role, path in pages.items():
        async with app_house.client(headers={"authorization": f"Bearer {tokens[role]}"}) as one:
            for page in ("/rooms", path):
                answer = await one.get(page)
                assert (answer.status_code, room.TITLE in answer.text) == (200, True), role
    async with app_house.pool.acquire() as conn, conn.transaction():
        await conn.execute("update rooms set closed_at = now() + interval '1 day'")
        assert await room.find_or_open(conn, main, app_house.clock()) != paths[0]


async def test_everybody_stands_in_it(pool: Pool) -> None:
    main = await seed(pool)
    assert {person.role for person in main.persons} == {
        "teacher", "editor", "presenter", "moderator", "coordinator", "facilitator", "bureau",
        "safeguarding", "operator",
    }  # fmt: skip
    assert {person.at for person in main.persons if person.role == "coordinator"} == {
        region.name for region in main.regions
    }
    assert all(person.email.endswith(".example") for person in main.persons)
    with_classes = next(person for person in main.persons if person.role == "teacher")
    assert {each.teacher for each in main.classes} == {with_classes.email}


async def test_only_hashes_are_stored(pool: Pool) -> None:
    main = await seed(pool)
    stored = await pool.fetchval(
        "select string_agg(p::text, ' ') || (select string_agg(t::text, ' ') from api_tokens t) "
        "from persons p"
    )
    for person in main.persons:
        assert person.password not in stored
        assert person.token not in stored


async def test_a_changed_password_is_set_back(pool: Pool) -> None:
    main = await seed(pool)
    teacher = main.persons[0]
    async with pool.acquire() as conn:
        await persons.set_password_hash(conn, teacher.id, await passwords.hashed("another one!"))
        assert not await fits(pool, teacher.email, teacher.password)
    await seed(pool)
    assert await fits(pool, teacher.email, teacher.password)


async def fits(pool: Pool, email: str, password: str) -> bool:
    async with pool.acquire() as conn:
        found = await persons.credentials(conn, email)
    return found is not None and await passwords.fits(found.password_hash, password)


async def test_a_new_secret_ends_the_old_tokens(app_house: House) -> None:
    old = (await seed(app_house.pool)).persons[0]
    new = (await seed(app_house.pool, b"another-secret-of-32-characters-long")).persons[0]
    assert (old.password, old.token) != (new.password, new.token)
    assert await fits(app_house.pool, new.email, new.password)
    for token, status in ((old.token, 303), (new.token, 200)):
        async with app_house.client(headers={"authorization": f"Bearer {token}"}) as client:
            assert (await client.get("/account")).status_code == status


def test_keys_repeat_and_differ() -> None:
    assert keys.token(SECRET, "a@b.example") == keys.token(SECRET, "a@b.example")
    made = {
        keys.token(SECRET, "a@b.example"),
        keys.token(SECRET, "b@b.example"),
        keys.token(b"x" * 32, "a@b.example"),
        keys.password(SECRET, "a@b.example"),
    }
    assert len(made) == 4


def test_it_is_refused_where_others_can_reach_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, url="https://porthole.example")
    asked = Asked(settings, argparse.Namespace(yes=False, json=True, quiet=False), {})
    with pytest.raises(CannotDo) as refused:
        verb.run(asked)
    assert refused.value.code == "not_loopback"


# --- the film ----------------------------------------------------------------------------------


@pytest.fixture
def small_film(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the real one, but small and quick: what is tried here is what comes after."""
    folder = tmp_path_factory.mktemp("film")

    async def draw(scratch: Path) -> Path:
        file = scratch / "film.mp4"
        await ffmpeg.run(command(file), ffmpeg.child_limits(ffmpeg.Encoder(), 60), folder)
        return file

    monkeypatch.setattr(drawn, "draw", draw)


def command(file: Path) -> list[str]:
    length = f"d={demo_film.DURATION_S}"
    return [
        ffmpeg.executable(), "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=160x90:r=10:{length}",
        "-f", "lavfi", "-i", f"sine=f=220:{length}", "-c:v", "libx264", "-preset", "ultrafast",
        "-c:a", "aac", "-pix_fmt", "yuv420p", str(file),
    ]  # fmt: skip


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    yield open_storage((tmp_path / "storage").as_uri())


async def make(pool: Pool, storage: Storage, home: Path) -> TourTold:
    return await tour.find_or_make(pool, storage, home, await seed(pool))


async def keys_under(storage: Storage, prefix: str = "") -> set[str]:
    return {each.key async for each in storage.list_prefix(prefix)}


@pytest.mark.usefixtures("small_film")
async def test_the_tour_can_be_watched_by_anybody(
    app_house: House, storage: Storage, tmp_path: Path
) -> None:
    made = await make(app_house.pool, storage, tmp_path)
    async with app_house.client(headers={"accept-language": "en"}) as client:
        page = await client.get(made.path)
        assert page.status_code == 200
        assert "Havenlicht" in page.text
        master = await client.get(made.master)
        assert master.status_code == 200
        names = [line for line in master.text.splitlines() if line and not line.startswith("#")]
        playlist = await client.get(f"/videos/{made.video}/{names[0]}")
        assert playlist.text.count("#EXTINF") >= 16
        version = names[0].split("/")[0]
        for language, words in (("nl", "Vroeg in de ochtend."), ("en", "Early in the morning.")):
            captions = await client.get(f"/videos/{made.video}/{version}/captions/{language}.vtt")
            assert words in captions.text
        paper = await app_house.pool.fetchval("select id from documents")
        assert (await client.get(f"/documents/{paper}")).content == worksheet.pdf()
    titles = await app_house.pool.fetch("select title from chapters order by number")
    assert [row["title"] for row in titles] == list(tour.CHAPTERS)


@pytest.mark.usefixtures("small_film")
async def test_two_runs_at_once_and_a_third_make_one(
    pool: Pool, storage: Storage, tmp_path: Path
) -> None:
    told = await seed(pool)
    one, other = await asyncio.gather(
        tour.find_or_make(pool, storage, tmp_path, told),
        tour.find_or_make(pool, storage, tmp_path, told),
    )
    stored = await keys_under(storage)
    assert one == other == await make(pool, storage, tmp_path)
    assert await pool.fetchval("select count(*) from tours") == 1
    assert await keys_under(storage) == stored
    assert not (tmp_path / "demo-film").exists()


@pytest.mark.usefixtures("small_film")
async def test_a_run_that_died_shows_nothing_and_is_cleared_away(
    pool: Pool, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await seed(pool)

    with monkeypatch.context() as patched:
        patched.setattr(tour, "_rows", fail)
        with pytest.raises(ConnectionError):
            await tour.find_or_make(pool, storage, tmp_path, told)
    for table in ("tours", "videos", "documents", "captions"):
        assert await pool.fetchval(f"select count(*) from {table}") == 0, table
    left = await keys_under(storage, "demo")
    assert left
    await tour.find_or_make(pool, storage, tmp_path, told)
    assert not left & await keys_under(storage, "demo")


async def fail(*_: object) -> None:
    raise ConnectionError


def test_the_worksheet_is_a_whole_pdf(tmp_path: Path) -> None:
    data = worksheet.pdf()
    table = int(data.split(b"startxref\n")[1].split()[0])
    assert data[table:].startswith(b"xref\n0 7\n")
    for number, line in enumerate(data[table:].splitlines()[3:9], 1):
        at = int(line.split()[0])
        assert data[at:].startswith(b"%d 0 obj" % number)
