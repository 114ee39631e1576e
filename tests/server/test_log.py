"""What a process writes down: nothing about whose device it was."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from server import log

SOURCES = Path(uvicorn.__file__).parent / "protocols" / "websockets"


@pytest.fixture
def as_before() -> Iterator[None]:
    """Logging as a process finds it that starts, whatever ran before; left as it was."""
    root, servers = logging.getLogger(), logging.getLogger("uvicorn.error")
    above = logging.getLogger("uvicorn")
    handlers, level, filters = root.handlers[:], root.level, servers.filters[:]
    kept = [(one, one.level, one.propagate, one.disabled) for one in (above, servers)]
    for one in (above, servers):
        one.setLevel(logging.NOTSET)
        one.propagate, one.disabled = True, False
    yield
    root.handlers[:], servers.filters[:] = handlers, filters
    root.setLevel(level)
    for one, was_level, was_propagate, was_disabled in kept:
        one.setLevel(was_level)
        one.propagate, one.disabled = was_propagate, was_disabled


def test_no_address_of_a_device_is_written(
    as_before: None, capsys: pytest.CaptureFixture[str]
) -> None:
    log.set_up("web")
    servers = logging.getLogger("uvicorn.error")
    for end in ("[accepted]", "403", "%d"):
        line = f'%s - "WebSocket %s" {end}'
        assert f"'{line}'" in (SOURCES / "websockets_sansio_impl.py").read_text(), "uvicorn's own"
        servers.info(line, "192.0.2.77:5000", "/rooms/x/socket", *([404] if end == "%d" else []))
    servers.info("Application startup complete.")
    logging.getLogger("uvicorn.access").info("192.0.2.77:5000 GET /join")
    said = capsys.readouterr().err
    assert "192.0.2.77" not in said
    assert "startup complete" in said
