"""Our own files: packed where it is worth it and asked for, and the same bytes in the end."""

import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from server.app import OurHeaders
from server.packed import PackedFiles

WORDS = "body { color: red }\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "long.css").write_text(WORDS)
    (tmp_path / "short.css").write_text("a {}")
    (tmp_path / "font.woff2").write_bytes(b"0" * 5000)
    return tmp_path


def client(folder: Path, accepts: str = "gzip, br") -> httpx.AsyncClient:
    app = Starlette(routes=[Mount("/", PackedFiles(directory=folder))])
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://testserver",
        headers={"accept-encoding": accepts},
    )  # fmt: skip


async def test_text_is_packed_for_whoever_takes_it(folder: Path) -> None:
    async with client(folder) as browser:
        answer = await browser.get("/long.css")
        assert answer.text == WORDS
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(WORDS) / 10
        assert answer.headers["content-type"].startswith("text/css")
        again = await browser.get("/long.css", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["vary"]) == (304, "accept-encoding")
        (folder / "long.css").write_text(WORDS * 2)
        os.utime(folder / "long.css", ns=(1, 1))
        assert (await browser.get("/long.css")).text == WORDS * 2


@pytest.mark.parametrize("accepts", ["", "br", "gzip;q=0", "identity"])
async def test_plain_for_whoever_does_not(folder: Path, accepts: str) -> None:
    async with client(folder, accepts) as browser:
        answer = await browser.get("/long.css")
        assert (answer.text, answer.headers["vary"]) == (WORDS, "accept-encoding")
        assert "content-encoding" not in answer.headers


async def test_what_is_packed_already_small_or_asked_for_in_part_stays_as_it_is(
    folder: Path,
) -> None:
    async with client(folder) as browser:
        for name in ("short.css", "font.woff2"):
            assert "content-encoding" not in (await browser.get(f"/{name}")).headers
        part = await browser.get("/long.css", headers={"range": "bytes=0-9"})
        assert (part.status_code, part.text) == (206, WORDS[:10])
        head = await browser.head("/long.css")
        assert head.status_code == 200 and head.headers["content-encoding"] == "gzip"
        assert (await browser.get("/none.css")).status_code == 404


@pytest.mark.parametrize(
    ("path", "wants", "has_policy"),
    [
        ("/static/long.css", "style", False),
        ("/static/long.css", "", True),
        ("/static/long.css", "document", True),
        ("/static/long.css", "worker", True),
        ("/other/long.css", "script", True),
    ],
)
async def test_a_part_of_a_page_is_under_the_pages_own_policy(
    folder: Path, path: str, wants: str, has_policy: bool
) -> None:
    files = PackedFiles(directory=folder)
    app = Starlette(routes=[Mount("/static", files), Mount("/other", files)])
    app.add_middleware(OurHeaders, policy="default-src 'none'")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        answer = await browser.get(path, headers={"sec-fetch-dest": wants} if wants else {})
    assert ("content-security-policy" in answer.headers) == has_policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "cache-control" in answer.headers
