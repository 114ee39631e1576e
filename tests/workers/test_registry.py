"""The daily look at the operator's place for school lists."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from media.storage import Storage
from rooms.people import registry as versions
from rooms.people import registry_lists, registry_looks
from server import config
from server.database import Pool
from tests.house.test_egress import overheard
from tests.support.floor import settings_in
from tests.support.people import a_programme, a_school, scope_of
from workers import registry
from workers.floor import Floor

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
HEAD = "INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;PLAATSNAAM;ONDERWIJSSTRUCTUUR\n"
TWO = HEAD + "16SW;16SW03;Metameer;Boxmeer;HAVO\n99AA;99AA00;De Brug;Testdorp;HAVO\n"
ONE = HEAD + "16SW;16SW03;Metameer;Boxmeer;HAVO\n"


def floor(pool: Pool, home: Path, place: str) -> Floor:
    return Floor(settings_in(home, registry=place), pool, cast(Storage, None), home)


async def outcomes(pool: Pool) -> list[tuple[str, str]]:
    async with pool.acquire() as conn:
        looks = await registry_looks.latest(conn, 20)
    return [(look.outcome, look.code) for look in reversed(looks)]


async def test_a_folder_is_looked_at_once_a_day(pool: Pool, home: Path) -> None:
    lists = home / "lists"
    lists.mkdir()
    here = floor(pool, home, str(lists))
    (lists / "vo.csv").write_text(TWO, encoding="cp1252")
    await registry.look(here, NOW)
    await registry.look(here, NOW + timedelta(hours=23))
    assert await outcomes(pool) == [("applied", "")]
    (lists / "vo.csv").write_text(ONE, encoding="cp1252")
    await registry.look(here, NOW + timedelta(days=1))
    assert (await outcomes(pool))[1:] == [("waits", "")]
    assert await pool.fetchval("select count(*) from schools where closed_on is null") == 2
    async with pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        scope = scope_of(programme)
        (waiting,) = await registry_lists.waiting(conn, scope)
        assert waiting.is_of_operator and waiting.found["counts"]["closed"] == 1
        await registry_looks.ask(conn, NOW + timedelta(days=1, hours=1))
    await registry.look(here, NOW + timedelta(days=1, hours=1))
    assert (await outcomes(pool))[2:] == [("asked", ""), ("unchanged", "")]
    later = NOW + timedelta(days=3)
    async with pool.acquire() as conn, conn.transaction():
        await a_school(conn, programme, levels=("mbo",))
        await versions.note(conn, later, "typed in")
    await registry.look(here, later)
    assert (await outcomes(pool))[4:] == [("waits", "")], "laid beside the new version"
    async with pool.acquire() as conn, conn.transaction():
        (waiting,) = await registry_lists.waiting(conn, scope)
        await registry_lists.apply(conn, scope, waiting.id, later)
    assert await pool.fetchval("select code from schools where closed_on is not null") == "99AA00"


async def test_what_cannot_be_taken_in_is_told_and_changes_nothing(pool: Pool, home: Path) -> None:
    lists = home / "lists"
    here = floor(pool, home, str(lists))
    await registry.look(here, NOW)
    lists.mkdir()
    await registry.look(here, NOW + timedelta(days=1))
    (lists / "vo.csv").write_text(TWO + "torn;\n")
    await registry.look(here, NOW + timedelta(days=2))
    (lists / "mapping.toml").write_text("country = 1\n")
    await registry.look(here, NOW + timedelta(days=3))
    assert await outcomes(pool) == [
        ("failed", "place_away"), ("failed", "place_empty"), ("failed", "too_few_cells"),
        ("failed", "mapping_key_missing"),
    ]  # fmt: skip
    assert await pool.fetchval("select count(*) from schools") == 0


@contextmanager
def served(text: str) -> Iterator[str]:
    """An address on loopback with this list."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/lists/vo.csv"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_an_address_is_called_only_where_it_is_set(pool: Pool, home: Path) -> None:
    with served(ONE) as address:
        port = address.rsplit(":", 1)[1].split("/")[0]
        with overheard() as reached:
            await registry.look(floor(pool, home, ""), NOW)
        assert not [place for place in reached if ".s.PGSQL." not in place]
        assert await outcomes(pool) == []
        with overheard() as reached:
            await registry.look(floor(pool, home, address), NOW)
        assert [place for place in reached if port in place]
    assert await outcomes(pool) == [("applied", "")]
    assert await pool.fetchval("select source from registry_versions") == "vo.csv"


async def test_a_school_of_another_level_is_left_alone(pool: Pool, home: Path) -> None:
    lists = home / "lists"
    lists.mkdir()
    (lists / "vo.csv").write_text(ONE)
    async with pool.acquire() as conn, conn.transaction():
        await a_school(conn, await a_programme(conn), levels=("po",))
    await registry.look(floor(pool, home, str(lists)), NOW)
    assert await outcomes(pool) == [("applied", "")]


@pytest.mark.parametrize(
    "place", ["lists", "./lists", "http://duo.example/vo.csv", "ftp://x.example/"]
)
def test_a_place_that_cannot_be_is_refused_by_name(place: str, home: Path) -> None:
    told = {"PORTHOLE_HOME": str(home)}
    assert config.read({**told, "PORTHOLE_REGISTRY": str(home)}).registry == str(home)
    assert config.read(told).registry == ""
    with pytest.raises(config.WrongSetting) as wrong:
        config.read({**told, "PORTHOLE_REGISTRY": place})
    assert wrong.value.name == "PORTHOLE_REGISTRY"
