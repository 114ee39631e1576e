"""Answers written: ours is always the answering side, ICE-lite, with one transport for everything
(BUNDLE) and RTCP on the same port. SDP (RFC 8866) as WebRTC speaks it (JSEP, RFC 9429); pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from media.errors import LiveError
from media.live.formats import PUBLISH_FEEDBACK, VIEWER_FEEDBACK, Codec
from media.live.sdp import SEND_TIME, Medium, Offer, published, watched


@dataclass(frozen=True)
class Candidate:
    """Where we can be reached; TCP is always passive (RFC 6544)."""

    proto: Literal["udp", "tcp"]
    address: str
    port: int


@dataclass(frozen=True)
class Local:
    """Our side of one peer connection."""

    ufrag: str
    pwd: str
    fingerprint: tuple[str, str]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Outgoing:
    """What a viewer is sent on one of its m-lines. `rtx_ssrc` 0: no repair stream."""

    ssrc: int
    rtx_ssrc: int
    cname: str
    msid_stream: str
    msid_track: str


def publish_answer(offer: Offer, local: Local, *, most_tracks: int) -> str:
    """The answer to who sends: one codec per medium, the preferred one, and its repair format.

    LiveError("media_unsupported") when nothing of the offer can be carried.
    """
    accepted = {medium.index for medium in published(offer, most_tracks=most_tracks)}
    bodies = [_received(m) if m.index in accepted else None for m in offer.media]
    return _answer(offer, local, bodies)


def viewer_answer(offer: Offer, local: Local, outgoing: Sequence[Outgoing | None]) -> str:
    """The answer to who watches; `outgoing` stands beside `offer.media`, None is refused.

    Every codec that both know stays, under the payload type offered: what is published later
    may be any of them. LiveError("media_unsupported") when nothing could be sent.
    """
    beside = dict(enumerate(outgoing))
    can = {medium.index for medium in watched(offer)}
    bodies: list[list[str] | None] = []
    for medium in offer.media:
        out = beside.get(medium.index)
        bodies.append(_sent(medium, out) if out is not None and medium.index in can else None)
    return _answer(offer, local, bodies)


def _answer(offer: Offer, local: Local, bodies: Sequence[list[str] | None]) -> str:
    if not any(bodies):
        raise LiveError("media_unsupported")
    taken = [medium for medium, body in zip(offer.media, bodies, strict=True) if body]
    bundled = [medium.mid for medium in taken if medium.mid in offer.bundle]
    lines = [
        "v=0",
        f"o=- {_session_id(local)} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        *(["a=ice-options:trickle"] if offer.is_trickle else []),
        "a=msid-semantic: WMS *",
        *(["a=group:BUNDLE " + " ".join(bundled)] if bundled else []),
    ]
    for medium, body in zip(offer.media, bodies, strict=True):
        # Those of the first count (RFC 8843, section 7.3); aiortc believes the last.
        candidates = candidate_lines(local) if body else []
        head = _medium_head(medium, is_taken=bool(body), body=body or _refused(medium))
        lines += [*head, *_transport_lines(offer, local, medium), *candidates]
        lines += body or _refused(medium)
    return "\r\n".join(lines) + "\r\n"


def _session_id(local: Local) -> int:
    """Any number that another answer would not have."""
    return int.from_bytes(hashlib.sha256(local.ufrag.encode() + local.pwd.encode()).digest()[:7])


def _medium_head(medium: Medium, *, is_taken: bool, body: Sequence[str]) -> list[str]:
    formats = [line[9:].split(" ")[0] for line in body if line.startswith("a=rtpmap:")]
    formats = formats or [medium.first_format]
    head = f"m={medium.kind} {9 if is_taken else 0} {medium.profile} {' '.join(formats)}"
    return [head, "c=IN IP4 0.0.0.0", *([f"a=mid:{medium.mid}"] if medium.mid else [])]


def _refused(medium: Medium) -> list[str]:
    """With a codec all the same, and with a transport: some, aiortc too, will not do without."""
    return ["a=inactive", *(_codec_lines(medium.codecs[0], ()) if medium.codecs else [])]


def _transport_lines(offer: Offer, local: Local, medium: Medium) -> list[str]:
    return [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.pwd}",
        f"a=fingerprint:{local.fingerprint[0]} {local.fingerprint[1]}",
        f"a=setup:{'active' if offer.setup == 'passive' else 'passive'}",
        "a=rtcp-mux",
        *(["a=rtcp-rsize"] if medium.is_reduced else []),
    ]


def _received(medium: Medium) -> list[str]:
    rids = [f"a=rid:{rid} recv" for rid in medium.rids]
    return [
        "a=recvonly",
        *_codec_lines(medium.codecs[0], PUBLISH_FEEDBACK),
        *(f"a=extmap:{number} {uri}" for uri, number in medium.extensions.items()),
        *rids,
        *(["a=simulcast:recv " + ";".join(medium.rids)] if rids else []),
    ]


def _sent(medium: Medium, out: Outgoing) -> list[str]:
    has_repair = bool(out.rtx_ssrc) and any(codec.rtx for codec in medium.codecs)
    ssrcs = [out.ssrc, out.rtx_ssrc] if has_repair else [out.ssrc]
    lines = ["a=sendonly", f"a=msid:{out.msid_stream} {out.msid_track}"]
    for codec in medium.codecs:
        lines += _codec_lines(codec, VIEWER_FEEDBACK)
    send_time = medium.extensions.get(SEND_TIME, 0)
    # Ours is written in the one-byte form, which ends at 14.
    if medium.kind == "video" and 1 <= send_time <= 14:
        lines.append(f"a=extmap:{send_time} {SEND_TIME}")
    if has_repair:
        lines.append(f"a=ssrc-group:FID {out.ssrc} {out.rtx_ssrc}")
    for ssrc in ssrcs:
        lines.append(f"a=ssrc:{ssrc} cname:{out.cname}")
        lines.append(f"a=ssrc:{ssrc} msid:{out.msid_stream} {out.msid_track}")
    return lines


def _codec_lines(codec: Codec, feedback: Iterable[str]) -> list[str]:
    number = codec.payload_type
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {codec.name}/{codec.clock_rate}{channels}"]
    lines += [f"a=rtcp-fb:{number} {kind}" for kind in feedback if kind in codec.feedback]
    if codec.parameters:
        lines.append(f"a=fmtp:{number} {codec.parameters}")
    if codec.rtx is not None:
        lines.append(f"a=rtpmap:{codec.rtx} rtx/{codec.clock_rate}")
        lines.append(f"a=fmtp:{codec.rtx} apt={number}")
    return lines


def candidate_lines(local: Local) -> list[str]:
    """Our addresses as host candidates, then that there are no more.

    UDP before TCP (RFC 8445 and RFC 6544 priorities), each in the order given.
    """
    foundations: dict[tuple[str, str], int] = {}
    lines: list[str] = []
    ordered = sorted(local.candidates, key=lambda candidate: candidate.proto != "udp")
    for place, candidate in enumerate(ordered):
        known = foundations.setdefault((candidate.proto, candidate.address), len(foundations) + 1)
        is_tcp = candidate.proto == "tcp"
        # Type preference 126 for host; TCP's is lower, and passive is 4 of its directions.
        local_preference = (4 << 13 | 8_191 - place) if is_tcp else 65_535 - place
        priority = (90 if is_tcp else 126) << 24 | local_preference << 8 | 255
        lines.append(
            f"a=candidate:{known} 1 {candidate.proto} {priority} {candidate.address} "
            f"{candidate.port} typ host{' tcptype passive' if is_tcp else ''}"
        )
    return [*lines, "a=end-of-candidates"]


def fragment(local: Local, mid: str = "0") -> str:
    """Our new credentials and the candidates again: the answer to an ICE restart (RFC 9725)."""
    lines = [
        "a=ice-lite",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.pwd}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        f"a=mid:{mid}",
        *candidate_lines(local),
    ]
    return "\r\n".join(lines) + "\r\n"
