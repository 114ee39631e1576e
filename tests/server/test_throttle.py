"""Counting tries: what an address is, when a limit is reached, how long anything is kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.requests import Request

from server import throttle
from server.database import Pool
from tests.support.floor import settings_in

NOW = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_customer_is_one_address(host: str, address: str) -> None:
    request = Request({"type": "http", "client": (host, 1), "headers": []})
    assert throttle.address_of(request) == address


def test_a_forged_forwarding_header_changes_nothing() -> None:
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"forwarded", b"for=203.0.113.9")]
    request = Request({"type": "http", "client": ("192.0.2.7", 1), "headers": headers})
    assert throttle.address_of(request) == "192.0.2.7"


async def test_a_limit_holds_over_any_ten_minutes(pool: Pool, home: Path) -> None:
    settings = settings_in(home)
    async with pool.acquire() as conn:

        async def tries(now: datetime, times: int) -> list[bool]:
            return [
                await throttle.take(conn, settings, "sign_in_mail", "a@b.nl", now)
                for _ in range(times)
            ]

        assert await tries(NOW, 5) == [True] * 5
        assert await tries(NOW + timedelta(minutes=9), 6) == [True] * 5 + [False]
        assert await throttle.is_over(
            conn, settings, "sign_in_mail", "a@b.nl", NOW + timedelta(minutes=9)
        )
        # The five of the first minute have passed; six of the ninth still count.
        assert await tries(NOW + timedelta(minutes=11), 5) == [True] * 4 + [False]


async def test_keys_and_kinds_are_counted_apart(pool: Pool, home: Path) -> None:
    settings = settings_in(home)
    async with pool.acquire() as conn:
        for _ in range(11):
            await throttle.count(conn, settings, "sign_in_mail", "a@b.nl", NOW)
        assert await throttle.is_over(conn, settings, "sign_in_mail", "a@b.nl", NOW)
        assert not await throttle.is_over(conn, settings, "sign_in_mail", "c@b.nl", NOW)
        assert not await throttle.is_over(conn, settings, "ask_mail", "a@b.nl", NOW)


async def test_nothing_personal_is_kept_and_nothing_for_long(pool: Pool, home: Path) -> None:
    settings = settings_in(home)
    async with pool.acquire() as conn:
        await throttle.count(conn, settings, "sign_in_mail", "a@b.nl", NOW)
        row = await conn.fetchrow("select * from throttles")
        assert row is not None and len(row["key"]) == 32 and b"a@b" not in row["key"]
        assert await throttle.sweep(conn, NOW + timedelta(minutes=59)) == 0
        assert await throttle.sweep(conn, NOW + timedelta(minutes=62)) == 1


def test_no_limit_outlives_the_sweep() -> None:
    assert all(limit.within <= throttle.KEPT for limit in throttle.LIMITS.values())
