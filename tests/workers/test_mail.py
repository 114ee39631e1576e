"""Mails on their way: to a real SMTP server on loopback, or into the outbox."""

import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from pgqueuer.domain.errors import RetryRequested

from media.storage import Storage
from rooms.people.persons import Person
from server import mail
from server.database import Pool
from tests.support.floor import Clock, settings_in
from tests.support.people import a_person
from tests.support.smtp import Sink, smtp_sink
from workers.floor import Floor
from workers.mail import send


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with smtp_sink() as sink:
        yield sink


def a_floor(pool: Pool, home: Path, **changes: Any) -> Floor:
    return Floor(settings_in(home, **changes), pool, cast(Storage, None), home)


async def write_one(pool: Pool, kind: str = "tour_published", **more: Any) -> tuple[int, Person]:
    async with pool.acquire() as conn, conn.transaction():
        person = await a_person(conn, "noor@school.example")
        mail_id = await mail.write(
            conn,
            programme_id=None,
            person_id=person.id,
            to=person.email,
            kind=kind,
            language="en",
            subject="Één tour staat klaar",
            text="Line one\n\n.\nA line with a lone dot above.\n",
            html="<p>Line one</p>",
            **more,
        )
    assert mail_id is not None
    return mail_id, person


async def state_of(pool: Pool, mail_id: int) -> Any:
    return await pool.fetchrow("select * from mails where id = $1", mail_id)


async def test_a_mail_arrives_whole_with_its_stop_link(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    mail_id, _ = await write_one(pool)
    floor = a_floor(pool, home, mail_url=sink.url, url="https://porthole.example")
    clock.move(seconds=1)
    await send(floor, mail_id, clock)
    (message,) = sink.messages
    assert sink.recipients == ["noor@school.example"]
    assert message["Subject"] == "Één tour staat klaar"
    assert message["From"] == "Porthole <post@porthole.example>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].startswith("<https://porthole.example/mail/stop/")
    row = await state_of(pool, mail_id)
    assert message["Message-ID"] == f"<{row['message_id']}@porthole.example>"
    text = message.get_body(("plain",))
    assert text is not None and text.get_content().splitlines()[2:4] == [
        ".",
        "A line with a lone dot above.",
    ]
    assert (row["state"], row["attempt"]) == ("sent", 1)


async def test_an_entry_for_the_calendar_is_with_it_twice(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    """Once for programs that act on it, once as a file for people."""
    text = "BEGIN:VCALENDAR\r\nSUMMARY:" + "é" * 30 + "\r\nEND:VCALENDAR\r\n"
    mail_id, _ = await write_one(pool, "webinar_cancelled", calendar=mail.Attached("CANCEL", text))
    clock.move(seconds=1)
    await send(a_floor(pool, home, mail_url=sink.url), mail_id, clock)
    (message,) = sink.messages
    parts = {part.get_content_type(): part for part in message.walk()}
    told, file = parts["text/calendar"], parts["application/ics"]
    assert told.get_param("method") == "CANCEL" and told.get_content_charset() == "utf-8"
    assert file.get_filename() == "invite.ics"
    for part in (told, file):
        assert part.get_payload(decode=True) == text.encode()
    assert message.get_body(("plain",)) is not None
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_a_sent_mail_is_not_sent_again(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    mail_id, _ = await write_one(pool)
    clock.move(seconds=1)
    for _ in range(2):
        await send(a_floor(pool, home, mail_url=sink.url), mail_id, clock)
    assert len(sink.messages) == 1


async def test_a_code_is_not_kept_once_it_is_sent(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    mail_id, _ = await write_one(pool, "sign_in")
    clock.move(seconds=1)
    await send(a_floor(pool, home, mail_url=sink.url), mail_id, clock)
    row = await state_of(pool, mail_id)
    assert (row["text_body"], row["html_body"]) == ("", "")
    assert "List-Unsubscribe" not in sink.messages[0]


async def test_a_server_that_says_later_is_asked_eight_times_with_growing_waits(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    mail_id, _ = await write_one(pool)
    sink.data_answer = "451 busy"
    floor, waited = a_floor(pool, home, mail_url=sink.url), []
    clock.move(seconds=1)
    for _ in range(7):
        with pytest.raises(RetryRequested) as retry:
            await send(floor, mail_id, clock)
        waited.append(retry.value.delay.total_seconds() / 60)
        clock.moment += retry.value.delay
    assert waited == [1, 5, 15, 60, 120, 240, 480]
    await send(floor, mail_id, clock)
    row = await state_of(pool, mail_id)
    assert (row["state"], row["attempt"]) == ("failed", 8)
    assert "noor" not in row["last_error"]


async def test_it_comes_through_when_the_server_is_back(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    mail_id, _ = await write_one(pool)
    clock.move(seconds=1)
    nobody = a_floor(pool, home, mail_url="smtp://127.0.0.1:1")
    with pytest.raises(RetryRequested):
        await send(nobody, mail_id, clock)
    with pytest.raises(RetryRequested, match="not its time"):
        await send(nobody, mail_id, clock)
    clock.move(minutes=2)
    await send(a_floor(pool, home, mail_url=sink.url), mail_id, clock)
    assert (await state_of(pool, mail_id))["state"] == "sent"


async def test_an_address_that_is_refused_is_given_up_at_once(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    mail_id, _ = await write_one(pool)
    sink.recipient_answer = "550 nobody here"
    clock.move(seconds=1)
    await send(a_floor(pool, home, mail_url=sink.url), mail_id, clock)
    assert (await state_of(pool, mail_id))["state"] == "failed"


async def test_without_a_server_it_lies_in_the_outbox_for_its_owner_only(
    pool: Pool, clock: Clock, home: Path
) -> None:
    mail_id, _ = await write_one(pool)
    clock.move(seconds=1)
    await send(a_floor(pool, home), mail_id, clock)
    (kept,) = (home / "outbox").iterdir()
    assert kept.suffix == ".eml"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert b"To: noor@school.example" in kept.read_bytes()


async def test_a_stopped_kind_is_neither_written_nor_sent(
    pool: Pool, sink: Sink, clock: Clock, home: Path
) -> None:
    mail_id, person = await write_one(pool)
    async with pool.acquire() as conn:
        await mail.stop(conn, person.id, "tour_published")
        again = await mail.tell(conn, person, "sign_in_unknown", tours="x")
        assert again is not None
    clock.move(seconds=1)
    await send(a_floor(pool, home, mail_url=sink.url), mail_id, clock)
    assert sink.messages == []
    assert (await state_of(pool, mail_id))["state"] == "stopped"
    with pytest.raises(AssertionError):
        await write_one(pool)


async def test_one_thing_is_told_once(pool: Pool) -> None:
    await write_one(pool, once_key="tour_published:1")
    with pytest.raises(AssertionError):
        await write_one(pool, once_key="tour_published:1")
    assert await pool.fetchval("select count(*) from mails") == 1
    assert await pool.fetchval("select count(*) from pgqueuer") == 1


async def test_a_mail_whose_job_was_lost_is_queued_again(pool: Pool, clock: Clock) -> None:
    await write_one(pool)
    await pool.execute("delete from pgqueuer")
    clock.move(minutes=11)
    async with pool.acquire() as conn, conn.transaction():
        assert await mail.requeue_overdue(conn, clock()) == 1
    assert await pool.fetchval("select count(*) from pgqueuer") == 1


def test_a_stop_link_is_signed(home: Path) -> None:
    settings = settings_in(home)
    person = Person(uuid4(), "a@b.nl", "", "nl", False)
    token = mail.stop_token(settings, person.id, "film_ready")
    assert mail.read_stop_token(settings, token) == (person.id, "film_ready")
    assert mail.read_stop_token(replace(settings, secret=b"other" * 8), token) is None
    for broken in ("", "x", token[:-2], "é", token[:5] + "A" + token[6:]):
        assert mail.read_stop_token(settings, broken) is None


@pytest.mark.parametrize("language", ["nl", "en"])
def test_values_add_no_paragraph_and_no_markup(language: str) -> None:
    letter = mail.compose(
        "company_refused",
        language,
        company="A\n\nhttps://evil.example\n\nB",
        programme="<b>P</b> & Q",
        reason="no\r\nBcc: x",
    )
    assert "\nhttps://evil" not in letter.text and 'href="https://evil' not in letter.html
    assert "<b>" not in letter.html and "&lt;b&gt;" in letter.html
    assert "<b>P</b> & Q" in letter.subject
    assert "\n" not in letter.subject
