"""A database that cannot be used is told by the name of its setting, in one sentence."""

from urllib.parse import urlsplit

import pytest

from server.asked import CannotDo
from server.dsn import check


async def told(address: str) -> str:
    """The sentence."""
    with pytest.raises(CannotDo) as caught:
        await check(address)
    assert caught.value.code == "database"
    assert str(caught.value).startswith("DATABASE_URL: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_a_database_that_answers_is_fine(dsn: str) -> None:
    await check(dsn)


async def test_what_is_wrong_is_said(dsn: str) -> None:
    assert "Connect call failed" in await told("postgresql://app@127.0.0.1:1/x")
    elsewhere = urlsplit(dsn)._replace(path="/not_there").geturl()
    assert '"not_there" does not exist' in await told(elsewhere)


async def test_a_password_is_never_said(dsn: str) -> None:
    said = await told("postgresql://app:se:cr/et@127.0.0.1/x")
    assert said == "DATABASE_URL: it cannot be read as an address"
