"""tus 1.0 at /uploads/, one suite over a folder and S3: what is acknowledged is there."""

import ast
import asyncio
import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from itertools import accumulate
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media import upload_ends as ends
from media import uploads as kept
from server import uploads
from server.templates import STATIC
from server.upload_headers import PROJECTS
from tests.support import people, sending, tours
from tests.support.buckets import a_bucket, an_s3
from tests.support.floor import Clock, House, house
from tests.support.samples import sample
from tests.support.sending import Sender, create, id_of, metadata, offset, patch

JS = STATIC / "js" / "upload"
FILM = bytes(range(256)) * 40


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with an_s3() as endpoint:
        yield endpoint


@pytest.fixture(params=["file", "s3"])
async def running(
    request: pytest.FixtureRequest, dsn: str, tmp_path: Path, clock: Clock
) -> AsyncIterator[House]:
    changes = {}
    if request.param == "s3":
        changes = await a_bucket(request.getfixturevalue("s3"))
    async with house(dsn, tmp_path, clock, **changes) as found:
        yield found


@pytest.fixture
async def sender(running: House) -> Sender:
    async with running.pool.acquire() as conn, conn.transaction():
        return await sending.a_sender(conn)


@pytest.fixture
async def client(running: House, sender: Sender) -> AsyncIterator[httpx.AsyncClient]:
    async with running.client(headers=sender.headers) as found:
        yield found


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> int:
    """Pieces of 1000 bytes, so that a few kilobytes make many."""
    monkeypatch.setattr(kept, "PIECE_BYTES", 1000)
    return 1000


async def film_at(running: House, address: str, folder: Path) -> bytes:
    """What the worker would find."""
    target = folder / "whole"
    await kept.assemble(running.pool, running.app.state.floor.storage, id_of(address), target)
    return target.read_bytes()


async def in_small_bits(data: bytes, size: int = 700) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


# --- the protocol's core, as tusd answers it -------------------------------------------------


async def test_options_tells_what_this_server_can(client: httpx.AsyncClient) -> None:
    answer = await client.options("/uploads/")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "creation-defer-length", "termination", "expiration",
        "checksum", "concatenation",
    }  # fmt: skip
    assert answer.headers["tus-max-size"] == str(20 * 1000**3)
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256,md5"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "Upload-Offset" in answer.headers["access-control-expose-headers"]


async def test_a_film_arrives_in_two_requests(
    client: httpx.AsyncClient, running: House, tmp_path: Path
) -> None:
    told = metadata(filename="film.mp4", filetype="video/mp4")
    address = await create(client, len(FILM), told)
    assert address.startswith("/uploads/")
    first = await patch(client, address, 0, FILM[:3000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "3000")
    assert "upload-expires" in first.headers
    head = await client.head(address)
    assert head.headers["upload-offset"] == "3000"
    assert head.headers["upload-length"] == str(len(FILM))
    assert head.headers["upload-metadata"] == told["Upload-Metadata"]
    assert head.headers["cache-control"] == "no-store"
    assert (await patch(client, address, 3000, FILM[3000:])).status_code == 204
    assert await film_at(running, address, tmp_path) == FILM
    assert await offset(client, address) == len(FILM)


async def test_creation_takes_the_first_bytes_along(
    client: httpx.AsyncClient, running: House, tmp_path: Path
) -> None:
    answer = await client.post(
        "/uploads/",
        content=FILM,
        headers={"Upload-Length": str(len(FILM)), "Content-Type": sending.BYTES},
    )
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(FILM)))
    assert await film_at(running, answer.headers["location"], tmp_path) == FILM


async def test_a_length_told_later(
    client: httpx.AsyncClient, running: House, tmp_path: Path
) -> None:
    address = await create(client, None)
    assert (await client.head(address)).headers["upload-defer-length"] == "1"
    await patch(client, address, 0, FILM[:100])
    size = {"Upload-Length": str(len(FILM))}
    assert (await patch(client, address, 100, FILM[100:], size)).status_code == 204
    assert (await client.head(address)).headers["upload-length"] == str(len(FILM))
    assert await film_at(running, address, tmp_path) == FILM


async def test_a_length_told_with_no_bytes_completes(client: httpx.AsyncClient) -> None:
    address = await create(client, None)
    await patch(client, address, 0, FILM)
    end = await patch(client, address, len(FILM), b"", {"Upload-Length": str(len(FILM))})
    assert end.status_code == 204
    assert (await client.head(address)).headers["upload-length"] == str(len(FILM))


async def test_a_length_cannot_change(client: httpx.AsyncClient) -> None:
    address = await create(client, 100)
    answer = await patch(client, address, 0, b"x", {"Upload-Length": "200"})
    assert (answer.status_code, answer.json()["error"]) == (400, "length_known")


async def test_nothing_is_a_film_of_nothing(client: httpx.AsyncClient, running: House) -> None:
    address = await create(client, 0)
    assert await offset(client, address) == 0
    assert await running.pool.fetchval("select state from uploads") == "complete"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "10", "Upload-Defer-Length": "1"},
        {"Upload-Length": "-1"},
        {"Upload-Length": "ten"},
        {"Upload-Length": "1" * 30},
        {"Upload-Length": "10", "Upload-Metadata": "filename not-base64!"},
        {"Upload-Length": "10", "Upload-Metadata": "a YQ==,a YQ=="},
        {"Upload-Length": "10", "Upload-Metadata": "x" * 20_000},
        {"Upload-Defer-Length": "2"},
        {"Upload-Length": "10", "Upload-Concat": "nonsense"},
        {"Upload-Concat": "final;"},
    ],
)
async def test_a_bad_creation_is_400(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post("/uploads/", headers=headers)
    assert answer.status_code == 400
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.json()["message"]


async def test_another_version_is_412(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/uploads/", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "1"}
    )
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


async def test_a_wrong_offset_is_409_with_the_true_one(client: httpx.AsyncClient) -> None:
    address = await create(client, len(FILM))
    await patch(client, address, 0, FILM[:500])
    answer = await patch(client, address, 0, FILM)
    assert (answer.status_code, answer.headers["upload-offset"]) == (409, "500")


async def test_another_type_is_415(client: httpx.AsyncClient) -> None:
    address = await create(client, 10)
    answer = await patch(client, address, 0, b"x", {"Content-Type": "video/mp4"})
    assert answer.status_code == 415


async def test_an_offset_is_needed(client: httpx.AsyncClient) -> None:
    address = await create(client, 10)
    answer = await client.patch(address, content=b"x", headers={"Content-Type": sending.BYTES})
    assert answer.status_code == 400


async def test_more_than_the_length_is_413(client: httpx.AsyncClient) -> None:
    address = await create(client, 10)
    assert (await patch(client, address, 0, b"x" * 11)).status_code == 413
    assert (await patch(client, address, 0, in_small_bits(b"x" * 11, 3))).status_code == 413
    assert await offset(client, address) == 0


async def test_unknown_is_404(client: httpx.AsyncClient) -> None:
    for address in (f"/uploads/{uuid4()}", "/uploads/film.mp4"):
        assert (await client.head(address)).status_code == 404
        assert (await patch(client, address, 0, b"x")).status_code == 404
        assert (await client.delete(address)).status_code == 404


async def test_a_terminated_upload_is_gone_with_its_bytes(
    client: httpx.AsyncClient, running: House
) -> None:
    address = await create(client, len(FILM))
    await patch(client, address, 0, FILM[:500])
    assert (await client.delete(address)).status_code == 204
    assert (await client.head(address)).status_code == 404
    storage = running.app.state.floor.storage
    assert await ends.sweep(running.pool, storage, running.clock()) == 1
    assert [key async for key in storage.list_prefix("uploads")] == []


async def test_methods_may_be_overridden(client: httpx.AsyncClient) -> None:
    address = await create(client, 3)
    headers = {"Content-Type": sending.BYTES, "Upload-Offset": "0"}
    own = {"X-HTTP-Method-Override": "PATCH"}
    answer = await client.post(address, content=b"abc", headers=headers | own)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "3")


# --- whose it is -----------------------------------------------------------------------------


async def test_nobody_elses_upload_is_there(client: httpx.AsyncClient, running: House) -> None:
    address = await create(client, 10)
    async with running.pool.acquire() as conn, conn.transaction():
        other = await sending.a_sender(conn, "elsewhere", "Zonnevlecht")
    async with running.client(headers=other.headers) as stranger:
        assert (await stranger.head(address)).status_code == 404
        assert (await patch(stranger, address, 0, b"x")).status_code == 404
        assert (await stranger.delete(address)).status_code == 404
        final = await stranger.post("/uploads/", headers={"Upload-Concat": f"final;{address}"})
        assert final.status_code == 400
    assert await offset(client, address) == 0


async def test_without_a_sign_in_it_is_401(running: House) -> None:
    async with running.client(headers={"Tus-Resumable": "1.0.0"}) as nobody:
        answer = await nobody.post("/uploads/", headers={"Upload-Length": "1"})
        assert answer.status_code == 401
        assert answer.headers["tus-resumable"] == "1.0.0"


async def test_who_makes_no_films_finds_nothing(running: House, sender: Sender) -> None:
    async with running.pool.acquire() as conn, conn.transaction():
        school = await people.a_school(conn, sender.programme)
        teacher = await people.a_teacher(conn, sender.programme, school)
        token = await sending.a_token(conn, sender.programme, teacher)
    headers = sender.headers | {"Authorization": f"Bearer {token}", "Upload-Length": "1"}
    async with running.client(headers=headers) as client:
        assert (await client.post("/uploads/")).status_code == 404


async def test_a_cookie_rides_from_our_own_pages_only(running: House, sender: Sender) -> None:
    async with running.client(headers={"Tus-Resumable": "1.0.0"}) as browser:
        await people.sign_in(running, browser, sender.person)
        own = {"Upload-Length": "3", "Sec-Fetch-Site": "same-origin"}
        assert (await browser.post("/uploads/", headers=own)).status_code == 201
        cross = {"Upload-Length": "3", "Sec-Fetch-Site": "cross-site"}
        assert (await browser.post("/uploads/", headers=cross)).status_code == 403


# --- checksums -------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
async def test_a_checksum_that_fits(
    client: httpx.AsyncClient, small_pieces: int, algorithm: str
) -> None:
    address = await create(client, len(FILM))
    digest = base64.b64encode(hashlib.new(algorithm, FILM).digest()).decode()
    answer = await patch(client, address, 0, FILM, {"Upload-Checksum": f"{algorithm} {digest}"})
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(FILM)))


async def test_a_checksum_that_does_not_fit_keeps_nothing_of_it(
    client: httpx.AsyncClient, running: House, small_pieces: int
) -> None:
    address = await create(client, len(FILM))
    await patch(client, address, 0, FILM[:1500])
    wrong = base64.b64encode(hashlib.sha1(b"other").digest()).decode()
    answer = await patch(client, address, 1500, FILM[1500:], {"Upload-Checksum": f"sha1 {wrong}"})
    assert answer.status_code == 460
    assert await offset(client, address) == 1500
    stored = [one.size async for one in running.app.state.floor.storage.list_prefix("uploads")]
    assert sum(stored) == 1500


async def test_an_unknown_algorithm_is_400(client: httpx.AsyncClient) -> None:
    address = await create(client, 10)
    answer = await patch(client, address, 0, b"x", {"Upload-Checksum": "crc32 AAAA"})
    assert answer.status_code == 400


# --- concatenation ---------------------------------------------------------------------------


async def test_parts_become_a_whole_without_copying(
    client: httpx.AsyncClient, running: House, tmp_path: Path, small_pieces: int
) -> None:
    partial = {"Upload-Concat": "partial"}
    halves = [await create(client, len(FILM), partial) for _ in range(2)]
    for at, address in enumerate(halves):
        await patch(client, address, 0, FILM[::-1] if at else FILM)
    assert (await client.head(halves[0])).headers["upload-concat"] == "partial"
    joined = f"final;{halves[0]} http://testserver{halves[1]}"
    answer = await client.post("/uploads/", headers={"Upload-Concat": joined})
    assert answer.status_code == 201
    whole = answer.headers["location"]
    head = await client.head(whole)
    assert head.headers["upload-length"] == str(2 * len(FILM))
    assert head.headers["upload-concat"].startswith("final;/uploads/")
    assert (await patch(client, whole, 2 * len(FILM), b"")).status_code == 403
    assert await ends.sweep(running.pool, running.app.state.floor.storage, running.clock()) == 0
    assert await film_at(running, whole, tmp_path) == FILM + FILM[::-1]


async def test_unfinished_parts_are_not_joined(client: httpx.AsyncClient) -> None:
    part = await create(client, 10, {"Upload-Concat": "partial"})
    whole = await create(client, 0)
    for parts in (part, whole, f"/uploads/{uuid4()}", "/uploads/nonsense"):
        answer = await client.post("/uploads/", headers={"Upload-Concat": f"final;{parts}"})
        assert answer.status_code == 400, parts


async def test_a_part_is_used_once(client: httpx.AsyncClient) -> None:
    part = await create(client, 0, {"Upload-Concat": "partial"})
    joined = {"Upload-Concat": f"final;{part}"}
    twice = {"Upload-Concat": f"final;{part} {part}"}
    assert (await client.post("/uploads/", headers=twice)).status_code == 400
    assert (await client.post("/uploads/", headers=joined)).status_code == 201
    assert (await client.post("/uploads/", headers=joined)).status_code == 400


# --- room and time ---------------------------------------------------------------------------


async def quota(running: House, sender: Sender, size: int) -> None:
    await running.pool.execute(
        "update companies set quota_bytes = $2 where id = $1", sender.company.id, size
    )


async def test_a_film_over_the_limit_is_413_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.post("/uploads/", headers={"Upload-Length": str(21 * 1000**3)})
    assert answer.status_code == 413
    assert "21.0 GB" in answer.json()["message"] or "21 GB" in answer.json()["message"]


async def test_parallel_creations_cannot_race_past_the_quota(
    client: httpx.AsyncClient, running: House, sender: Sender
) -> None:
    await quota(running, sender, 1000)
    answers = await asyncio.gather(
        *(client.post("/uploads/", headers={"Upload-Length": "300"}) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [413] * 5


async def test_a_deferred_length_meets_the_quota_on_its_way(
    client: httpx.AsyncClient, running: House, sender: Sender, small_pieces: int
) -> None:
    await quota(running, sender, 2500)
    address = await create(client, None)
    answer = await patch(client, address, 0, in_small_bits(FILM))
    assert (answer.status_code, answer.json()["error"]) == (413, "over_quota")
    assert 0 < await offset(client, address) <= 2500
    stored = [one.size async for one in running.app.state.floor.storage.list_prefix("uploads")]
    assert sum(stored) <= 2500
    told = await patch(
        client, address, await offset(client, address), b"", {"Upload-Length": "9999"}
    )
    assert told.status_code == 413


async def test_an_ended_upload_gives_its_room_back(
    client: httpx.AsyncClient, running: House, sender: Sender
) -> None:
    await quota(running, sender, 1000)
    address = await create(client, 900)
    assert (await client.post("/uploads/", headers={"Upload-Length": "900"})).status_code == 413
    await client.delete(address)
    address = await create(client, 900)
    running.clock.move(days=4)
    await create(client, 900)


async def test_a_full_disk_is_507_in_words(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SPARE_BYTES", 10**18)
    answer = await client.post("/uploads/", headers={"Upload-Length": "9"})
    if answer.status_code == 201:
        pytest.skip("S3 knows no full disk")
    assert (answer.status_code, answer.json()["error"]) == (507, "no_space")


async def test_an_upload_that_waited_too_long_is_410(
    client: httpx.AsyncClient, running: House
) -> None:
    address = await create(client, 10)
    await patch(client, address, 0, b"12345")
    running.clock.move(days=2)
    await patch(client, address, 5, b"6")
    running.clock.move(days=2)
    assert await offset(client, address) == 6  # each PATCH starts the time again
    running.clock.move(days=2)
    assert (await client.head(address)).status_code == 410
    storage = running.app.state.floor.storage
    assert await ends.sweep(running.pool, storage, running.clock()) == 2
    assert (await patch(client, address, 6, b"7")).status_code == 410
    running.clock.move(days=60)
    await ends.sweep(running.pool, storage, running.clock())
    assert await running.pool.fetchval("select count(*) from uploads") == 0


# --- broken off ------------------------------------------------------------------------------


async def test_a_silent_sender_is_let_go_and_its_bytes_are_kept(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "STALL_S", 0.2)

    async def stalls() -> AsyncIterator[bytes]:
        yield FILM[:500]
        await asyncio.sleep(3600)

    address = await create(client, len(FILM))
    answer = await patch(client, address, 0, stalls())
    assert (answer.status_code, answer.json()["error"]) == (408, "upload_interrupted")
    assert await offset(client, address) == 500


async def test_a_newcomer_takes_over_a_hanging_writer(client: httpx.AsyncClient) -> None:
    sent = asyncio.Event()

    async def hangs() -> AsyncIterator[bytes]:
        yield FILM[:500]
        sent.set()
        await asyncio.sleep(3600)

    address = await create(client, len(FILM))
    hanging = asyncio.create_task(patch(client, address, 0, hangs()))
    await sent.wait()
    assert await offset(client, address) == 500
    assert (await hanging).status_code == 408
    assert (await patch(client, address, 500, FILM[500:])).status_code == 204


async def test_a_newcomer_on_another_process_takes_over(
    client: httpx.AsyncClient, running: House, sender: Sender, tmp_path: Path
) -> None:
    sent = asyncio.Event()

    async def hangs() -> AsyncIterator[bytes]:
        yield FILM[:500]
        sent.set()
        await asyncio.sleep(3600)

    address = await create(client, len(FILM))
    hanging = asyncio.create_task(patch(client, address, 0, hangs()))
    await sent.wait()
    changes = {"storage_url": running.settings.storage_url, "s3": running.settings.s3}
    async with (
        house(running.dsn, tmp_path, running.clock, **changes) as second,
        second.client(headers=sender.headers) as elsewhere,
    ):
        assert await offset(elsewhere, address) == 500
        assert (await hanging).status_code == 408
        assert (await patch(elsewhere, address, 500, FILM[500:])).status_code == 204
    assert await film_at(running, address, tmp_path) == FILM


async def test_a_writer_that_died_is_replaced_when_its_lease_is_over(
    client: httpx.AsyncClient, running: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await create(client, 10)
    monkeypatch.setattr(kept, "LEASE_S", 0.5)
    async with running.pool.acquire() as conn:
        assert await kept.take_pen(conn, id_of(address), uuid4())
        assert not await kept.take_pen(conn, id_of(address), uuid4())
    assert (await patch(client, address, 0, b"1234567890")).status_code == 204


async def test_who_waits_too_long_hears_423(
    client: httpx.AsyncClient, running: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await create(client, 10)
    monkeypatch.setattr("server.pens.WAIT_AT_MOST_S", 0.5)
    async with running.pool.acquire() as conn:
        await kept.take_pen(conn, id_of(address), uuid4())
    answer = await patch(client, address, 0, b"1")
    assert (answer.status_code, answer.json()["error"]) == (423, "upload_busy")


async def test_a_writer_that_wakes_up_too_late_adds_nothing(
    client: httpx.AsyncClient, running: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, awake = asyncio.Event(), asyncio.Event()

    async def sleeps() -> AsyncIterator[bytes]:
        yield b"late!"
        gone.set()
        await awake.wait()

    address = await create(client, len(FILM))
    late = asyncio.create_task(patch(client, address, 0, sleeps()))
    await gone.wait()
    # the lease is lost behind the writer's back, as after a pause of the whole machine
    await running.pool.execute("update uploads set writer = $1", uuid4())
    await running.pool.execute("update uploads set writer = null, writer_until = null")
    async with running.pool.acquire() as conn:
        lease = uuid4()
        assert await kept.take_pen(conn, id_of(address), lease)
        await kept.lay_down_pen(conn, id_of(address), lease)
        taken = await kept.take_pen(conn, id_of(address), lease)
        assert taken
    awake.set()
    assert (await late).status_code in (408, 423)
    async with running.pool.acquire() as conn:
        await kept.lay_down_pen(conn, id_of(address), lease)
    assert await offset(client, address) == 0
    assert [one async for one in running.app.state.floor.storage.list_prefix("uploads")] == []
    assert (await patch(client, address, 0, FILM)).status_code == 204
    assert await film_at(running, address, tmp_path) == FILM


async def test_a_piece_without_a_row_is_swept(client: httpx.AsyncClient, running: House) -> None:
    address = await create(client, 3)
    storage = running.app.state.floor.storage
    await storage.put(f"uploads/{id_of(address)}/000000-deadbeef", b"left by a crash")
    assert await ends.sweep(running.pool, storage, running.clock()) == 0  # still being written
    await patch(client, address, 0, b"abc")
    assert await ends.sweep(running.pool, storage, running.clock()) == 1
    assert await ends.sweep(running.pool, storage, running.clock()) == 0


def test_the_page_knows_the_same_projects_as_the_server() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = "import('./kinds.js').then(m => console.log(JSON.stringify(m.PROJECTS)))"
    told = subprocess.run([node, "-e", script], cwd=JS, capture_output=True, check=True, timeout=30)
    assert json.loads(told.stdout) == dict(PROJECTS)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(1, 4000), max_size=12), pieces=st.integers(1, 3000))
def test_any_cuts_give_the_same_film(cuts: list[int], pieces: int) -> None:
    """Kept apart from HTTP: the hand that gathers chunks into pieces loses and adds nothing."""
    stored, told = asyncio.run(_append(cuts, pieces))
    assert b"".join(stored) == FILM
    ends = accumulate((piece.bytes for piece in told), initial=0)
    assert [piece.starts_at for piece in told] == list(ends)[:-1]
    assert all(piece.number == at for at, piece in enumerate(told))


async def _append(cuts: list[int], piece_bytes: int) -> tuple[list[bytes], list[kept.Piece]]:
    stored: dict[str, bytes] = {}
    told: list[kept.Piece] = []

    class Memory:
        async def put(self, key: str, data: bytes) -> None:
            assert key not in stored
            stored[key] = data

    async def chunks() -> AsyncIterator[bytes]:
        at = 0
        for size in cuts:
            if FILM[at : at + size]:
                yield FILM[at : at + size]
            at += size
        if FILM[at:]:
            yield FILM[at:]

    async def keep(pieces: list[kept.Piece]) -> kept.Upload:
        told.extend(pieces)
        return upload

    upload = an_upload(len(FILM))
    before = kept.PIECE_BYTES
    kept.PIECE_BYTES = piece_bytes
    try:
        await kept.append(Memory(), upload, uuid4(), chunks(), keep)  # type: ignore[arg-type]
    finally:
        kept.PIECE_BYTES = before
    return [stored[piece.key] for piece in told], told


def an_upload(length: int) -> kept.Upload:
    now = Clock()()
    some = uuid4()
    return kept.Upload(
        some, some, some, None, some, "", "", length, 0, False, None, "open", now, None, 0
    )


# --- names -----------------------------------------------------------------------------------


HOSTILE_NAMES = [
    "../../etc/passwd",
    "C:\\evil.mp4",
    "a\x00.mp4",
    "a\r\nSet-Cookie: x=1.mp4",
    "",
    "x" * 5000,
    "<img src=x>.mp4",
    "\u202e4pm.exe",
    "één 视频 🎬.mp4",
    "{{7*7}}.mp4",
    "%s%n.mp4",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_a_hostile_name_is_stored_clean(
    client: httpx.AsyncClient, running: House, name: str
) -> None:
    await create(client, 1, metadata(filename=name))
    stored = await running.pool.fetchval("select filename from uploads")
    assert len(stored) <= 200
    assert not set(stored) & set("/\\\x00\r\n\u202e")


async def test_the_collected_hostile_names(client: httpx.AsyncClient) -> None:
    for line in sample("csv/filenames.txt").read_text().splitlines():
        name = ast.literal_eval(line)
        text = base64.b64encode(name.encode("utf-8", "surrogatepass")).decode()
        headers = {"Upload-Length": "1", "Upload-Metadata": f"filename {text}"}
        answer = await client.post("/uploads/", headers=headers)
        assert answer.status_code in (201, 400), name


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("Les 1.pptx", "PowerPoint"),
        ("praatje.KEY", "Keynote"),
        ("film.prproj", "Adobe Premiere Pro"),
        ("film.veg", "Vegas Pro"),
    ],
)
async def test_a_project_is_refused_with_the_way_to_a_film(
    client: httpx.AsyncClient, name: str, program: str
) -> None:
    headers = {"Upload-Length": "10"} | metadata(filename=name)
    answer = await client.post("/uploads/", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (415, "export_first")
    assert program in answer.json()["message"]
    dutch = await client.post("/uploads/", headers=headers | {"Accept-Language": "nl"})
    assert dutch.json()["error"] == "export_first"


# --- a film for a tour -----------------------------------------------------------------------


async def test_the_last_byte_makes_a_version_and_its_job(running: House) -> None:
    async with running.pool.acquire() as conn, conn.transaction():
        desk = await tours.a_desk(conn, "other")
        tour_id = await tours.a_draft(conn, desk)
        token = await sending.a_token(conn, desk.programme, desk.editor)
    headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}
    async with running.client(headers=headers) as client:
        told = metadata(filename="film.mp4", tour=str(tour_id))
        address = await create(client, len(FILM), told)
        await patch(client, address, 0, FILM[:10])
        assert await running.pool.fetchval("select count(*) from video_versions") == 0
        await patch(client, address, 10, FILM[10:])
        row = await running.pool.fetchrow("select * from video_versions")
        assert row is not None
        assert (row["filename"], row["bytes"], row["state"]) == ("film.mp4", len(FILM), "uploaded")
        probes = "select count(*) from pgqueuer where entrypoint = 'probe'"
        assert await running.pool.fetchval(probes) == 1
        assert await offset(client, address) == len(FILM)
        assert (await client.delete(address)).status_code == 403


async def test_another_companys_tour_is_not_there(
    client: httpx.AsyncClient, running: House
) -> None:
    async with running.pool.acquire() as conn, conn.transaction():
        desk = await tours.a_desk(conn, "other")
        tour_id = await tours.a_draft(conn, desk)
    for tour in (str(tour_id), str(uuid4()), "nonsense"):
        headers = {"Upload-Length": "1"} | metadata(tour=tour)
        assert (await client.post("/uploads/", headers=headers)).status_code == 404
