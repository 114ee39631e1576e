"""Relay credentials: as coturn's `use-auth-secret` computes them, new for everybody."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server import turn
from tests.support.floor import settings_in

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
URLS = ("turns:turn.example:443?transport=tcp", "turn:turn.example:3478")
SECRET = "shared with coturn"


def test_without_a_relay_there_is_none(tmp_path: Path) -> None:
    assert turn.ice_servers(settings_in(tmp_path), NOW) == ()
    assert turn.link_header(()) == ""


def test_the_password_is_the_hmac_of_the_user_name(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, turn_urls=URLS, turn_secret=SECRET)
    (one,) = turn.ice_servers(settings, NOW)
    until, _, mark = one.username.partition(":")
    assert int(until) == NOW.timestamp() + 4 * 3600
    assert len(mark) == 12
    digest = hmac.new(SECRET.encode(), one.username.encode(), hashlib.sha1).digest()
    assert one.credential == base64.b64encode(digest).decode()
    assert one.urls == URLS


def test_two_people_get_two_names(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, turn_urls=URLS, turn_secret=SECRET)
    assert turn.ice_servers(settings, NOW) != turn.ice_servers(settings, NOW)


def test_the_link_header_has_a_link_for_each_address(tmp_path: Path) -> None:
    servers = turn.ice_servers(settings_in(tmp_path, turn_urls=URLS, turn_secret=SECRET), NOW)
    links = turn.link_header(servers).split(", ")
    assert [link.split(";")[0] for link in links] == [f"<{url}>" for url in URLS]
    for link in links:
        assert '; rel="ice-server"; username="' in link
        assert f'credential="{servers[0].credential}"; credential-type="password"' in link


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("turns:turn.example:443?transport=tcp", ("turn.example", 443)),
        ("turns:turn.example", ("turn.example", 5349)),
        ("turn:192.0.2.7", ("192.0.2.7", 3478)),
        ("turn:[2001:db8::7]:80?transport=udp", ("2001:db8::7", 80)),
    ],
)
def test_where_a_relay_is(url: str, place: tuple[str, int]) -> None:
    assert turn.place(url) == place
