"""Our answers to the offers beside this file, read by aiortc and taken by Chromium itself."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import SessionDescription

from media.errors import LiveError
from media.live.answers import (
    publish_answer,
    viewer_answer,
)
from media.live.sdp import (
    MID,
    REPAIRED_RID,
    RID,
    SEND_TIME,
    TRANSPORT_CC,
    published,
    read_offer,
)
from tests.support.chromium import chromium
from tests.support.live.offers import (
    LOCAL,
    OFFERS,
    PUBLISHING,
    SIMPLE,
    check_form,
    offer_of,
    outgoing,
    parts_of,
)

# --- answering who publishes -------------------------------------------------------------------


def test_a_simulcast_publisher_is_answered_word_for_word() -> None:
    answer = publish_answer(offer_of("chromium-simulcast"), LOCAL, most_tracks=4)
    session, (sound, picture) = parts_of(answer)
    assert re.fullmatch(r"o=- [0-9]+ 1 IN IP4 127\.0\.0\.1", session[1])
    assert [session[0], *session[2:]] == [
        "v=0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=ice-options:trickle",
        "a=msid-semantic: WMS *",
        "a=group:BUNDLE 0 1",
    ]
    transport = [
        "a=ice-ufrag:Por7hole",
        "a=ice-pwd:0123456789abcdefghijklmn",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=setup:passive",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=candidate:1 1 udp 2130706431 192.0.2.7 7900 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::7 7900 typ host",
        "a=candidate:3 1 tcp 1520434687 192.0.2.7 7900 typ host tcptype passive",
        "a=end-of-candidates",
    ]
    assert sound == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        *transport,
        "a=recvonly",
        "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        f"a=extmap:2 {SEND_TIME}",
        f"a=extmap:3 {TRANSPORT_CC}",
        f"a=extmap:4 {MID}",
    ]
    assert picture == [
        "m=video 9 UDP/TLS/RTP/SAVPF 108 109",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        *transport,
        "a=recvonly",
        "a=rtpmap:108 H264/90000",
        "a=rtcp-fb:108 transport-cc",
        "a=rtcp-fb:108 nack",
        "a=rtcp-fb:108 nack pli",
        "a=rtcp-fb:108 ccm fir",
        "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "a=rtpmap:109 rtx/90000",
        "a=fmtp:109 apt=108",
        f"a=extmap:2 {SEND_TIME}",
        f"a=extmap:3 {TRANSPORT_CC}",
        f"a=extmap:4 {MID}",
        f"a=extmap:10 {RID}",
        f"a=extmap:11 {REPAIRED_RID}",
        "a=rid:q recv",
        "a=rid:h recv",
        "a=rid:f recv",
        "a=simulcast:recv q;h;f",
    ]


@pytest.mark.parametrize("name", PUBLISHING)
def test_an_answer_takes_nothing_that_was_not_offered(name: str) -> None:
    offer = offer_of(name)
    answer = publish_answer(offer, LOCAL, most_tracks=4)
    check_form(offer, answer)
    offered = set(OFFERS[name].split("\r\n"))
    for line in answer.split("\r\n"):
        if line.startswith(("a=rtpmap:", "a=rtcp-fb:", "a=fmtp:", "a=extmap:", "a=rtcp-rsize")):
            assert line in offered


@pytest.mark.parametrize("name", PUBLISHING)
def test_aiortc_reads_what_we_answer(name: str) -> None:
    offer = offer_of(name)
    parsed = SessionDescription.parse(publish_answer(offer, LOCAL, most_tracks=4))
    assert parsed.group[0].items == [m.mid for m in offer.media]
    for medium, other in zip(offer.media, parsed.media, strict=True):
        assert other.direction == "recvonly"
        assert other.ice is not None and other.ice.iceLite
        assert other.dtls is not None
        assert other.dtls.role == ("client" if offer.setup == "passive" else "server")
        assert other.rtp.codecs[0].payloadType == medium.codecs[0].payload_type
    assert [(c.ip, c.protocol) for c in parsed.media[0].ice_candidates] == [
        ("192.0.2.7", "udp"),
        ("2001:db8::7", "udp"),
        ("192.0.2.7", "tcp"),
    ]


def test_tracks_beyond_the_limit_are_refused_each_in_its_place() -> None:
    offer = offer_of("chromium-simulcast")
    session, (sound, picture) = parts_of(publish_answer(offer, LOCAL, most_tracks=1))
    assert [m.kind for m in published(offer, most_tracks=1)] == ["audio"]
    assert "a=group:BUNDLE 0" in session
    assert sound[0].startswith("m=audio 9 ")
    assert picture[0].startswith("m=video 0 ")
    assert "a=inactive" in picture and "a=recvonly" not in picture


def test_an_offer_of_both_directions_is_only_received() -> None:
    offer = offer_of("chromium-sendrecv")
    assert {m.direction for m in offer.media} == {"sendrecv"}
    assert publish_answer(offer, LOCAL, most_tracks=4).count("a=recvonly") == 2


def test_nothing_that_we_carry_is_refused_as_unsupported() -> None:
    for text, most in (
        (OFFERS["chromium-watch"], 4),
        (OFFERS["chromium-simulcast"], 0),
        (SIMPLE.replace("VP8", "H265"), 4),
        (SIMPLE.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), 4),
    ):
        with pytest.raises(LiveError) as refused:
            publish_answer(read_offer(text), LOCAL, most_tracks=most)
        assert refused.value.code == "media_unsupported"


def test_a_single_line_without_a_group_gets_none() -> None:
    text = SIMPLE.replace("a=group:BUNDLE 0\r\n", "").replace("a=mid:0\r\n", "")
    answer = publish_answer(read_offer(text), LOCAL, most_tracks=1)
    assert "a=group" not in answer and "a=mid" not in answer


def test_two_answers_are_two_sessions() -> None:
    offer = read_offer(SIMPLE)
    one = publish_answer(offer, LOCAL, most_tracks=1)
    assert one == publish_answer(offer, LOCAL, most_tracks=1)
    other = publish_answer(offer, replace(LOCAL, ufrag="another"), most_tracks=1)
    assert one.split("\r\n")[1] != other.split("\r\n")[1]


# --- answering who watches ---------------------------------------------------------------------


def test_a_viewer_keeps_every_shared_codec_and_its_repair() -> None:
    offer = offer_of("chromium-watch")
    _, media = parts_of(viewer_answer(offer, LOCAL, outgoing(offer)))
    assert [lines[0].split()[1] for lines in media] == ["9"] * 8
    for medium, lines in zip(offer.media, media, strict=True):
        formats = lines[0].split()[3:]
        wanted = [str(p) for c in medium.codecs for p in (c.payload_type, c.rtx) if p is not None]
        assert formats == wanted
        assert "a=sendonly" in lines
        assert f"a=msid:stage {medium.kind}-{medium.index}" in lines
        assert not any("transport-cc" in line or TRANSPORT_CC in line for line in lines)
        extensions = [line for line in lines if line.startswith("a=extmap:")]
        assert extensions == ([f"a=extmap:2 {SEND_TIME}"] if medium.kind == "video" else [])
    picture, sound = media[0], media[1]
    assert [line for line in picture if line.startswith("a=rtcp-fb:96 ")] == [
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 goog-remb",
    ]
    assert [line for line in picture if line.startswith("a=ssrc")] == [
        "a=ssrc-group:FID 1000 2000",
        "a=ssrc:1000 cname:cname",
        "a=ssrc:1000 msid:stage video-0",
        "a=ssrc:2000 cname:cname",
        "a=ssrc:2000 msid:stage video-0",
    ]
    assert [line for line in sound if line.startswith("a=ssrc")] == [
        "a=ssrc:1001 cname:cname",
        "a=ssrc:1001 msid:stage audio-1",
    ]


def test_a_line_that_gets_nothing_is_refused() -> None:
    offer = offer_of("aiortc-watch")
    picture = outgoing(offer)[1]
    session, media = parts_of(viewer_answer(offer, LOCAL, [None, picture]))
    assert [lines[0].split()[1] for lines in media] == ["0", "9", "0"]
    assert media[2][0] == "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
    assert "a=group:BUNDLE 1" in session
    # The candidates stand with the lines that are there.
    assert [sum("candidate" in line for line in lines) for lines in media] == [0, 4, 0]


def test_nobody_is_sent_to_who_wants_nothing() -> None:
    for name, out in (("chromium-simulcast", outgoing), ("chromium-watch", lambda _: [])):
        offer = offer_of(name)
        with pytest.raises(LiveError) as refused:
            viewer_answer(offer, LOCAL, out(offer))
        assert refused.value.code == "media_unsupported"


def test_without_a_repair_stream_none_is_announced() -> None:
    offer = offer_of("chromium-watch")
    out = [replace(one, rtx_ssrc=0) if one else None for one in outgoing(offer)]
    answer = viewer_answer(offer, LOCAL, out)
    assert "FID" not in answer and "rtx/90000" in answer


def test_an_extension_id_that_our_short_form_cannot_write_is_not_taken() -> None:
    text = SIMPLE.replace("sendonly", "recvonly") + f"a=extmap:16 {SEND_TIME}\r\n"
    offer = read_offer(text)
    assert offer.media[0].extensions == {SEND_TIME: 16}
    assert "extmap" not in viewer_answer(offer, LOCAL, outgoing(offer))


# --- the real thing takes it -------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["sendonly", "recvonly"])
async def test_aiortc_accepts_our_answer(direction: str) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        for kind in ("audio", "video", "video"):
            peer.addTransceiver(kind, direction=direction)
        await peer.setLocalDescription(await peer.createOffer())
        offer = read_offer(peer.localDescription.sdp)
        if direction == "sendonly":
            answer = publish_answer(offer, LOCAL, most_tracks=2)
        else:
            answer = viewer_answer(offer, LOCAL, [*outgoing(offer)[:2], None])
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        assert peer.signalingState == "stable"
        directions = [t.currentDirection for t in peer.getTransceivers()]
        assert directions[:2] == [direction] * 2
    finally:
        await peer.close()


PUBLISH = """() => {
  window.peer = new RTCPeerConnection({iceServers: []});
  const layers = [{rid: 'q', scaleResolutionDownBy: 4}, {rid: 'h', scaleResolutionDownBy: 2},
                  {rid: 'f'}];
  peer.addTransceiver('audio', {direction: 'sendonly'});
  peer.addTransceiver('video', {direction: 'sendonly', sendEncodings: layers});
  return peer.setLocalDescription().then(() => peer.localDescription.sdp);
}"""
WATCH = """() => {
  window.peer = new RTCPeerConnection({iceServers: []});
  for (let slot = 0; slot < 4; slot++) {
    peer.addTransceiver('video', {direction: 'recvonly'});
    peer.addTransceiver('audio', {direction: 'recvonly'});
  }
  return peer.setLocalDescription().then(() => peer.localDescription.sdp);
}"""
ANSWERED = """async (answer) => {
  const heard = [];
  peer.ontrack = (event) => heard.push([event.track.kind, event.streams[0].id]);
  await peer.setRemoteDescription({type: 'answer', sdp: answer});
  const lines = peer.getTransceivers().map((one) => ({
    direction: one.currentDirection,
    layers: one.sender.getParameters().encodings.filter((e) => e.active).map((e) => e.rid),
    sent: one.sender.getParameters().codecs.map((codec) => codec.mimeType),
    received: one.receiver.getParameters().codecs.map((codec) => codec.mimeType),
  }));
  const found = peer.remoteDescription.sdp.match(/^a=candidate.*/gm);
  return {state: peer.signalingState, lines, heard, candidates: new Set(found).size};
}"""


@pytest.mark.browser
async def test_chromium_accepts_our_answers() -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        offer = read_offer(await page.evaluate(PUBLISH))
        got = await page.evaluate(ANSWERED, publish_answer(offer, LOCAL, most_tracks=4))
        assert (got["state"], got["candidates"]) == ("stable", 3)
        sound, picture = got["lines"]
        assert (sound["direction"], picture["direction"]) == ("sendonly", "sendonly")
        assert picture["layers"] == ["q", "h", "f"]
        assert picture["sent"] == ["video/H264", "video/rtx"]
        assert sound["sent"] == ["audio/opus"]

        offer = read_offer(await page.evaluate(WATCH))
        got = await page.evaluate(ANSWERED, viewer_answer(offer, LOCAL, outgoing(offer)))
        assert got["state"] == "stable"
        assert [line["direction"] for line in got["lines"]] == ["recvonly"] * 8
        assert got["heard"] == [["video", "stage"], ["audio", "stage"]] * 4
        received = set(got["lines"][0]["received"])
        assert received >= {f"video/{name}" for name in ("H264", "VP8", "VP9", "AV1", "rtx")}


@pytest.mark.browser
async def test_chromium_lives_with_a_line_that_was_refused() -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        offer = read_offer(await page.evaluate(WATCH))
        some = [
            one if m.index > 1 else None
            for m, one in zip(offer.media, outgoing(offer), strict=True)
        ]
        got = await page.evaluate(ANSWERED, viewer_answer(offer, LOCAL, some))
        assert got["state"] == "stable"
        # What was refused it has dropped.
        assert [line["direction"] for line in got["lines"]] == ["recvonly"] * 6
