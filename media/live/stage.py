"""A room on its live process: who publishes in which slot, who watches what, what is hidden.

A slot is a place on the stage, four for pictures and four for sounds. A viewer's n-th line of a
kind shows slot n: nothing is negotiated anew when somebody comes, goes or shares a screen.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from media.errors import LiveError
from media.live import messages
from media.live.fanout import Fanout
from media.live.publisher import Publisher, Track
from media.live.subscriber import Line, Names, Subscriber

SLOTS = 4
"""Of each kind."""

KINDS = ("video", "audio")


class Teller(Protocol):
    """Who passes on what happens on a stage."""

    def changed(self, stage: Stage) -> None:
        """What is on the stage changed."""

    def happened(
        self, stage: Stage, one: Publisher | Subscriber, kind: messages.Happening, why: str = ""
    ) -> None:
        """Something happened to one resource."""


@dataclass(slots=True, eq=False)
class _Place:
    """A track in its slot, and whose it is."""

    publisher: Publisher
    track: Track


@dataclass(slots=True)
class Stage:
    """One room. Synchronous: everything here happens between two turns of the event loop."""

    room: UUID
    epoch: int
    most_publications: int
    teller: Teller
    clock: Callable[[], float]
    counted: Counter[str] = field(default_factory=Counter)
    publishers: dict[str, Publisher] = field(default_factory=dict)  # by resource
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    hidden: set[UUID] = field(default_factory=set)
    muted: set[UUID] = field(default_factory=set)
    _slots: dict[tuple[str, int], _Place] = field(default_factory=dict)
    _names: dict[tuple[str, int], Names] = field(default_factory=dict)
    _told_states: tuple[messages.Track, ...] = ()
    _flowing: set[str] = field(default_factory=set)  # resources whose media flows, as told

    # Coming and going

    def check_room_for(self, member: UUID, source: str, kinds: list[str]) -> None:
        """Raises `LiveError` `stage_full` when one more publication does not fit.

        What the same member publishes from the same source makes way for it.
        """
        others = [
            one
            for one in self.publishers.values()
            if (one.member, one.source) != (member, source) and not one.peer.why
        ]
        if len(others) >= self.most_publications:
            raise LiveError("stage_full")
        for kind in KINDS:
            taken = sum(track.kind == kind for one in others for track in one.tracks)
            if taken + kinds.count(kind) > SLOTS:
                raise LiveError("stage_full")

    def names(self, kind: str, n: int) -> Names:
        """The SSRCs of every viewer's n-th line of a kind."""
        if (kind, n) not in self._names:
            self._names[kind, n] = (secrets.randbits(31) + 1, secrets.randbits(31) + 1)
        return self._names[kind, n]

    def publisher_connected(self, publisher: Publisher) -> None:
        """Takes its slots, over from its predecessor if there is one."""
        for other in tuple(self.publishers.values()):
            if self._succeeds(publisher, other):
                self._take_over(other, publisher)
        for track in publisher.tracks:
            if track.slot < 0:
                self._settle(publisher, track)
            track.is_hushed = self._is_hushed(publisher, track)
        self.teller.happened(self, publisher, "connected")
        self._rearrange()

    def _succeeds(self, publisher: Publisher, other: Publisher) -> bool:
        return (
            other is not publisher
            and other.is_connected
            and (other.member, other.source) == (publisher.member, publisher.source)
        )

    def _take_over(self, old: Publisher, new: Publisher) -> None:
        for track in old.tracks:
            heir = next((t for t in new.tracks if t.kind == track.kind and t.slot < 0), None)
            if heir is not None and track.slot >= 0:
                heir.slot, track.slot = track.slot, -1
                self._slots[heir.kind, heir.slot] = _Place(new, heir)
        old.peer.end("taken_over")

    def _settle(self, publisher: Publisher, track: Track) -> None:
        free = next((n for n in range(SLOTS) if (track.kind, n) not in self._slots), None)
        if free is None:  # two came at once: the later one's track is not shown
            self.counted["unplaced"] += 1
            return
        track.slot = free
        self._slots[track.kind, free] = _Place(publisher, track)

    def publisher_gone(self, publisher: Publisher, why: str) -> None:
        """Its slots are free again."""
        self.publishers.pop(publisher.peer.resource, None)
        self._flowing.discard(publisher.peer.resource)
        for track in publisher.tracks:
            if track.slot >= 0:
                del self._slots[track.kind, track.slot]
                track.slot = -1
        self._rearrange()
        for track in publisher.tracks:
            for fanout in track.fanouts:
                fanout.close()
        self.teller.happened(self, publisher, "gone", why)

    def encoding_came(self, publisher: Publisher, track: Track) -> None:
        """Whoever has the track may have this encoding of it."""
        now = self.clock()
        for subscriber, line in self._lines():
            if line.track is track and subscriber.is_connected and line.outlet.fanout is None:
                subscriber.adapt(line, now)

    def subscriber_connected(self, subscriber: Subscriber) -> None:
        """Gets what is on the stage."""
        self._give(subscriber, self.clock())
        self.teller.happened(self, subscriber, "connected")
        self.teller.changed(self)

    def subscriber_flows(self, subscriber: Subscriber) -> None:
        """Media reached it for the first time."""
        self._flowing.add(subscriber.peer.resource)
        self.teller.happened(self, subscriber, "media_flowing")

    def subscriber_gone(self, subscriber: Subscriber, why: str) -> None:
        """One viewer less."""
        self.subscribers.pop(subscriber.peer.resource, None)
        self._flowing.discard(subscriber.peer.resource)
        self.teller.happened(self, subscriber, "gone", why)
        self.teller.changed(self)

    def end(self, why: str) -> None:
        """Everybody goes."""
        for one in self._everybody():
            one.peer.end(why)

    def remove_member(self, member: UUID) -> None:
        """Everything of a member goes."""
        for one in self._everybody():
            if one.member == member:
                one.peer.end("removed")

    def remove_creator(self, name: str) -> None:
        """Everything that somebody made goes, whatever it is called."""
        for one in self._everybody():
            if name in one.peer.creator.split():
                one.peer.end("removed")

    def present(self) -> messages.Present:
        """By whose right everything is here."""
        names = {name for one in self._everybody() for name in one.peer.creator.split()}
        members = {one.member for one in self.publishers.values()}
        return messages.Present(tuple(sorted(names)), tuple(members))

    def of_resource(self, resource: str) -> Publisher | Subscriber | None:
        """Whose resource it is."""
        return self.publishers.get(resource) or self.subscribers.get(resource)

    def _everybody(self) -> list[Publisher | Subscriber]:
        return [*self.publishers.values(), *self.subscribers.values()]

    # Hiding and wishing

    def hide(self, member: UUID, is_hidden: bool) -> None:
        """Nothing of the member goes out from this moment on; or it goes on."""
        (self.hidden.add if is_hidden else self.hidden.discard)(member)
        self._hush(member)

    def mute(self, member: UUID, is_muted: bool) -> None:
        """No sound of the member goes out from this moment on; or it goes on."""
        (self.muted.add if is_muted else self.muted.discard)(member)
        self._hush(member)

    def _hush(self, member: UUID) -> None:
        now = self.clock()
        for publisher in self.publishers.values():
            if publisher.member == member:
                for track in publisher.tracks:
                    wanted = self._is_hushed(publisher, track)
                    if track.is_hushed != wanted:
                        track.hush(wanted, now)
        self.teller.changed(self)

    def _is_hushed(self, publisher: Publisher, track: Track) -> bool:
        is_muted = track.kind == "audio" and publisher.member in self.muted
        return publisher.member in self.hidden or is_muted

    def want(self, member: UUID, wish: messages.Wish) -> None:
        """A viewer wants more or less picture, from now on."""
        now = self.clock()
        for subscriber in self.subscribers.values():
            if subscriber.member == member:
                subscriber.wants(wish)
                for line in subscriber.lines:
                    subscriber.adapt(line, now)

    # Who watches what

    def _lines(self) -> Iterator[tuple[Subscriber, Line]]:
        for subscriber in self.subscribers.values():
            for line in subscriber.lines:
                yield subscriber, line

    def _rearrange(self) -> None:
        now = self.clock()
        for subscriber in self.subscribers.values():
            self._give(subscriber, now)
        self.teller.changed(self)

    def _give(self, subscriber: Subscriber, now: float) -> None:
        for kind in KINDS:
            lines = [line for line in subscriber.lines if line.kind == kind]
            tracks = self._shown(kind, len(lines))
            for n, line in enumerate(lines):
                subscriber.assign(line, tracks.get(n), now)
                if subscriber.is_connected:
                    subscriber.adapt(line, now)

    def _shown(self, kind: str, lines: int) -> dict[int, Track]:
        """Line -> track. A player with fewer lines than slots gets screens first, then cameras."""
        placed = {n: place for (k, n), place in sorted(self._slots.items()) if k == kind}
        if lines >= SLOTS:
            return {n: place.track for n, place in placed.items()}
        first = kind == "video"
        order = sorted(
            placed, key=lambda n: ((placed[n].publisher.source == "screen") is not first, n)
        )
        return {k: placed[n].track for k, n in enumerate(order[:lines])}

    # Telling

    def as_message(self, now: float) -> messages.Stage:
        """What is on the stage, for the web processes."""
        return messages.Stage(self.room, self.epoch, self.viewers, self._states(now))

    @property
    def viewers(self) -> int:
        """How many watch."""
        return sum(one.is_connected for one in self.subscribers.values())

    def _states(self, now: float) -> tuple[messages.Track, ...]:
        return tuple(
            messages.Track(
                place.publisher.member,
                "screen" if place.publisher.source == "screen" else "camera",
                "video" if kind == "video" else "audio",
                slot,
                place.track.codec.name,
                self._state(place, now),
                any(fanout.feed.has_b_frames for fanout in place.track.fanouts),
            )
            for (kind, slot), place in sorted(self._slots.items())
        )

    def _state(self, place: _Place, now: float) -> messages.State:
        if place.publisher.member in self.hidden:
            return "hidden"
        if place.track.is_hushed:
            return "muted"
        if place.track.is_flowing(now):
            return "flowing"
        return "stalled" if place.track.has_come() else "waiting"

    def tick(self, now: float) -> None:
        """Twice a second: tells of media that began or ceased to flow, and of new states."""
        for publisher in self.publishers.values():
            is_flowing = any(track.is_flowing(now) for track in publisher.tracks)
            self._tell_flow(publisher, is_flowing)
        for subscriber in self.subscribers.values():
            if subscriber.has_flowed:
                self._tell_flow(subscriber, subscriber.is_flowing(now))
        states = self._states(now)
        if states != self._told_states:
            self._told_states = states
            self.teller.changed(self)

    def _tell_flow(self, one: Publisher | Subscriber, is_flowing: bool) -> None:
        resource = one.peer.resource
        if is_flowing and resource not in self._flowing:
            self._flowing.add(resource)
            self.teller.happened(self, one, "media_flowing")
        elif not is_flowing and resource in self._flowing:
            self._flowing.discard(resource)
            self.teller.happened(self, one, "media_stopped")

    def flowing(self) -> Iterator[Publisher | Subscriber]:
        """Whose media flows now, as far as was told."""
        for resource in self._flowing:
            one = self.of_resource(resource)
            if one is not None:
                yield one

    def fanouts(self) -> Iterator[Fanout]:
        """Every encoding on the stage."""
        for place in self._slots.values():
            yield from place.track.fanouts

    def stats(self, now: float) -> dict[str, float]:
        """What is counted of it, by the names under which it is told."""
        counts = {f"{name}_total": float(n) for name, n in self.counted.items()}
        counts["viewers"] = float(self.viewers)
        counts["publishers"] = float(len(self.publishers))
        for fanout in self.fanouts():
            name = f"layer_{fanout.feed.rid or 'single'}_viewers"
            counts[name] = counts.get(name, 0.0) + len(fanout)
            counts["bitrate_bps"] = counts.get("bitrate_bps", 0.0) + fanout.feed.bitrate_bps(now)
        return counts
