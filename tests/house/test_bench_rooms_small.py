"""The machinery of `make bench ARGS=tests/bench/rooms` with a few pages: it measures, and the
right thing. What the figures are is said by `make bench` on a quiet machine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import cost
from tests.bench.rooms import test_hall

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

MEMBERS, EVENTS, HELD, WAKES_AT = 40, 5, 700_000, 640_000


async def test_a_small_hall(
    server_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "RESULTS", tmp_path / "results")
    home = tmp_path / "home"
    home.mkdir()
    found = await test_hall.measured(server_dsn, home, MEMBERS, 0.5, EVENTS, 0.5, HELD, WAKES_AT)
    assert len(found.joined_s) == MEMBERS
    assert 0 < found.joined_at(0.95) < 10
    assert 0 < found.heard_s["0.5"] <= found.heard_s["0.95"] < 5
    assert found.deliveries >= EVENTS * MEMBERS
    assert 0 < found.cpu_s < 10
    assert found.asleep_octets <= test_hall.OUTBOX_BYTES + test_hall.BESIDE_BYTES
    text = test_hall.write(found).read_text()
    assert "| p95 |" in text and "kB | ≤ 60 kB |" in text
