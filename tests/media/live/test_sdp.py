"""The offers beside this file were made by the real things, and are kept as they came: Chromium
156, FFmpeg 9, aiortc, and OBS's stack (libdatachannel, with the calls of OBS's WHIP output)."""

from __future__ import annotations

import ipaddress
import random
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from media.errors import LiveError
from media.live.answers import (
    Candidate,
    Local,
    Outgoing,
    candidate_lines,
    fragment,
    publish_answer,
    viewer_answer,
)
from media.live.formats import fmtp, is_constrained_baseline
from media.live.sdp import (
    MID,
    MOST_CHARACTERS,
    MOST_MEDIA,
    REPAIRED_RID,
    RID,
    SEND_TIME,
    TRANSPORT_CC,
    Offer,
    published,
    read_fragment,
    read_offer,
    watched,
)
from tests.support.chromium import chromium

OFFERS = {
    path.stem: path.read_bytes().decode()
    for path in (Path(__file__).parent / "offers").glob("*.sdp")
}
WATCHING = {"chromium-watch", "aiortc-watch"}
PUBLISHING = sorted(OFFERS.keys() - WATCHING)
LOCAL = Local(
    ufrag="Por7hole",
    pwd="0123456789abcdefghijklmn",
    fingerprint=("sha-256", ":".join(["AB"] * 32)),
    candidates=(
        Candidate("tcp", "192.0.2.7", 7900),
        Candidate("udp", "192.0.2.7", 7900),
        Candidate("udp", "2001:db8::7", 7900),
    ),
)
SIMPLE = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
    f"a=fingerprint:sha-256 {':'.join(['0f'] * 32)}\r\na=setup:actpass\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\n"
)


def offer_of(name: str) -> Offer:
    return read_offer(OFFERS[name])


def outgoing(offer: Offer) -> list[Outgoing | None]:
    """One for every m-line, whether it can be used or not."""
    return [
        Outgoing(1000 + m.index, 2000 + m.index, "cname", "stage", f"{m.kind}-{m.index}")
        for m in offer.media
    ]


def parts_of(answer: str) -> tuple[list[str], list[list[str]]]:
    """The lines of the session, and of each m-line."""
    assert answer.endswith("\r\n")
    session, *media = answer.removesuffix("\r\n").split("\r\nm=")
    return session.split("\r\n"), [
        ["m=" + part.split("\r\n")[0], *part.split("\r\n")[1:]] for part in media
    ]


def code_of(text: str) -> str:
    with pytest.raises(LiveError) as refused:
        read_offer(text)
    return refused.value.code


# --- reading -----------------------------------------------------------------------------------


def test_a_simulcast_offer_of_chromium_is_read() -> None:
    offer = offer_of("chromium-simulcast")
    assert (offer.ufrag, offer.pwd) == ("Nd18", "I013vureOqkweVY62g/XLezV")
    assert offer.fingerprints[0][0] == "sha-256"
    assert offer.fingerprints[0][1].startswith("41:8B:60:6B:")
    assert (offer.setup, offer.is_trickle, offer.relays) == ("actpass", True, ())
    sound, picture = offer.media
    assert (sound.kind, sound.mid, sound.direction) == ("audio", "0", "sendonly")
    assert [(c.name, c.payload_type, c.clock_rate, c.channels) for c in sound.codecs] == [
        ("opus", 111, 48_000, 2)
    ]
    assert sound.codecs[0].parameters == "minptime=10;useinbandfec=1"
    assert sound.ssrcs == (1601979757,)
    assert picture.rids == ("q", "h", "f")
    assert picture.ssrcs == () and picture.fid == {}
    assert picture.extensions == {SEND_TIME: 2, TRANSPORT_CC: 3, MID: 4, RID: 10, REPAIRED_RID: 11}
    assert picture.wants == {"transport-cc", "nack", "nack pli", "ccm fir", "goog-remb"}


def test_h264_that_everybody_decodes_comes_first_and_other_h264_last() -> None:
    (_, picture) = offer_of("chromium-simulcast").media
    assert [(c.name, c.payload_type, c.rtx) for c in picture.codecs] == [
        ("H264", 108, 109),
        ("VP8", 96, 97),
        ("VP9", 98, 99),
        ("AV1", 45, 46),
        ("H264", 102, 103),
        ("H264", 116, 117),
        ("H264", 104, 107),
        ("H264", 114, 115),
        ("H264", 39, 40),
        ("VP9", 100, 101),
    ]


def test_a_viewer_of_eight_lines_is_read() -> None:
    offer = offer_of("chromium-watch")
    assert [m.kind for m in watched(offer)] == ["video", "audio"] * 4
    assert [m.index for m in watched(offer)] == list(range(8))
    assert {m.direction for m in offer.media} == {"recvonly"}
    assert published(offer, most_tracks=8) == ()


def test_repair_streams_are_told_from_media() -> None:
    picture = offer_of("aiortc-publish").media[1]
    assert picture.ssrcs == (3274580468,)
    assert picture.fid == {837645973: 3274580468}


def test_what_obs_and_ffmpeg_say_once_holds_for_every_line() -> None:
    obs = offer_of("obs-h264")
    assert obs.is_trickle  # "ice2,trickle", with a comma
    assert obs.fingerprints[0][1].startswith("C1:E8:")
    assert [m.codecs[0].name for m in obs.media] == ["opus", "H264"]
    assert [m.codecs[0].name for m in offer_of("obs-av1").media] == ["opus", "AV1"]
    # FFmpeg insists on being the DTLS server unless told otherwise.
    assert offer_of("ffmpeg-passive").setup == "passive"
    assert offer_of("ffmpeg-active").setup == "active"


@pytest.mark.parametrize("name", sorted(OFFERS))
def test_our_reading_and_that_of_aiortc_agree(name: str) -> None:
    ours, theirs = offer_of(name), SessionDescription.parse(OFFERS[name])
    assert len(ours.media) == len(theirs.media)
    for medium, other in zip(ours.media, theirs.media, strict=True):
        assert (medium.kind, medium.mid, medium.direction) == (
            other.kind,
            other.rtp.muxId,
            other.direction or "sendrecv",
        )
        assert other.ice is not None
        assert other.ice.usernameFragment == ours.ufrag
        assert other.ice.password == ours.pwd
        assert other.dtls is not None
        assert set(ours.fingerprints) <= {(f.algorithm, f.value) for f in other.dtls.fingerprints}
        known = {codec.payloadType: codec for codec in other.rtp.codecs}
        for codec in medium.codecs:
            twin = known[codec.payload_type]
            assert (twin.name, twin.clockRate) == (codec.name, codec.clock_rate)
            feedback = {f"{f.type} {f.parameter or ''}".strip() for f in twin.rtcpFeedback}
            assert codec.feedback == feedback
            if codec.rtx is not None:
                assert known[codec.rtx].parameters["apt"] == codec.payload_type
        extensions = {header.uri: header.id for header in other.rtp.headerExtensions}
        assert medium.extensions.items() <= extensions.items()


@pytest.mark.parametrize(
    ("lines", "rids"),
    [
        ("a=rid:f send\r\na=rid:h send\r\na=rid:q send\r\na=simulcast:send f;h;q\r\n", "q h f"),
        ("a=rid:0 send\r\na=rid:1 send\r\na=rid:2 send\r\na=simulcast:send 0;1;2\r\n", "2 1 0"),
        ("a=rid:r0 send\r\na=rid:r1 send\r\na=simulcast:send r0;r1\r\n", "r0 r1"),
        ("a=rid:q send pt=96;max-width=320\r\na=rid:h send\r\na=simulcast:send ~q;h\r\n", "q h"),
        ("a=rid:a send\r\na=rid:b send\r\na=rid:c send\r\na=simulcast:send a,b;c\r\n", "a c"),
        ("a=rid:x recv\r\na=rid:q send\r\na=simulcast:recv x send q\r\n", "q"),
        ("a=rid:q send\r\na=simulcast:send q;h\r\n", "q"),  # what has no a=rid is not sent
        ("a=rid:q send\r\na=rid:h send\r\n", ""),  # no simulcast was offered
        ("a=simulcast:send\r\n", ""),
        ("a=rid:q send\r\na=simulcast:recv q\r\n", ""),
    ],
)
def test_layers_stand_from_small_to_large(lines: str, rids: str) -> None:
    assert read_offer(SIMPLE + lines).media[0].rids == tuple(rids.split())


def test_the_same_layer_twice_is_no_offer() -> None:
    lines = "a=rid:q send\r\na=simulcast:send q;q\r\n"
    assert code_of(SIMPLE + lines) == "bad_offer"


def test_only_relays_are_kept_of_candidates() -> None:
    candidates = (
        "a=candidate:1 1 udp 2122260223 0f1e2d3c-ddddeeeeffff.local 51000 typ host\r\n"
        "a=candidate:2 1 udp 41885439 192.0.2.9 50001 typ relay raddr 0.0.0.0 rport 0\r\n"
        "a=candidate:2 1 udp 41885439 192.0.2.9 50001 typ relay raddr 0.0.0.0 rport 0\r\n"
        "a=candidate:3 1 UDP 41885439 2001:DB8:0::9 50002 typ relay raddr :: rport 0\r\n"
        "a=candidate:4 1 tcp 41885439 192.0.2.9 50003 typ relay tcptype active\r\n"
        "a=candidate:5 1 udp 41885439 turn.example 50004 typ relay\r\n"
        "a=candidate:6 1 udp 41885439 192.0.2.9 70000 typ relay\r\n"
        "a=candidate:7 1 udp 41885439\r\n"
    )
    assert read_offer(SIMPLE + candidates).relays == (("192.0.2.9", 50001), ("2001:db8::9", 50002))


def test_relays_are_few() -> None:
    line = "a=candidate:2 1 udp 41885439 192.0.2.9 {} typ relay\r\n"
    many = "".join(line.format(port) for port in range(40_000, 40_100))
    assert len(read_offer(SIMPLE + many).relays) == 16


def test_a_line_that_was_switched_off_is_not_open_unless_it_is_bundle_only() -> None:
    off = SIMPLE.replace("m=video 9", "m=video 0")
    assert not read_offer(off).media[0].is_open
    assert read_offer(off + "a=bundle-only\r\n").media[0].is_open


def test_a_line_with_a_transport_of_its_own_is_not_open() -> None:
    second = (
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    )
    first, other = read_offer(SIMPLE + second).media
    assert first.is_open and not other.is_open
    bundled = (SIMPLE + second).replace("BUNDLE 0", "BUNDLE 0 1")
    assert all(m.is_open for m in read_offer(bundled).media)
    assert not read_offer(SIMPLE.replace("a=rtcp-mux\r\n", "")).media[0].is_open


def test_formats_that_are_not_ours_are_left_out() -> None:
    odd = SIMPLE.replace("SAVPF 96", "SAVPF 96 97 98 99 100").replace(
        "a=rtpmap:96 VP8/90000\r\n",
        "a=rtpmap:96 VP8/8000\r\na=rtpmap:97 H265/90000\r\na=rtpmap:98 opus/48000/2\r\n"
        "a=rtpmap:99 vp8/90000\r\na=rtpmap:101 VP9/90000\r\na=fmtp:102 apt=99\r\n",
    )
    assert [(c.name, c.payload_type) for c in read_offer(odd).media[0].codecs] == [("VP8", 99)]


def test_feedback_for_all_formats_is_read() -> None:
    codec = read_offer(SIMPLE + "a=rtcp-fb:* nack\r\na=rtcp-fb:96 nack pli\r\n").media[0].codecs[0]
    assert codec.feedback == {"nack", "nack pli"}


@pytest.mark.parametrize(
    ("profile", "is_it"),
    [
        ("42e01f", True),
        ("42C01F", True),
        ("4d801f", True),
        ("42001f", False),
        ("4d001f", False),
        ("640c1f", False),
        ("", False),
        ("42e0", False),
        ("zz0000", False),
        ("42e0ff", False),
    ],
)
def test_constrained_baseline_is_told_by_its_bits(profile: str, is_it: bool) -> None:
    assert is_constrained_baseline(profile) is is_it


def test_parameters_are_read_by_name() -> None:
    assert fmtp("Profile-Level-ID=42e01f; packetization-mode=1;;x") == {
        "profile-level-id": "42e01f",
        "packetization-mode": "1",
        "x": "",
    }


# --- what is not an offer ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", ""),
        ("m=video 9", "m=video nine"),
        ("SAVPF 96", "SAVPF  "),
        ("SAVPF 96", "SAVPF 200"),
        ("SAVPF 96", "SAVPF ninety"),
        ("SAVPF 96", "SAVPF " + " ".join(["96"] * 200)),
        ("a=rtpmap:96 VP8/90000", "a=rtpmap:96"),
        ("a=mid:0", "a=mid:a b"),
        ("a=mid:0", "a=mid:" + "0" * 65),
        ("a=mid:0", "a=mid:0\x0bz"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:abc"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:ab:cd"),
        ("a=ice-ufrag:abcd\r\n", ""),
        ("ghijkl", ""),
        ("sha-256", "sha-1"),
        ("sha-256", "md5"),
        (":0f", ":0g"),
        (":0f:0f", ":0f"),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("a=mid:0", "a=mid:0\r\na=ssrc:12345678901 cname:x"),
        ("a=mid:0", "a=mid:0\r\na=ssrc:x cname:x"),
        ("a=mid:0", "a=mid:0\r\na=ssrc-group:FID 1 4294967296"),
        ("a=mid:0", "a=mid:0\r\na=extmap:x " + MID),
        ("a=mid:0", "a=mid:0\r\na=rtcp-fb:nack"),
        ("a=mid:0", "a=mid:0\r\na=fmtp:96 \x00=1"),
        ("a=mid:0", f"a=mid:0\r\na=extmap:3 {MID}\r\na=extmap:3 {RID}"),
        ("a=mid:0", "a=mid:0\r\na=x:" + "x" * 1_024),
        ("a=mid:0", "a=mid:0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0"),
    ],
)
def test_what_webrtc_could_not_have_written_is_refused(old: str, new: str) -> None:
    read_offer(SIMPLE)
    assert old in SIMPLE
    assert code_of(SIMPLE.replace(old, new)) == "bad_offer"


def test_a_group_of_nothing_groups_nothing() -> None:
    empty = SIMPLE.replace("a=group:BUNDLE 0", "a=group:")
    assert empty != SIMPLE
    assert read_offer(empty).media == read_offer(SIMPLE).media
    assert "a=group" not in publish_answer(read_offer(empty), LOCAL, most_tracks=4)


def test_an_offer_has_its_limits() -> None:
    line = "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"
    assert len(read_offer(SIMPLE + line * (MOST_MEDIA - 1)).media) == MOST_MEDIA
    assert code_of(SIMPLE + line * MOST_MEDIA) == "bad_offer"
    filler = SIMPLE + "a=x\r\n" * MOST_CHARACTERS
    assert read_offer(filler[:MOST_CHARACTERS]).media
    assert code_of(filler[: MOST_CHARACTERS + 1]) == "bad_offer"
    assert code_of("") == "bad_offer"


@pytest.mark.parametrize(
    "lines",
    [
        "".join(f"a=ssrc:{n} cname:\r\n" for n in range(3_200)),
        "a=rtpmap:96 VP8/90000\r\n" * 1_300 + "a=rtcp-fb:* nack\r\n" * 1_800,
        "a=extmap:1 x\r\n" * 4_000,
        "a=fmtp:96 " + "a;" * 500 + "\r\n",
        "a=ssrc-group:FID " + "1 " * 500 + "\r\n",
        "a=rid:a send\r\n" * 2_000 + "a=simulcast:send " + "a;" * 500 + "\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 1 typ relay\r\n" * 1_300,
    ],
)
def test_no_offer_keeps_the_process_busy(lines: str) -> None:
    """The second one takes aiortc's own parser twenty seconds."""
    text = (SIMPLE + lines)[:MOST_CHARACTERS]
    began = time.process_time()
    try:
        publish_answer(read_offer(text), LOCAL, most_tracks=4)
    except LiveError as refused:
        assert refused.code == "bad_offer"
    assert time.process_time() - began < 0.2


def mutated(text: str, dice: random.Random) -> str:
    """An offer with something wrong in it."""
    at, size = dice.randrange(len(text)), dice.randrange(1, 40)
    noise = "".join(chr(dice.choice((0, 10, 13, 32, 48, 58, 61, 97, 255, 8232))) for _ in range(4))
    match dice.randrange(6):
        case 0:
            return text[:at] + text[at + size :]
        case 1:
            return text[:at] + noise + text[at + dice.randrange(4) :]
        case 2:
            return text[:at]
        case 3:
            lines = text.split("\r\n")
            dice.shuffle(lines)
            return "\r\n".join(["v=0", *lines])
        case 4:
            lines = text.split("\r\n")
            place = dice.randrange(len(lines))
            lines[place:place] = lines[place : place + size] * dice.randrange(1, 4)
            return "\r\n".join(lines)
        case _:
            number = dice.choice(("-1", "0", "15", "255", "65536", "4294967296", "9" * 400, "x"))
            found = list(re.finditer(r"\d+", text))
            one = found[dice.randrange(len(found))]
            return text[: one.start()] + number + text[one.end() :]


@pytest.mark.slow
def test_five_thousand_mutated_offers_are_answered_or_refused() -> None:
    dice = random.Random(3)
    names = sorted(OFFERS)
    answered = 0
    for turn in range(5_000):
        text = mutated(OFFERS[names[turn % len(names)]], dice)
        if dice.random() < 0.3:
            text = mutated(text, dice)
        try:
            offer = read_offer(text)
            answer = (
                viewer_answer(offer, LOCAL, outgoing(offer))
                if watched(offer)
                else publish_answer(offer, LOCAL, most_tracks=4)
            )
        except LiveError as refused:
            assert refused.code in ("bad_offer", "media_unsupported")
            continue
        answered += 1
        check_form(offer, answer)
    assert 1_000 < answered < 4_500


def check_form(offer: Offer, answer: str) -> None:
    """What holds for every answer, whatever was offered."""
    assert answer.isascii() and not re.search(r"[^\r]\n|\r[^\n]|[\x00-\x08\x0b\x0c]", answer)
    session, media = parts_of(answer)
    assert "a=ice-lite" in session
    assert len(media) == len(offer.media)
    for lines, medium in zip(media, offer.media, strict=True):
        assert lines[0].startswith(f"m={medium.kind} ")
        assert not medium.mid or f"a=mid:{medium.mid}" in lines


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


# --- candidates, trickle, restart --------------------------------------------------------------

ADDRESS = st.builds(str, st.ip_addresses(v=4) | st.ip_addresses(v=6))
CANDIDATE = st.builds(Candidate, st.sampled_from(["udp", "tcp"]), ADDRESS, st.integers(1, 65_535))


@given(st.lists(CANDIDATE, max_size=12))
def test_candidates_are_ordered_unique_and_readable(candidates: list[Candidate]) -> None:
    *lines, last = candidate_lines(replace(LOCAL, candidates=tuple(candidates)))
    assert last == "a=end-of-candidates"
    found = [line.removeprefix("a=candidate:").split() for line in lines]
    assert sorted((w[2], w[4], int(w[5])) for w in found) == sorted(
        (c.proto, c.address, c.port) for c in candidates
    )
    priorities = [int(words[3]) for words in found]
    assert priorities == sorted(set(priorities), reverse=True)
    assert all(0 < priority < 1 << 31 for priority in priorities)
    protocols = [words[2] for words in found]
    assert protocols == sorted(protocols, reverse=True)  # FFmpeg takes the first, and only UDP
    assert all(ipaddress.ip_address(words[4]) for words in found)
    foundations = {(words[2], words[4]): words[0] for words in found}
    assert len(set(foundations.values())) == len(foundations)


def test_a_trickled_relay_is_read() -> None:
    text = (
        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
        "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 41885439 192.0.2.9 50001 typ relay raddr 0.0.0.0 rport 0\r\n"
        "a=end-of-candidates\r\n"
    )
    read = read_fragment(text)
    assert (read.ufrag, read.relays, read.is_complete) == ("abcd", (("192.0.2.9", 50001),), True)
    assert not read.restarts("abcd", "0123456789abcdefghijkl")
    assert read.restarts("abcd", "another-password-of-theirs")
    assert read.restarts("abce", "0123456789abcdefghijkl")


def test_a_fragment_may_leave_the_credentials_out_or_with_the_line() -> None:
    bare = read_fragment("a=candidate:1 1 udp 1 192.0.2.9 50001 typ relay\n")
    assert (bare.ufrag, bare.pwd, bare.is_complete) == ("", "", False)
    assert not bare.restarts("abcd", "0123456789abcdefghijkl")
    lines = "m=audio 9 RTP/AVP 0\na=ice-ufrag:wxyz\na=ice-pwd:0123456789abcdefghijkl\n"
    assert read_fragment(lines).ufrag == "wxyz"


@pytest.mark.parametrize(
    "text",
    ["", "hello", "a=ice-ufrag:abcd\r\n", "a=ice-ufrag:a\r\na=ice-pwd:0123456789abcdefghijkl",
     "a=x:" + "x" * 2_000, "a=x\n" * 20_000, "m=audio 9 RTP/AVP 0\n" * 40],
)  # fmt: skip
def test_what_is_no_fragment_is_refused(text: str) -> None:
    with pytest.raises(LiveError) as refused:
        read_fragment(text)
    assert refused.value.code == "bad_fragment"


@given(st.text(max_size=300))
def test_any_text_is_a_fragment_or_refused(text: str) -> None:
    try:
        read_fragment("a=" + text)
    except LiveError as refused:
        assert refused.code == "bad_fragment"


def test_our_own_fragment_is_one() -> None:
    read = read_fragment(fragment(LOCAL, "video0"))
    assert (read.ufrag, read.pwd, read.is_complete) == (LOCAL.ufrag, LOCAL.pwd, True)
    assert fragment(LOCAL).startswith("a=ice-lite\r\na=ice-ufrag:Por7hole\r\n")
    assert "a=mid:video0\r\na=candidate:1 1 udp " in fragment(LOCAL, "video0")


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
