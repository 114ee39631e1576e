"""The live process: its port, its rooms, and what it does when asked."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

from media.errors import LiveError
from media.live import answers, dtls, messages, sdp
from media.live.answers import Candidate, Local, Outgoing
from media.live.fanout import Outlet
from media.live.ledger import Ledger
from media.live.peer import Peer
from media.live.port import Binding, Port
from media.live.publisher import MOST_TRACKS, Publisher
from media.live.sdp import Offer
from media.live.sending import Filler, best_filler
from media.live.stage import Stage
from media.live.subscriber import Subscriber

log = logging.getLogger(__name__)

# How often what arrived is told to publishers; Chromium's estimate wants it this often.
FEEDBACK_EVERY_S = 0.05
# Viewers are looked after in ten parts, so that each has its turn twice a second.
PARTS = 10
# What flows is noted this often: an attendance after a crash is wrong by no more.
SEEN_EVERY_S = 1.0
# The event loop comes this late, smoothed, or what comes in has waited for so long: one more viewer
# would make it worse for all.
OVERLOADED_S = 0.25
BEHIND_S = 20.0
MOST_VIEWERS = 5_000


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What the operator decided.

    `hosts`: addresses to listen on; `addresses`: those told to peers; `control`: the unix socket;
    `library`: the compiled inner loop, where there is one.
    """

    hosts: tuple[str, ...]
    port: int
    addresses: tuple[str, ...]
    control: Path
    library: Path | None = None


class LiveProcess:
    """Everything that is alive here. Owns every task; an async context manager."""

    def __init__(
        self, settings: LiveSettings, tell_stage: Callable[[messages.Stage], None]
    ) -> None:
        self.settings = settings
        self.id = uuid4()
        self.started_at = now_ms()
        self.stages: dict[UUID, Stage] = {}
        self.ledger = Ledger()
        self.counted: Counter[str] = Counter()
        self.lag_s = 0.0
        self.worst_lag_s = 0.0
        self._tell_stage = tell_stage
        self._changed: dict[UUID, None] = {}
        self._numbers: Counter[str] = Counter()  # of presence, by resource
        self._port = Port(Binding(settings.hosts, settings.port))
        self._certificate = dtls.new_certificate()
        self._fingerprint = dtls.fingerprint_of(self._certificate)
        self._filler: Filler = best_filler(settings.library)
        self._probed: set[Outlet] = set()
        self._tasks = asyncio.TaskGroup()
        self._ticking: asyncio.Task[None] | None = None  # while we are entered

    async def __aenter__(self) -> Self:
        await self._port.__aenter__()
        await self._tasks.__aenter__()
        self._ticking = self._tasks.create_task(self._tick_for_ever(), name="tick")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stage in self.stages.values():
            stage.end("closed")
        if self._ticking is not None:
            self._ticking.cancel()
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            await self._port.__aexit__(None, None, None)

    @property
    def port(self) -> int:
        """The port media comes to, UDP and TCP."""
        return self._port.number

    # What is asked

    def do(self, ask: messages.Do) -> messages.Re:
        """Does one thing that was asked. Raises `LiveError`."""
        do: Callable[[Any], messages.Re | None] = getattr(self, _VERBS[type(ask)])
        return do(ask) or messages.Done()

    def _close(self, ask: messages.Close) -> None:
        self._stage(ask.room, ask.epoch).end("closed")
        stage = self.stages.pop(ask.room)
        self._changed.pop(ask.room, None)
        self.counted.update(stage.counted)

    def _remove(self, ask: messages.Remove) -> None:
        self._resource(ask.room, ask.resource, ask.creator).end("left")

    def _remove_member(self, ask: messages.RemoveMember) -> None:
        self._stage(ask.room, ask.epoch).remove_member(ask.member)

    def _remove_creator(self, ask: messages.RemoveCreator) -> None:
        self._stage(ask.room, ask.epoch).remove_creator(ask.creator)

    def _hide(self, ask: messages.Hide) -> None:
        self._stage(ask.room, ask.epoch).hide(ask.member, ask.is_hidden)

    def _mute(self, ask: messages.Mute) -> None:
        self._stage(ask.room, ask.epoch).mute(ask.member, ask.is_muted)

    def _want(self, ask: messages.Want) -> None:
        self._open_stage(ask.room).want(ask.member, ask.wish)

    def _listen(self, ask: messages.Listen) -> messages.Re:
        return messages.Listening(self.id, self._all_stages(), messages.KNOWN)

    def _ack(self, ask: messages.Ack) -> None:
        self.ledger.acknowledge(ask.batch)

    def _open(self, ask: messages.Open) -> None:
        stage = self.stages.get(ask.room)
        if stage is None:
            self.stages[ask.room] = Stage(
                ask.room, ask.epoch, ask.most_publications, self, self._port.clock
            )
        elif ask.epoch < stage.epoch:
            raise LiveError("stale_epoch")
        else:
            stage.epoch = ask.epoch
            stage.most_publications = ask.most_publications

    def _open_stage(self, room: UUID) -> Stage:
        if room not in self.stages:
            raise LiveError("room_not_open")
        return self.stages[room]

    def _stage(self, room: UUID, epoch: int) -> Stage:
        stage = self._open_stage(room)
        if epoch < stage.epoch:
            raise LiveError("stale_epoch")
        stage.epoch = epoch
        return stage

    def _all_stages(self) -> tuple[messages.Stage, ...]:
        now = self._port.clock()
        return tuple(stage.as_message(now) for stage in self.stages.values())

    def _publish(self, ask: messages.Publish) -> messages.Re:
        stage = self._stage(ask.room, ask.epoch)
        offer = sdp.read_offer(ask.offer)
        media = sdp.published(offer, most_tracks=MOST_TRACKS)
        stage.check_room_for(ask.member, ask.source, [medium.kind for medium in media])
        peer = self._peer(offer, ask)
        try:
            answer = answers.publish_answer(offer, self._local(peer), most_tracks=MOST_TRACKS)
        except BaseException:
            self._port.forget(peer)
            raise
        publisher = Publisher(
            peer,
            offer,
            ask.member,
            ask.source,
            stage,
            filler=self._filler,
            counted=stage.counted,
            clock=self._port.clock,
            later=self._later,
        )
        stage.publishers[peer.resource] = publisher
        self._tasks.create_task(peer.run(), name="publisher")
        return messages.Answered(peer.resource, answer, peer.etag)

    def _subscribe(self, ask: messages.Subscribe) -> messages.Re:
        stage = self._stage(ask.room, ask.epoch)
        viewers = sum(len(each.subscribers) for each in self.stages.values())
        is_late = self.lag_s > OVERLOADED_S or self._port.behind_s > BEHIND_S
        if is_late or viewers >= MOST_VIEWERS:
            raise LiveError("live_overloaded")
        offer = sdp.read_offer(ask.offer)
        peer = self._peer(offer, ask)
        subscriber = Subscriber(
            peer,
            offer,
            ask.member,
            ask.wish,
            stage,
            names=stage.names,
            counted=stage.counted,
            clock=self._port.clock,
            probed=self._probed,
        )
        try:
            outgoing = self._outgoing(offer, subscriber)
            answer = answers.viewer_answer(offer, self._local(peer), outgoing)
        except BaseException:
            self._port.forget(peer)
            raise
        stage.subscribers[peer.resource] = subscriber
        self._tasks.create_task(peer.run(), name="subscriber")
        return messages.Answered(peer.resource, answer, peer.etag)

    def _outgoing(self, offer: Offer, subscriber: Subscriber) -> list[Outgoing | None]:
        found: list[Outgoing | None] = [None] * len(offer.media)
        for medium, line in zip(sdp.watched(offer), subscriber.lines, strict=True):
            outlet = line.outlet
            name = f"{medium.kind}-{medium.index}"
            found[medium.index] = Outgoing(
                outlet.ssrc, outlet.rtx_ssrc, subscriber.cname, "stage", name
            )
        return found

    def _peer(self, offer: Offer, ask: messages.Publish | messages.Subscribe) -> Peer:
        return Peer(
            self._port,
            self._certificate,
            offer.fingerprints,
            offer.relays,
            creator=ask.creator,
            theirs=(offer.ufrag, offer.pwd),
            is_server=offer.setup != "passive",
            lasts_s=ask.lasts_s or float("inf"),
        )

    def _local(self, peer: Peer) -> Local:
        number = self._port.number
        candidates = [Candidate("udp", each, number) for each in self.settings.addresses]
        candidates += [Candidate("tcp", each, number) for each in self.settings.addresses]
        return Local(peer.ours.ufrag, peer.ours.password, self._fingerprint, tuple(candidates))

    def _resource(self, room: UUID, resource: str, creator: str) -> Peer:
        stage = self.stages.get(room)
        one = stage.of_resource(resource) if stage else None
        if one is None or one.peer.creator != creator or one.peer.why:
            raise LiveError("no_resource")
        return one.peer

    def _patch(self, ask: messages.Patch) -> messages.Re:
        peer = self._resource(ask.room, ask.resource, ask.creator)
        if ask.if_match not in (peer.etag, "*"):
            raise LiveError("wrong_etag")
        fragment = sdp.read_fragment(ask.fragment)
        peer.add_relays(fragment.relays)
        if not fragment.restarts(*peer.theirs):
            return messages.Patched(peer.etag)
        peer.restart((fragment.ufrag, fragment.pwd))
        return messages.Patched(peer.etag, answers.fragment(self._local(peer)))

    def _roll_call(self, ask: messages.RollCall) -> messages.Re:
        present = {room: stage.present() for room, stage in self.stages.items()}
        return messages.Roll({room: one for room, one in present.items() if one.names})

    # What happens

    def changed(self, stage: Stage) -> None:
        """To be told with the next tick, once however often it changes until then."""
        self._changed[stage.room] = None

    def happened(
        self, stage: Stage, one: Publisher | Subscriber, kind: messages.Happening, why: str = ""
    ) -> None:
        """Kept until it is in the database. An end counts from when the peer was last heard."""
        peer = one.peer
        self._numbers[peer.resource] += 1
        silent_s = self._port.clock() - peer.heard_at if why == "lost" else 0.0
        self.ledger.note(
            messages.Presence(
                room=stage.room,
                epoch=stage.epoch,
                member=one.member,
                resource=peer.resource,
                role=_role(one),
                number=self._numbers[peer.resource],
                at=now_ms() - round(silent_s * 1000),
                kind=kind,
                rung=peer.rung,
                why=why,
            )
        )
        if kind == "gone":
            del self._numbers[peer.resource]

    def _later(self, delay_s: float, call: Callable[[], None]) -> object:
        return asyncio.get_running_loop().call_later(delay_s, call)

    # Time

    async def _tick_for_ever(self) -> None:
        clock = self._port.clock
        turn, due, seen_at = 0, clock() + FEEDBACK_EVERY_S, 0.0
        while True:
            await asyncio.sleep(max(0.0, due - clock()))
            now = clock()
            self._note_lag(now - due)
            due = max(due + FEEDBACK_EVERY_S, now)
            turn = (turn + 1) % PARTS
            for stage in tuple(self.stages.values()):
                self._tick(stage, turn, now)
            if now - seen_at >= SEEN_EVERY_S:
                seen_at = now
                self._note_seen()
            self._tell_changes(now)

    def _tick(self, stage: Stage, turn: int, now: float) -> None:
        for publisher in tuple(stage.publishers.values()):
            _look_after(publisher, now, has_turn=turn == 0)
        for subscriber in tuple(stage.subscribers.values())[turn::PARTS]:
            _look_after(subscriber, now, has_turn=True)
        if turn == 0:
            stage.tick(now)

    def _note_lag(self, lag_s: float) -> None:
        self.lag_s += (max(0.0, lag_s) - self.lag_s) / 20
        self.worst_lag_s = max(self.worst_lag_s, lag_s)

    def _note_seen(self) -> None:
        at = now_ms()
        for stage in self.stages.values():
            for one in stage.flowing():
                self.ledger.see(stage.room, one.member, _role(one), at)

    def _tell_changes(self, now: float) -> None:
        changed, self._changed = self._changed, {}
        for room in changed:
            stage = self.stages.get(room)
            if stage is not None:
                self._tell_stage(stage.as_message(now))

    # Counting

    def _stats(self, ask: messages.Stats) -> messages.Counted:
        now = self._port.clock()
        process = Counter(self.counted)
        for stage in self.stages.values():
            process.update(stage.counted)
        process.update(self._port.counted)
        usage = os.times()
        totals = {f"{name}_total": float(n) for name, n in process.items()}
        totals |= {
            "cpu_seconds_total": usage.user + usage.system,
            "loop_lag_seconds": self.lag_s,
            "loop_worst_lag_seconds": self.worst_lag_s,
            "port_behind_seconds": self._port.behind_s,
            "rooms": float(len(self.stages)),
            "viewers": float(sum(stage.viewers for stage in self.stages.values())),
            "publishers": float(sum(len(stage.publishers) for stage in self.stages.values())),
        }
        self.worst_lag_s = 0.0
        rooms = {stage.room: stage.stats(now) for stage in self.stages.values()}
        return messages.Counted(self.started_at, totals, rooms)


_VERBS = {
    messages.Open: "_open",
    messages.Close: "_close",
    messages.Publish: "_publish",
    messages.Subscribe: "_subscribe",
    messages.Patch: "_patch",
    messages.Remove: "_remove",
    messages.RemoveMember: "_remove_member",
    messages.RemoveCreator: "_remove_creator",
    messages.Hide: "_hide",
    messages.Mute: "_mute",
    messages.Want: "_want",
    messages.Stats: "_stats",
    messages.RollCall: "_roll_call",
    messages.Listen: "_listen",
    messages.Ack: "_ack",
}


def _role(one: Publisher | Subscriber) -> messages.Role:
    return "publisher" if isinstance(one, Publisher) else "viewer"


def _look_after(one: Publisher | Subscriber, now: float, *, has_turn: bool) -> None:
    """A fault here ends this connection, not every room. `has_turn`: its peer is looked at too."""
    try:
        one.tick(now)
        if has_turn:
            one.peer.tick(now)
    except Exception:
        log.exception("connection %s ended by a fault of ours", one.peer.resource)
        one.peer.end("failed")


def now_ms() -> int:
    """The wall clock: milliseconds since 1970."""
    return time.time_ns() // 1_000_000
