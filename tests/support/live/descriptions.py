"""Session descriptions of the small peers: what they offer, what they answer, what they read.

A parser and a builder of their own, so that the live core's are not tested by themselves.
"""

from __future__ import annotations

import itertools
import random
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"

OPUS, VP8, VP8_RTX = 111, 96, 97
CODECS = {
    "audio": (f"{OPUS}",),
    "video": (f"{VP8}", f"{VP8_RTX}"),
}
CODEC_LINES = {
    "audio": (
        f"a=rtpmap:{OPUS} opus/48000/2",
        f"a=fmtp:{OPUS} minptime=10;useinbandfec=1",
    ),
    "video": (
        f"a=rtpmap:{VP8} VP8/90000",
        f"a=rtcp-fb:{VP8} goog-remb",
        f"a=rtcp-fb:{VP8} ccm fir",
        f"a=rtcp-fb:{VP8} nack",
        f"a=rtcp-fb:{VP8} nack pli",
        f"a=rtpmap:{VP8_RTX} rtx/90000",
        f"a=fmtp:{VP8_RTX} apt={VP8}",
    ),
}


@dataclass(frozen=True)
class Identity:
    """What one end proves itself with: ICE's name and password, its certificate's fingerprint."""

    fingerprint: str  # "sha-256 AA:BB:…"
    at: tuple[str, int] | None = None  # where it can be found; a live process need not know
    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    pwd: str = field(default_factory=lambda: secrets.token_hex(12))


@dataclass(frozen=True)
class Line:
    """One m-line of the other side."""

    kind: str
    mid: str
    payload_types: tuple[int, ...]
    ssrcs: tuple[int, ...]  # in the order they are named: the medium's own first, then its RTX
    extensions: dict[str, int]
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Remote:
    """The other side, as its description told."""

    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    udp: tuple[tuple[str, int], ...]
    tcp: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]

    def line(self, kind: str) -> Line:
        """The first m-line of a kind."""
        return next(line for line in self.lines if line.kind == kind)


def read(description: str) -> Remote:
    """What a description says; of a bundled one, whose first m-line speaks for the transport."""
    lines = [line.rstrip("\r") for line in description.split("\n") if line.strip()]
    starts = [n for n, line in enumerate(lines) if line.startswith("m=")] + [len(lines)]
    media = [lines[a:b] for a, b in itertools.pairwise(starts)]
    head = lines[: starts[0]]
    first = head + media[0]
    candidates = [line.split() for line in lines if line.startswith("a=candidate:")]
    return Remote(
        ufrag=_value(first, "a=ice-ufrag:"),
        pwd=_value(first, "a=ice-pwd:"),
        fingerprints=tuple(_fingerprint(line) for line in first if "a=fingerprint:" in line),
        setup=_value(first, "a=setup:"),
        udp=_addresses(candidates, "udp"),
        tcp=_addresses(candidates, "tcp"),
        lines=tuple(_line(medium) for medium in media),
    )


def _value(lines: Sequence[str], name: str) -> str:
    return next(line.removeprefix(name) for line in lines if line.startswith(name))


def _fingerprint(line: str) -> tuple[str, str]:
    algorithm, _, value = line.removeprefix("a=fingerprint:").partition(" ")
    return algorithm, value


def _addresses(candidates: Sequence[Sequence[str]], transport: str) -> tuple[tuple[str, int], ...]:
    found = [
        (words[4], int(words[5]))
        for words in candidates
        if words[2].lower() == transport and "host" in words
    ]
    return tuple(dict.fromkeys(found))


def _line(lines: Sequence[str]) -> Line:
    kind, _, _, *payload_types = lines[0].removeprefix("m=").split()
    ssrcs = [int(m[1]) for line in lines if (m := re.match(r"a=ssrc:(\d+)", line))]
    extensions = [line.removeprefix("a=extmap:").split() for line in lines if "a=extmap:" in line]
    return Line(
        kind=kind,
        mid=_value(lines, "a=mid:"),
        payload_types=tuple(int(each) for each in payload_types if each.isdecimal()),
        ssrcs=tuple(dict.fromkeys(ssrcs)),
        extensions={uri: int(number.partition("/")[0]) for number, uri, *_ in extensions},
        attributes=tuple(lines[1:]),
    )


# --- what the small peers say ---------------------------------------------------------------


def viewer_offer(mine: Identity, kinds: Sequence[str] = ("audio", "video")) -> str:
    """Wants to see and hear: one m-line per entry of `kinds`."""
    media = [
        _medium(kind, str(n), mine, "recvonly", {2: ABS_SEND_TIME}, setup="actpass")
        for n, kind in enumerate(kinds)
    ]
    return _joined(media, [str(n) for n in range(len(kinds))])


@dataclass(frozen=True)
class Sent:
    """The synchronisation sources a presenter sends under."""

    audio: int = field(default_factory=lambda: random.getrandbits(31) | 1)
    video: int = field(default_factory=lambda: random.getrandbits(31) | 1)
    rtx: int = field(default_factory=lambda: random.getrandbits(31) | 1)


def presenter_offer(mine: Identity, sent: Sent, *, says_when: bool = True) -> str:
    """Wants to be seen and heard: sound, then picture. `says_when`: of its sound as well."""
    extensions = {1: MID, 2: ABS_SEND_TIME, 3: TRANSPORT_CC}
    own = extensions if says_when else {1: MID, 3: TRANSPORT_CC}
    sound = _medium("audio", "0", mine, "sendonly", own, setup="actpass")
    sound += [f"a=msid:here sound-{sent.audio}", f"a=ssrc:{sent.audio} cname:here"]
    picture = _medium("video", "1", mine, "sendonly", extensions, setup="actpass")
    picture += [
        f"a=rtcp-fb:{VP8} transport-cc",
        f"a=msid:here picture-{sent.video}",
        f"a=ssrc-group:FID {sent.video} {sent.rtx}",
        f"a=ssrc:{sent.video} cname:here",
        f"a=ssrc:{sent.rtx} cname:here",
    ]
    return _joined([sound, picture], ["0", "1"])


def viewer_answer(mine: Identity, offer: Remote) -> str:
    """Takes what is offered, as the side that begins DTLS."""
    media = []
    for line in offer.lines:
        own = _medium(line.kind, line.mid, mine, "recvonly", {}, setup="active")
        numbers = " ".join(map(str, line.payload_types))
        kept = [each for each in line.attributes if each.startswith(("a=rtpmap:", "a=fmtp:"))]
        kept += [each for each in line.attributes if each.startswith("a=rtcp-fb:")]
        named = [f"a=extmap:{n} {uri}" for uri, n in line.extensions.items()
                 if uri == ABS_SEND_TIME]  # fmt: skip
        head = f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {numbers}"
        media.append([head, *_transport(own), *kept, *named])
    return _joined(media, [line.mid for line in offer.lines])


def _transport(medium: Sequence[str]) -> list[str]:
    """Without its head, codecs and extensions: what a medium says of how it travels."""
    theirs = ("m=", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=extmap:")
    return [line for line in medium if not line.startswith(theirs)]


def _medium(
    kind: str, mid: str, mine: Identity, direction: str, extensions: dict[int, str], *, setup: str
) -> list[str]:
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(CODECS[kind])}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        f"a=ice-ufrag:{mine.ufrag}",
        f"a=ice-pwd:{mine.pwd}",
        f"a=fingerprint:{mine.fingerprint}",
        f"a=setup:{setup}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        *(f"a=extmap:{number} {uri}" for number, uri in extensions.items()),
        *_candidates(mine),
        *CODEC_LINES[kind],
    ]


def _candidates(mine: Identity) -> list[str]:
    if mine.at is None:
        return []
    address, port = mine.at
    return [f"a=candidate:1 1 udp 2130706431 {address} {port} typ host", "a=end-of-candidates"]


def _joined(media: Sequence[Sequence[str]], mids: Sequence[str]) -> str:
    head = [
        "v=0",
        f"o=- {random.getrandbits(40)} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
    ]
    return "\r\n".join([*head, *(line for medium in media for line in medium)]) + "\r\n"
