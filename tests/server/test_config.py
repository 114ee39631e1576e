"""Settings: what is there without being asked for, and what is refused by its name."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.config import WrongSetting, read

DATABASE = {"DATABASE_URL": "postgresql://porthole@db/porthole", "PORTHOLE_SECRET": "s" * 32}


@pytest.mark.parametrize(
    ("told", "is_demo"),
    [
        ({}, True),
        ({"PORTHOLE_BIND": "127.0.0.2"}, True),
        ({"PORTHOLE_BIND": "::1"}, True),
        ({"PORTHOLE_BIND": "0.0.0.0"}, False),
        ({"PORTHOLE_BIND": "::"}, False),
        ({"PORTHOLE_BIND": "192.168.1.20"}, False),
        ({"PORTHOLE_URL": "https://porthole.example"}, False),
        (DATABASE, False),
        ({"PORTHOLE_BIND": "0.0.0.0", "PORTHOLE_DEMO": "yes"}, True),
        ({"PORTHOLE_DEMO": "no"}, False),
    ],
)
def test_the_demo_is_there_by_itself_only_for_this_machine(
    tmp_path: Path, told: dict[str, str], is_demo: bool
) -> None:
    assert read({"PORTHOLE_HOME": str(tmp_path), **told}).is_demo is is_demo


def test_a_wrong_address_to_listen_at_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="PORTHOLE_BIND"):
        read({"PORTHOLE_HOME": str(tmp_path), "PORTHOLE_BIND": "everywhere"})
    for path in ("web.sock", f"/{'a' * 100}"):
        with pytest.raises(WrongSetting, match="PORTHOLE_SOCKET"):
            read({"PORTHOLE_HOME": str(tmp_path), "PORTHOLE_SOCKET": path})


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WrongSetting, match=r"PORTHOLE_HOME: .*file/home cannot be used"):
        read({"PORTHOLE_HOME": str(tmp_path / "file" / "home")})


HALF = "://[::1"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("DATABASE_URL", ["mysql://db/porthole", "db", f"postgresql{HALF}"]),
        ("STORAGE_URL", ["/folder", "file://elsewhere/x", "s3://", f"s3{HALF}", "http://x"]),
        ("PORTHOLE_URL", ["porthole.example", "ftp://x", "http://x/path", "http://x:many"]),
        ("PORTHOLE_URL", [f"http{HALF}", "http://a@x", "http://x?", "http://x y", "http://x\n"]),
        ("PORTHOLE_PORT", ["0", "65536", "-1", "many", "8000.0", "9" * 5000]),
        ("PORTHOLE_SECRET", ["short"]),
        ("PORTHOLE_MAIL_URL", ["mail.example", "smtp://", f"smtp{HALF}", "smtp://x:many"]),
        ("PORTHOLE_TRUSTED_PROXIES", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8"]),
        ("PORTHOLE_DEMO", ["perhaps"]),
        ("PORTHOLE_REGISTRY", ["lists", "http://lists.example", f"https{HALF}"]),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, name: str, values: list[str]) -> None:
    home = {"PORTHOLE_HOME": str(tmp_path), "PORTHOLE_SECRET": "s" * 32}
    for value in values:
        with pytest.raises(WrongSetting, match=f"^{name}: "):
            read({**home, name: value})


def test_an_external_database_needs_the_secret_all_machines_share(tmp_path: Path) -> None:
    told = {"PORTHOLE_HOME": str(tmp_path), "DATABASE_URL": DATABASE["DATABASE_URL"]}
    with pytest.raises(WrongSetting, match=r"^PORTHOLE_SECRET: is required"):
        read(told)
    several = "postgresql://one.example:5432,two.example:5433/porthole"
    assert read({**told, **DATABASE, "DATABASE_URL": several}).database_url == several
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize("token", [" ", "two words", "geheim\N{EURO SIGN}", "line\nbreak"])
def test_a_token_nobody_can_send_is_named(tmp_path: Path, token: str) -> None:
    with pytest.raises(WrongSetting, match="PORTHOLE_METRICS_TOKEN"):
        read({"PORTHOLE_HOME": str(tmp_path), "PORTHOLE_METRICS_TOKEN": token})


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    home = {"PORTHOLE_HOME": str(tmp_path / "home")}
    with ThreadPoolExecutor(4) as together:
        found = {settings.secret for settings in together.map(read, [home] * 4)}
    assert found == {read(home).secret}
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret"]
    assert (tmp_path / "home" / "secret").stat().st_mode & 0o777 == 0o600


LIVE = "PORTHOLE_LIVE_ADDRESSES"
URL, SECRET = "PORTHOLE_TURN_URL", "PORTHOLE_TURN_SECRET"
TURNS = "turns:turn.example:443?transport=tcp"


def test_the_live_process_is_found_on_this_machine_only_unless_told(tmp_path: Path) -> None:
    home = {"PORTHOLE_HOME": str(tmp_path)}
    assert read(home).live_port == 7900
    assert read(home).live_addresses == ("127.0.0.1",)
    assert read({**home, "PORTHOLE_BIND": "::1"}).live_addresses == ("::1",)
    told = read({**home, "PORTHOLE_LIVE_PORT": "7901", LIVE: "192.0.2.7, 2001:DB8::7"})
    assert (told.live_port, told.live_addresses) == (7901, ("192.0.2.7", "2001:db8::7"))


@pytest.mark.parametrize(
    "told", [{"PORTHOLE_BIND": "0.0.0.0"}, {"PORTHOLE_URL": "https://porthole.example"}]
)
def test_who_is_reached_from_elsewhere_tells_the_machines_own_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, str]
) -> None:
    texts = ("127.0.0.1", "::1", "192.0.2.7", "fe80::1%eth0", "02:42:ac:11:00:02", "2001:db8::7")
    interfaces = {"any": [SimpleNamespace(address=text) for text in texts]}
    monkeypatch.setattr("psutil.net_if_addrs", lambda: interfaces)
    found = read({"PORTHOLE_HOME": str(tmp_path), **told}).live_addresses
    assert found == ("192.0.2.7", "2001:db8::7")


def test_the_relay_is_read(tmp_path: Path) -> None:
    told = {"PORTHOLE_HOME": str(tmp_path), URL: f"{TURNS}, turn:192.0.2.7", SECRET: "s" * 16}
    assert read(told).turn_urls == (TURNS, "turn:192.0.2.7")
    assert read(told).turn_secret == "s" * 16


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"PORTHOLE_LIVE_PORT": "0"}, "PORTHOLE_LIVE_PORT"),
        ({"PORTHOLE_LIVE_PORT": "many"}, "PORTHOLE_LIVE_PORT"),
        ({"PORTHOLE_LIVE_PORT": "8000"}, "PORTHOLE_LIVE_PORT"),
        ({"PORTHOLE_PORT": "7900"}, "PORTHOLE_LIVE_PORT"),
        ({LIVE: "porthole.example"}, LIVE),
        ({LIVE: "0.0.0.0"}, LIVE),
        ({LIVE: ","}, LIVE),
        ({URL: TURNS}, SECRET),
        ({SECRET: "s" * 16}, URL),
        ({URL: TURNS, SECRET: "short"}, SECRET),
        ({URL: "turn.example:443", SECRET: "s" * 16}, URL),
        ({URL: 'turns:a">;x', SECRET: "s" * 16}, URL),
        ({URL: "stun:stun.example", SECRET: "s" * 16}, URL),
    ],
)
def test_what_live_cannot_use_is_named(tmp_path: Path, told: dict[str, str], name: str) -> None:
    with pytest.raises(WrongSetting, match=f"^{name}:"):
        read({"PORTHOLE_HOME": str(tmp_path), **told})
