"""Captions through the real app: files in any encoding, typed lines, spread text, sound."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from rooms.tours import captions_kept, tours
from tests.support import tours as build
from tests.support.floor import House
from tests.support.samples import sample

SRT = "1\r\n00:00:01,000 --> 00:00:03,000\r\nEén café\r\n\r\n"


@dataclass
class Room:
    """An editor at a tour whose film is ready."""

    house: House
    client: AsyncClient
    desk: build.Desk
    tour_id: UUID
    version_id: UUID

    @property
    def base(self) -> str:
        return f"/studio/tours/{self.tour_id}/captions"

    async def send(self, data: bytes, language: str = "nl") -> Response:
        return await self.client.post(
            self.base, data={"language": language}, files={"file": ("film.vtt", data)}
        )

    async def lines(self, rows: list[tuple[str, str, str]], **sent: Any) -> Response:
        told = [{"start": a, "end": b, "text": text} for a, b, text in rows]
        body = {"rows": told, "is_draft": True, "source": "typed", **sent}
        return await self.client.post(f"{self.base}/nl/lines", json=body)

    async def kept(self, language: str = "nl") -> captions_kept.Kept | None:
        async with self.house.pool.acquire() as conn:
            return await captions_kept.one(conn, self.desk.programme.id, self.version_id, language)

    async def tour(self) -> tours.Tour:
        async with self.house.pool.acquire() as conn:
            return await tours.one_of_company(conn, self.desk.editors, self.tour_id)


@pytest.fixture
async def room(app_house: House) -> Room:
    app_house.clock.moment = build.NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_draft(conn, desk)
        version_id = await build.a_film(conn, desk, tour_id)
    client = await build.client_of(app_house, desk.editor, desk.programme)
    return Room(app_house, client, desk, tour_id, version_id)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_a_file_in_any_encoding_becomes_clean(room: Room, encoding: str) -> None:
    answer = await room.send(SRT.encode(encoding))
    assert answer.status_code == 303, answer.text
    kept = await room.kept()
    assert kept is not None
    assert [cue.text for cue in kept.cues] == ["Eén café"]
    again = await room.client.get(f"{room.base}/nl/file")
    assert again.text == "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nEén café\n"
    assert again.headers["content-disposition"].startswith("attachment")


async def test_finished_captions_lead_on(room: Room) -> None:
    onward = f'class="button button-next" href="/studio/tours/{room.tour_id}"'
    await room.lines([("0:01", "0:03", "half done")])
    assert onward not in (await room.client.get(room.base)).text
    await room.lines([("0:01", "0:03", "all done")], is_draft=False)
    assert onward in (await room.client.get(room.base)).text


async def test_every_wrong_line_is_named_and_nothing_is_lost(room: Room) -> None:
    await room.send(SRT.encode())
    bad = b"WEBVTT\n\n00:05.000 --> 00:02.000\nachteruit\n\n00:0x --> 00:09.000\nkrom\n"
    answer = await room.send(bad)
    assert answer.status_code == 422
    assert "Line 3:" in answer.text
    assert "Line 6:" in answer.text
    kept = await room.kept()
    assert kept is not None
    assert kept.cues[0].text == "Eén café"
    late = await room.send(b"WEBVTT\n\n59:00.000 --> 59:02.000\nte laat\n")
    assert "after the end of the film" in late.text


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"zomaar wat tekst"])
async def test_what_is_no_captions_file_is_refused(room: Room, data: bytes) -> None:
    assert (await room.send(data)).status_code == 422
    assert await room.kept() is None


async def test_a_hostile_file_brings_no_markup(room: Room) -> None:
    answer = await room.send(sample("captions/xss-cues.vtt").read_bytes())
    assert answer.status_code == 303
    for path in (f"{room.base}/nl", room.base):
        page = await room.client.get(path)
        assert page.status_code == 200
        for trap in ("<img src=x", "<svg/onload", "<script>alert"):
            assert trap not in page.text
    async with room.house.pool.acquire() as conn:
        vtt = await captions_kept.clean_vtt(conn, room.version_id, "nl")
    assert vtt is not None
    assert "<" not in vtt


async def test_typed_lines_are_kept_as_they_come(room: Room) -> None:
    answer = await room.lines([("0:00", "0:04", "Welkom op de werf")])
    assert answer.json() == {"kept": 1, "errors": []}
    assert "Welkom op de werf" in (await room.client.get(f"{room.base}/nl")).text
    kept = await room.kept()
    assert kept is not None
    assert (kept.is_draft, kept.source) == (True, "typed")
    assert (await room.tour()).caption_languages == [], "a draft is not published"

    wrong = await room.lines([("0:00", "0:04", "Welkom"), ("0:09", "0:05", "achteruit")])
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["line"] == 2
    kept = await room.kept()
    assert kept is not None
    assert kept.cues[0].text == "Welkom op de werf", "the last good state stays"

    await room.lines([("0:00", "0:04", "Welkom")], is_draft=False)
    assert (await room.tour()).caption_languages == ["nl"]
    empty = await room.lines([], is_draft=False)
    assert empty.status_code == 422


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"rows": [1], "is_draft": 1}', b"\xff"])
async def test_a_broken_message_changes_nothing(room: Room, body: bytes) -> None:
    answer = await room.client.post(f"{room.base}/nl/lines", content=body)
    assert answer.status_code == 422
    assert answer.json()["error"] == "bad_form"


async def test_pasted_text_is_spread_and_then_finished(room: Room) -> None:
    answer = await room.client.post(
        f"{room.base}/spread",
        data={"language": "nl", "text": "Welkom op de werf. Hier bouwen we ponten. Kijk mee."},
    )
    assert answer.headers["location"] == f"{room.base}/nl"
    kept = await room.kept()
    assert kept is not None
    assert len(kept.cues) == 3
    assert kept.is_draft
    too_long = await room.client.post(
        f"{room.base}/spread", data={"language": "nl", "text": "woord " * 2000}
    )
    assert too_long.status_code == 422
    assert "woord woord" in too_long.text, "what was pasted is still there"


async def test_nobody_speaks_needs_one_sentence(room: Room) -> None:
    assert (await room.client.post(f"{room.base}/sound", data={"sentence": ""})).status_code == 422
    answer = await room.client.post(f"{room.base}/sound", data={"sentence": "Rustige muziek"})
    assert answer.status_code == 303
    tour = await room.tour()
    assert tour.nobody_speaks
    assert not any(code.startswith("captions") for code in tours.missing(tour, build.NOW))
    await room.send(SRT.encode())
    assert not (await room.tour()).nobody_speaks, "words have come after all"


async def test_all_of_it_may_be_changed_as_text(room: Room) -> None:
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nEen & twee < drie\n"
    answer = await room.client.post(f"{room.base}/nl", data={"vtt": vtt})
    assert answer.status_code == 303
    page = await room.client.get(f"{room.base}/nl")
    assert "Een &amp;amp; twee &amp;lt; drie" in page.text
    assert (await room.client.post(f"{room.base}/nl/remove")).status_code == 303
    assert await room.kept() is None
    assert (await room.client.post(f"{room.base}/nl/remove")).status_code == 404
    assert (await room.client.get(f"{room.base}/xx")).status_code == 404
