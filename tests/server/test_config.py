"""Settings: when the demo, whose mailbox anybody can read, is there without being asked for."""

from pathlib import Path

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
