"""Presence that the database does not have yet: kept until a web process says that it does. Pure.

Bounded: what cannot be told for long is merged. Of one resource the end of the story is kept
(it came, its media flowed, it went), and of media that flowed the first and the last moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from media.live.messages import Presence, Role, Seen, Told

MOST_PRESENCE = 20_000
MOST_IN_ONE_BATCH = 500
# A hole in what was seen that is no longer than this is none.
JOINED_WITHIN_MS = 2_500

_Key = tuple[UUID, UUID, Role]


@dataclass(slots=True)
class Ledger:
    """What is to be told, and what was told and not yet acknowledged."""

    _presence: list[Presence]
    _seen: dict[_Key, list[Seen]]
    _last: dict[_Key, int]  # when each was seen last, until it is gone
    _told: Told | None
    _number: int

    def __init__(self) -> None:
        self._presence = []
        self._seen = {}
        self._last = {}
        self._told = None
        self._number = 0

    def note(self, presence: Presence) -> None:
        """Something happened to a resource."""
        self._presence.append(presence)
        if presence.kind == "gone":
            self._last.pop((presence.room, presence.member, presence.role), None)
        if len(self._presence) > MOST_PRESENCE:
            self._presence = _essence(self._presence)[-MOST_PRESENCE:]

    def see(self, room: UUID, member: UUID, role: Role, now_ms: int) -> None:
        """Media of a member flows at this moment, and has since it was seen shortly before: also
        when that was told already, for a moment by itself is no time."""
        key = (room, member, role)
        last, self._last[key] = self._last.get(key), now_ms
        goes_on = last is not None and 0 <= now_ms - last <= JOINED_WITHIN_MS
        spans = self._seen.setdefault(key, [])
        if spans and goes_on:
            spans[-1] = replace_until(spans[-1], now_ms)
        else:
            since = last if goes_on and last is not None else now_ms
            spans.append(Seen(room, member, role, since, now_ms))
        if len(spans) > 100:
            del spans[0]

    def batch(self) -> Told | None:
        """What to tell now: the batch that was not acknowledged, else a new one, else nothing."""
        if self._told is None and (self._presence or self._seen):
            self._number += 1
            taken, self._presence = (
                tuple(self._presence[:MOST_IN_ONE_BATCH]),
                self._presence[MOST_IN_ONE_BATCH:],
            )
            keys = list(self._seen)[:MOST_IN_ONE_BATCH]
            seen = tuple(one for key in keys for one in self._seen.pop(key))
            self._told = Told(batch=self._number, presence=taken, seen=seen)
        return self._told

    def acknowledge(self, number: int) -> bool:
        """The batch with this number is in the database; False for any other number."""
        if self._told is None or self._told.batch != number:
            return False
        self._told = None
        return True


def replace_until(seen: Seen, until: int) -> Seen:
    """The same span, up to a later moment."""
    return Seen(seen.room, seen.member, seen.role, seen.since, max(until, seen.until))


def _essence(events: list[Presence]) -> list[Presence]:
    """Without what lies between the first and the last of each kind that matters."""
    first_flow: set[str] = set()
    kept = []
    for event in events:
        if event.kind == "media_flowing":
            if event.resource in first_flow:
                continue
            first_flow.add(event.resource)
        elif event.kind == "media_stopped":
            continue
        kept.append(event)
    return kept
