"""What the database does not have yet is kept, told again, and never grows without end."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.live import ledger
from media.live.ledger import Ledger
from media.live.messages import Happening, Presence

ROOM, MEMBER = uuid4(), uuid4()


def _event(number: int, kind: Happening = "connected", resource: str = "r") -> Presence:
    return Presence(ROOM, 1, MEMBER, resource, "viewer", number, 1_000 + number, kind)


def test_a_batch_is_told_again_until_it_is_acknowledged() -> None:
    kept = Ledger()
    kept.note(_event(1))
    first = kept.batch()
    kept.note(_event(2))
    assert kept.batch() is first
    assert not kept.acknowledge(99)
    assert kept.acknowledge(first.batch)
    second = kept.batch()
    assert [each.number for each in second.presence] == [2]
    assert kept.acknowledge(second.batch)
    assert kept.batch() is None


def test_what_was_seen_is_one_span_until_there_is_a_hole() -> None:
    kept = Ledger()
    for at in (0, 1_000, 2_000, 9_000, 10_000):
        kept.see(ROOM, MEMBER, "viewer", at)
    seen = kept.batch().seen
    assert [(each.since, each.until) for each in seen] == [(0, 2_000), (9_000, 10_000)]


def test_it_goes_on_growing_while_a_batch_is_not_acknowledged() -> None:
    kept = Ledger()
    kept.see(ROOM, MEMBER, "viewer", 0)
    first = kept.batch()
    for at in range(1_000, 30_000, 1_000):
        kept.see(ROOM, MEMBER, "viewer", at)
    assert len(first.seen) == 1
    kept.acknowledge(first.batch)
    assert [(each.since, each.until) for each in kept.batch().seen] == [(0, 29_000)]


def test_moments_that_are_told_one_by_one_make_one_stretch() -> None:
    kept, told = Ledger(), []
    for at in (0, 1_000, 2_000, 9_000, 10_000):
        kept.see(ROOM, MEMBER, "publisher", at)
        batch = kept.batch()
        told += [(each.since, each.until) for each in batch.seen]
        kept.acknowledge(batch.batch)
    assert told == [(0, 0), (0, 1_000), (1_000, 2_000), (9_000, 9_000), (9_000, 10_000)]


def test_who_is_gone_and_comes_back_begins_anew() -> None:
    kept = Ledger()
    kept.see(ROOM, MEMBER, "viewer", 0)
    kept.note(_event(1, "gone"))
    kept.acknowledge(kept.batch().batch)
    kept.see(ROOM, MEMBER, "viewer", 1_000)
    assert [(each.since, each.until) for each in kept.batch().seen] == [(1_000, 1_000)]


def test_a_day_without_a_database_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_PRESENCE", 100)
    kept = Ledger()
    for number in range(1, 2_000):
        kind: Happening = "media_flowing" if number % 2 else "media_stopped"
        kept.note(_event(number, kind))
    kept.note(_event(2_000, "gone"))
    told = []
    while batch := kept.batch():
        told += batch.presence
        kept.acknowledge(batch.batch)
    assert len(told) <= 100
    assert told[0].kind == "media_flowing", "that it ever flowed is kept"
    assert told[-1].kind == "gone"


@given(st.lists(st.sampled_from(["note", "see", "tell", "ack"]), max_size=60))
def test_everything_noted_is_told_exactly_once(steps: list[str]) -> None:
    kept, told, noted, now = Ledger(), [], 0, 0
    for step in [*steps, "tell", "ack", "tell", "ack"]:
        now += 700
        if step == "note":
            noted += 1
            kept.note(_event(noted))
        elif step == "see":
            kept.see(ROOM, MEMBER, "viewer", now)
        elif step == "ack" and (batch := kept.batch()):
            told += [each.number for each in batch.presence]
            kept.acknowledge(batch.batch)
        else:
            kept.batch()
    assert told == list(range(1, noted + 1))
