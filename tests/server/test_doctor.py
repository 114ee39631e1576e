"""The doctor: a healthy house is well, and each illness is named with its cure."""

import dataclasses
from pathlib import Path

import pytest

from media.live.address import address_for
from media.live.messages import Done, Stats
from server import doctor
from server.config import Settings
from server.database import Pool
from tests.support.databases import fresh_database, lent_pool
from tests.support.floor import settings_in
from tests.support.scripted_live import scripted_live


@pytest.fixture
def settings(dsn: str, tmp_path: Path) -> Settings:
    """A house on a fresh database."""
    return settings_in(tmp_path, database_url=dsn, url="http://127.0.0.1:8000")


async def report(settings: Settings) -> dict[str, doctor.Finding]:
    return {finding.part: finding for finding in await doctor.examine(settings)}


async def test_a_healthy_house_is_well(server_dsn: str, settings: Settings) -> None:
    """Also where nobody is connected, but somebody is to the database of another house."""
    async with (
        fresh_database(server_dsn, is_left_alone=True) as alone,
        lent_pool(settings.database_url or ""),
    ):
        found = await report(dataclasses.replace(settings, database_url=alone))
    ill = [finding for finding in found.values() if not finding.is_well]
    # a checkout without `make setup` has no libraries: that is for `make` to say
    assert [finding.part for finding in ill if finding.part not in {"browser", "disk"}] == []
    assert set(found) == {
        "address", "storage", "disk", "ffmpeg", "browser", "mail", "database", "schema", "clock",
        "worker", "jobs", "mails", "live", "relay",
    }  # fmt: skip


async def test_a_database_that_is_not_there(settings: Settings) -> None:
    elsewhere = dataclasses.replace(settings, database_url="postgresql://app@127.0.0.1:1/x")
    found = await report(elsewhere)
    assert not found["database"].is_well
    assert "DATABASE_URL" in found["database"].text
    assert found["storage"].is_well


async def test_an_old_schema(settings: Settings, pool: Pool) -> None:
    await pool.execute("update alembic_version set version_num = '0001'")
    found = (await report(settings))["schema"]
    assert not found.is_well
    assert "python -m server migrate" in found.text


async def test_stuck_jobs_and_a_missing_worker(settings: Settings, pool: Pool) -> None:
    await pool.execute(
        "insert into pgqueuer (priority, status, entrypoint, created, execute_after)"
        " values (0, 'queued', 'probe', now() - interval '1 h', now() - interval '1 h')"
    )
    found = await report(settings)  # the pool counts as a web process that runs
    assert not found["jobs"].is_well
    assert "60 minutes" in found["jobs"].text
    assert "python -m workers" in found["worker"].text


async def test_mail_that_does_not_answer(settings: Settings) -> None:
    found = await report(dataclasses.replace(settings, mail_url="smtp://127.0.0.1:1"))
    assert not found["mail"].is_well
    assert "PORTHOLE_MAIL_URL" in found["mail"].text


@pytest.mark.parametrize(
    ("url", "cure"),
    [("http://porthole.example", "nginx"), ("https://porthole.example", "TRUSTED_PROXIES")],
)
async def test_an_address_people_reach(settings: Settings, url: str, cure: str) -> None:
    found = (await report(dataclasses.replace(settings, url=url)))["address"]
    assert not found.is_well
    assert cure in found.text


async def test_the_live_process_is_asked(settings: Settings) -> None:
    assert "not running now" in (await report(settings))["live"].text
    address = address_for(settings.home, settings.live_port)
    async with scripted_live(address) as live:
        found = (await report(settings))["live"]
        assert found.is_well
        assert "answers; port 7900 (UDP and TCP) of 127.0.0.1" in found.text
        live.answers[Stats] = Done()
        assert not (await report(settings))["live"].is_well


async def test_browsers_elsewhere_are_not_sent_to_themselves(settings: Settings) -> None:
    found = await report(dataclasses.replace(settings, url="https://porthole.example"))
    assert not found["live"].is_well
    assert "PORTHOLE_LIVE_ADDRESSES" in found["live"].text


async def test_a_relay_that_does_not_answer(settings: Settings) -> None:
    assert (await report(settings))["relay"].is_well
    urls = ("turn:127.0.0.1:1", "turns:127.0.0.1:1?transport=tcp")
    found = (await report(dataclasses.replace(settings, turn_urls=urls)))["relay"]
    assert not found.is_well
    assert "PORTHOLE_TURN_URL" in found.text
