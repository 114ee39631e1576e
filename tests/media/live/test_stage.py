"""The stage: slots, who takes over from whom, what a player with few lines gets."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from media.errors import LiveError
from media.live.formats import Codec
from media.live.packets import Header
from media.live.publisher import MOST_STREAMS, Publisher
from media.live.sdp import Medium, Offer
from media.live.sending import PythonFiller
from media.live.stage import SLOTS, Stage
from media.live.subscriber import Line, Subscriber
from tests.support.live.wire import estimate, nack
from tests.support.live.wiring import VP8_DELTA, VP8_KEY

CODECS = {
    "video": (Codec(96, "VP8", 90_000, 1, "", 97),),
    "audio": (Codec(111, "opus", 48_000, 2, ""),),
}


def _offer(*kinds: str, direction: str = "sendonly") -> Offer:
    media = tuple(
        Medium(kind, str(n), n, CODECS[kind], {}, (), direction, (100 + n,), {})
        for n, kind in enumerate(kinds)
    )
    return Offer("abcd", "p" * 24, (("sha-256", "00"),), "actpass", media, (), False)


@dataclass(eq=False)
class _Peer:
    """A connection that is as good as up."""

    resource: str = field(default_factory=lambda: uuid4().hex)
    why: str = ""
    creator: str = ""
    rung: str = "udp"
    path: Any = None
    srtp: Any = None
    side: Any = None
    rtcp: list[bytes] = field(default_factory=list)
    rtp: list[bytes] = field(default_factory=list)  # outside the fan-out

    def end(self, why: str) -> None:
        self.why = self.why or why

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)

    def send_rtp(self, packet: bytes) -> None:
        self.rtp.append(packet)


class _Told:
    """What the stage tells."""

    def __init__(self) -> None:
        self.happenings: list[tuple[UUID, str, str]] = []
        self.changes = 0

    def changed(self, stage: Stage) -> None:
        self.changes += 1

    def happened(self, stage: Stage, one: Publisher | Subscriber, kind: str, why: str = "") -> None:
        self.happenings.append((one.member, kind, why))


class _Room:
    """A stage and its clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told = _Told()
        self.stage = Stage(uuid4(), 1, 6, self.told, lambda: self.now)
        self.calls: list[tuple[float, Callable[[], None]]] = []  # (when, what) somebody wants

    def publisher(
        self, *kinds: str, member: UUID | None = None, source: str = "camera"
    ) -> Publisher:
        made = Publisher(
            _Peer(), _offer(*(kinds or ("audio", "video"))), member or uuid4(), source, self.stage,
            filler=PythonFiller(), counted=Counter(), clock=lambda: self.now,
            later=lambda delay, call: self.calls.append((self.now + delay, call)),
        )  # type: ignore[arg-type] # fmt: skip
        self.stage.publishers[made.peer.resource] = made
        return made

    def on_stage(
        self, *kinds: str, member: UUID | None = None, source: str = "camera"
    ) -> Publisher:
        made = self.publisher(*kinds, member=member, source=source)
        made.connected()
        return made

    def viewer(self, videos: int = SLOTS, audios: int = SLOTS) -> Subscriber:
        kinds = ["video"] * videos + ["audio"] * audios
        made = Subscriber(
            _Peer(), _offer(*kinds, direction="recvonly"), uuid4(), "auto", self.stage,
            names=self.stage.names, counted=Counter(), clock=lambda: self.now, probed=set(),
        )  # type: ignore[arg-type] # fmt: skip
        self.stage.subscribers[made.peer.resource] = made
        made.connected()
        return made

    def gone(self, one: Publisher | Subscriber, why: str = "left") -> None:
        one.peer.end(why)
        one.gone(why)

    def sends(self, publisher: Publisher, seq: int = 1) -> None:
        """One packet of every track."""
        for track in publisher.tracks:
            medium = track.medium
            stream = (
                publisher._meet(
                    Header(True, track.codec.payload_type, seq, 0, medium.ssrcs[0], 0, 0, {}),
                    memoryview(b""),
                )
                or publisher._streams[medium.ssrcs[0]]
            )
            header = Header(True, track.codec.payload_type, seq, seq * 3000, 7, 0, 0, {})
            publisher._pass(stream, header, VP8_KEY + bytes(50), self.now)

    def passes(self, seconds: float) -> None:
        """Time goes by, and what was wanted meanwhile is done."""
        until = self.now + seconds
        while due := [each for each in self.calls if each[0] <= until]:
            first = min(due, key=lambda each: each[0])
            self.calls.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = until

    def states(self) -> dict[tuple[str, int], str]:
        return {
            (track.kind, track.slot): track.state
            for track in self.stage.as_message(self.now).tracks
        }


def _shown(viewer: Subscriber, kind: str) -> list[Publisher | None]:
    return [line.track for line in viewer.lines if line.kind == kind]


def test_who_was_watched_is_forgotten_at_once() -> None:
    """Collections are rare (`server/garbage.py`): what only holds itself would stay for long."""
    room = _Room()
    camera, viewer = room.on_stage(), room.viewer()
    for seq in range(3):
        room.sends(camera, seq)
    fanouts = [fanout for track in camera.tracks for fanout in track.fanouts]
    assert len(fanouts) == 2 and all(fanouts), "somebody watches"
    there = [weakref.ref(one) for fanout in fanouts for one in (camera, fanout, fanout.feed)]
    gc.disable()
    try:
        room.gone(camera)
        room.passes(1)  # what was to be done in some milliseconds
        camera.peer.side = None  # as at the end of every peer
        del camera, fanouts
        assert [left for ref in there if (left := ref()) is not None] == []
        assert viewer.is_connected
    finally:
        gc.enable()


def test_tracks_get_the_lowest_free_slots_and_keep_them() -> None:
    room = _Room()
    first, second = room.on_stage(), room.on_stage()
    room.gone(first)
    third = room.on_stage()
    assert [track.slot for track in second.tracks] == [1, 1]
    assert [track.slot for track in third.tracks] == [0, 0]


def test_a_viewer_sees_what_is_there_and_what_comes_later() -> None:
    room = _Room()
    first = room.on_stage()
    viewer = room.viewer()
    second = room.on_stage()
    assert _shown(viewer, "video") == [first.tracks[1], second.tracks[1], None, None]
    room.gone(first)
    assert _shown(viewer, "video") == [None, second.tracks[1], None, None]


def test_a_player_with_one_line_of_a_kind_gets_the_screen_and_the_first_voice() -> None:
    room = _Room()
    camera = room.on_stage()
    viewer = room.viewer(1, 1)
    assert _shown(viewer, "video") == [camera.tracks[1]]
    screen = room.on_stage("audio", "video", source="screen")
    assert _shown(viewer, "video") == [screen.tracks[1]]
    assert _shown(viewer, "audio") == [camera.tracks[0]], "a voice before a screen's sound"
    room.gone(screen)
    assert _shown(viewer, "video") == [camera.tracks[1]]


def test_the_same_presenter_coming_again_takes_over_slots_and_viewers() -> None:
    room = _Room()
    member = uuid4()
    old = room.on_stage(member=member)
    viewer = room.viewer()
    new = room.publisher(member=member)
    assert old.peer.why == "", "a newcomer that has not connected takes nothing"
    new.connected()
    assert old.peer.why == "taken_over"
    room.gone(old, "taken_over")
    assert [track.slot for track in new.tracks] == [0, 0]
    assert _shown(viewer, "video")[0] is new.tracks[1]
    assert (member, "gone", "taken_over") in room.told.happenings


def test_a_screen_does_not_take_over_from_its_camera() -> None:
    room = _Room()
    member = uuid4()
    camera = room.on_stage(member=member)
    room.on_stage("video", member=member, source="screen")
    assert camera.peer.why == ""


def test_a_full_stage_says_so_but_not_to_who_is_on_it() -> None:
    room = _Room()
    member = uuid4()
    room.on_stage(member=member)
    for _ in range(3):
        room.on_stage()
    with pytest.raises(LiveError) as refusal:
        room.stage.check_room_for(uuid4(), "camera", ["audio", "video"])
    assert refusal.value.code == "stage_full"
    room.stage.check_room_for(member, "camera", ["audio", "video"])
    room.stage.most_publications = 4
    with pytest.raises(LiveError):
        room.stage.check_room_for(uuid4(), "screen", [])


def test_hidden_and_muted_are_states_and_survive_coming_again() -> None:
    room = _Room()
    member = uuid4()
    one = room.on_stage(member=member)
    room.sends(one)
    assert room.states() == {("audio", 0): "flowing", ("video", 0): "flowing"}
    room.stage.mute(member, True)
    assert room.states() == {("audio", 0): "muted", ("video", 0): "flowing"}
    room.stage.hide(member, True)
    assert set(room.states().values()) == {"hidden"}
    again = room.on_stage(member=member)
    assert all(track.is_hushed for track in again.tracks)
    room.stage.hide(member, False)
    assert [track.is_hushed for track in again.tracks] == [True, False], "still muted"


def test_nothing_of_a_hidden_track_reaches_any_reader() -> None:
    room = _Room()
    one = room.on_stage("video")
    room.sends(one, 1)
    feed = one.tracks[0].fanouts[0].feed
    before = feed.packets
    room.stage.hide(one.member, True)
    room.sends(one, 2)
    assert feed.packets == before
    room.stage.hide(one.member, False)
    room.sends(one, 3)
    assert feed.packets == before + 1


def test_media_that_ceases_is_told_and_shown() -> None:
    room = _Room()
    one = room.on_stage()
    assert set(room.states().values()) == {"waiting"}
    room.sends(one)
    room.stage.tick(room.now)
    room.now += 2.0
    room.stage.tick(room.now)
    assert set(room.states().values()) == {"stalled"}
    kinds = [kind for _, kind, _ in room.told.happenings]
    assert kinds == ["connected", "media_flowing", "media_stopped"]
    assert room.told.changes


def test_a_removed_member_loses_everything_and_others_nothing() -> None:
    room = _Room()
    member = uuid4()
    camera = room.on_stage(member=member)
    screen = room.on_stage("video", member=member, source="screen")
    other = room.on_stage()
    room.stage.remove_member(member)
    assert (camera.peer.why, screen.peer.why, other.peer.why) == ("removed", "removed", "")


def test_a_removed_device_loses_what_it_watches_under_any_name() -> None:
    room = _Room()
    hers, elsewhere, other = room.viewer(), room.viewer(), room.viewer()
    for one in (hers, elsewhere):
        one.peer.creator = "seat:1"
    room.stage.remove_creator("seat:1")
    assert (hers.peer.why, elsewhere.peer.why, other.peer.why) == ("removed", "removed", "")


def test_who_has_several_names_loses_everything_with_each() -> None:
    room = _Room()
    hers, elsewhere, sends = room.viewer(), room.viewer(), room.on_stage()
    hers.peer.creator = "person:1 sign-in:1"
    elsewhere.peer.creator = "person:1 sign-in:12"
    sends.peer.creator = "sign-in:12"
    present = room.stage.present()
    assert present.names == ("person:1", "sign-in:1", "sign-in:12")
    assert present.members == (sends.member,)
    room.stage.remove_creator("sign-in:1")
    assert (hers.peer.why, elsewhere.peer.why, sends.peer.why) == ("removed", "", "")
    room.stage.remove_creator("person:1")
    assert (elsewhere.peer.why, sends.peer.why) == ("removed", "")


def test_a_viewer_that_wants_only_sound_gets_no_picture() -> None:
    room = _Room()
    one = room.on_stage()
    room.sends(one)
    viewer = room.viewer()
    room.stage.want(viewer.member, "audio")
    room.sends(one, 2)
    pictures = [line.outlet.fanout for line in viewer.lines if line.kind == "video"]
    sounds = [line.outlet.fanout for line in viewer.lines if line.kind == "audio"]
    assert pictures == [None] * SLOTS
    assert sounds[0] is one.tracks[0].fanouts[0]


def test_unknown_streams_are_not_taken_in() -> None:
    room = _Room()
    one = room.on_stage()
    for ssrc in range(1_000):
        header = Header(True, 35, 1, 0, ssrc, 0, 0, {})
        assert one._meet(header, memoryview(b"")) is None
    for ssrc in range(500, 1_500):  # the right payload type, over and over
        one._meet(Header(True, 96, 1, 0, ssrc, 0, 0, {}), memoryview(b""))
    assert len(one._streams) <= 1
    for ssrc in range(2_000, 3_000):  # what repairs it, under ever new names
        one._meet(Header(True, 97, 1, 0, ssrc, 0, 0, {}), memoryview(b""))
    assert len(one._streams) <= MOST_STREAMS


class _Layered:
    """A presenter of three layers, and one who watches: 30 pictures a second, a packet each."""

    SIZES: ClassVar = {"q": 150, "h": 400, "f": 1200}

    def __init__(self) -> None:
        self.room = _Room()
        self.publisher = self.room.on_stage("video")
        [self.track] = self.publisher.tracks
        self.track.rank = {rid: n for n, rid in enumerate(self.SIZES)}
        streams = [
            self.publisher._encoding(self.track, 500 + n, rid) for n, rid in enumerate(self.SIZES)
        ]
        self.feeds = [stream.feed for stream in streams if stream is not None]
        self.viewer = self.room.viewer(1, 0)
        [self.line] = self.viewer.lines
        self._seq = 0

    @property
    def layer(self) -> str:
        """What the viewer gets; in a moment, where it waits for a keyframe."""
        outlet = self.line.outlet
        fanout = outlet.fanout if outlet.next is None else outlet.next
        return "" if fanout is None else fanout.feed.rid

    def flows(self, seconds: float) -> list[str]:
        """The layer at the end of each half second."""
        found = []
        for step in range(round(seconds * 30)):
            self._seq += 1
            for feed, size in zip(self.feeds, self.SIZES.values(), strict=True):
                payload = (VP8_KEY if self._seq % 15 == 1 else VP8_DELTA) + bytes(size)
                header = Header(True, 96, self._seq, self._seq * 3000, feed.ssrc, 0, 0, {})
                feed.push(header, payload, self.room.now)
            self.room.passes(1 / 30)
            if step % 15 == 14:
                self.viewer.tick(self.room.now)
                found.append(self.layer)
        return found

    def says(self, packet: bytes) -> None:
        """The viewer's RTCP."""
        self.viewer.rtcp(packet)

    def repeats(self) -> int:
        """Packets that were sent outside the fan-out since it was asked last."""
        peer: Any = self.viewer.peer
        found, peer.rtp = len(peer.rtp), []
        return found


def test_a_line_is_looked_at_once_however_often_a_packet_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, looked = _Layered(), list[Line]()
    watched.flows(2.5)
    monkeypatch.setattr(watched.viewer, "adapt", lambda line, now: looked.append(line))
    asked = nack(1, watched.line.outlet.ssrc, list(range(100)))
    watched.says(asked * 5)
    assert looked == [watched.line]


def test_a_layer_that_drowned_is_tried_with_repeats_before_it_comes_again() -> None:
    watched = _Layered()
    ssrc = watched.line.outlet.ssrc
    assert watched.flows(2.5)[-1] == "f", "a megabit carries all of it at first"
    watched.says(estimate(1, 125_000, [ssrc]))
    assert watched.flows(3.5)[-1] == "h", "and then it does not"
    assert watched.repeats() == 0
    assert set(watched.flows(6.5)) == {"h"}
    assert watched.repeats() > 10, "the line is probed, with what the viewer has"
    lost = [watched._seq - n for n in range(20)]
    offset = watched.line.outlet.offsets.seq
    watched.says(nack(1, ssrc, [(seq + offset) & 0xFFFF for seq in lost]))
    assert watched.repeats() == len(lost), "what it lost it gets"
    assert set(watched.flows(8)) == {"h"}
    assert watched.repeats() == 0, "it drowned: the next probe comes later"
    assert set(watched.flows(6)) == {"h"}
    assert watched.repeats() > 10
