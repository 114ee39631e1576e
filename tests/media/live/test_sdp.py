"""The offers beside this file were made by the real things, and are kept as they came: Chromium
156, FFmpeg 9, aiortc, and OBS's stack (libdatachannel, with the calls of OBS's WHIP output)."""

from __future__ import annotations

import ipaddress
import random
import re
import time
from dataclasses import replace

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from media.errors import LiveError
from media.live.answers import (
    Candidate,
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
    published,
    read_fragment,
    read_offer,
    watched,
)
from tests.support.live.offers import (
    LOCAL,
    OFFERS,
    SIMPLE,
    check_form,
    code_of,
    offer_of,
    outgoing,
)

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
