"""Offers read: SDP (RFC 8866) as WebRTC speaks it (JSEP, RFC 9429). `answers` writes ours.

Reading is our own: aiortc's parser is quadratic in the lines of an offer and loses what an answer
must repeat word for word. Pure: no sockets, no clock, no randomness.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media.errors import LiveError
from media.live.formats import KINDS, Codec, read_codecs, whole_number

MOST_CHARACTERS = 65_536
MOST_LINE = 1_024
MOST_MEDIA = 32
MOST_RIDS = 8
MOST_RELAYS = 16
MOST_FINGERPRINTS = 8
MOST_SSRC = (1 << 32) - 1

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
EXTENSIONS = (MID, RID, REPAIRED_RID, TRANSPORT_CC, SEND_TIME)

# How long a fingerprint of each kind is, in bytes; what is not here cannot be verified.
_DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
# Layers by name where a name says which is smaller: Chromium's habit, and OBS's (0 is its largest).
_LAYER_NAMES = (("q", "h", "f"), ("l", "m", "h"), ("3", "2", "1", "0"))

_MEDIA = re.compile(
    r"m=([A-Za-z0-9-]{1,32}) ([0-9]{1,5})(?:/[0-9]+)? ([A-Za-z0-9/]{1,64}) ([ -~]+)"
)
_EXTMAP = re.compile(r"([0-9]{1,3})(?:/[a-z]+)? ([!-~]+)(?: .*)?")
_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]{1,64}")
_RID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_UFRAG = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/=_-]{22,256}")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True)
class Medium:
    """One m-line of an offer.

    `codecs`: ours among theirs, the preferred one first. `rids`: the layers it would send, from
    small to large. `fid`: repair ssrc -> ssrc. `is_open`: offered, and on the one transport.
    `is_reduced`: takes RTCP that is not compound (RFC 5506).
    """

    kind: str
    mid: str
    index: int
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    rids: tuple[str, ...]
    direction: str
    ssrcs: tuple[int, ...]
    fid: dict[int, int]
    wants: frozenset[str] = frozenset()
    is_open: bool = True
    profile: str = "UDP/TLS/RTP/SAVPF"
    first_format: str = "0"
    is_reduced: bool = True


@dataclass(frozen=True)
class Offer:
    """What the other side offers. `relays`: where its TURN servers would send from.

    `setup`: "passive" only from a peer that insists on being the DTLS server; the answer then
    says "active", else "passive".
    """

    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    media: tuple[Medium, ...]
    relays: tuple[tuple[str, int], ...]
    is_trickle: bool
    bundle: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fragment:
    """A trickled piece (RFC 8840). `ufrag` and `pwd` are empty where it carries none."""

    ufrag: str
    pwd: str
    relays: tuple[tuple[str, int], ...]
    is_complete: bool

    def restarts(self, ufrag: str, pwd: str) -> bool:
        """Whether it is an ICE restart for a peer whose credentials are these so far."""
        return bool(self.ufrag) and (self.ufrag, self.pwd) != (ufrag, pwd)


# --- reading -----------------------------------------------------------------------------------


class _Section:
    """The attributes of one m-line, or of the session: name -> values, in order."""

    def __init__(self, head: str) -> None:
        self.head = head
        self.attributes: dict[str, list[str]] = {}

    def all(self, name: str) -> list[str]:
        return self.attributes.get(name, [])

    def one(self, name: str) -> str:
        values = self.attributes.get(name)
        return values[0] if values else ""


def read_offer(text: str) -> Offer:
    """What an offer says. LiveError("bad_offer") when it is not one that WebRTC could write."""
    if not text.startswith("v=0"):
        raise LiveError("bad_offer")
    session, *sections = _sections(text, "bad_offer")
    if not sections:
        raise LiveError("bad_offer")
    bundle = _bundle(session)
    heads = [_head(section) for section in sections]
    transport = _transport(sections, bundle)
    media = tuple(
        _medium(index, section, head, session, section is transport or _mid(section) in bundle)
        for index, (section, head) in enumerate(zip(sections, heads, strict=True))
    )
    _check_ids(media)
    ufrag, pwd = _credentials(transport, session, "bad_offer")
    return Offer(
        ufrag=ufrag,
        pwd=pwd,
        fingerprints=_fingerprints(transport, session),
        setup=_setup(transport, session),
        media=media,
        relays=_relays(sections),
        is_trickle=_is_trickle([session, *sections]),
        bundle=bundle,
    )


def _sections(text: str, code: str) -> list[_Section]:
    lines = text.split("\n") if len(text) <= MOST_CHARACTERS else []
    if not lines or max(map(len, lines)) > MOST_LINE:
        raise LiveError(code)
    sections = [_Section("")]
    attributes = sections[0].attributes
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].rstrip().partition(":")
            attributes.setdefault(name, []).append(value)
        elif line.startswith("m="):
            sections.append(_Section(line.rstrip()))
            attributes = sections[-1].attributes
    if len(sections) > MOST_MEDIA + 1:
        raise LiveError(code)
    return sections


def _head(section: _Section) -> re.Match[str]:
    head = _MEDIA.fullmatch(section.head)
    if head is None or not head[4].strip():
        raise LiveError("bad_offer")
    return head


def _bundle(session: _Section) -> tuple[str, ...]:
    for group in session.all("group"):
        words = group.split()
        if words[:1] == ["BUNDLE"]:
            return tuple(words[1 : MOST_MEDIA + 1])
    return ()


def _mid(section: _Section) -> str:
    mid = section.one("mid")
    if mid and not _TOKEN.fullmatch(mid):
        raise LiveError("bad_offer")
    return mid


def _transport(sections: Sequence[_Section], bundle: Sequence[str]) -> _Section:
    """The m-line whose transport everything uses: the first bundled one, else the first."""
    mids = [_mid(section) for section in sections]
    named = [mid for mid in mids if mid]
    if len(set(named)) != len(named):
        raise LiveError("bad_offer")
    for mid in bundle:
        if mid in mids:
            return sections[mids.index(mid)]
    return sections[0]


def _medium(
    index: int, section: _Section, head: re.Match[str], session: _Section, is_bundled: bool
) -> Medium:
    kind, port, profile, rest = head.groups()
    formats = rest.split()
    is_rtp = kind in KINDS.values() and profile.endswith("RTP/SAVPF")
    words = (tuple(section.all(name)) for name in ("rtpmap", "fmtp", "rtcp-fb"))
    codecs = read_codecs(kind, tuple(formats), *words) if is_rtp else ()
    fid, ssrcs = _ssrcs(section)
    is_offered = int(port) > 0 or "bundle-only" in section.attributes
    return Medium(
        kind=kind,
        mid=_mid(section),
        index=index,
        codecs=codecs,
        extensions=_extensions(section),
        rids=_rids(section),
        direction=_direction(section, session),
        ssrcs=ssrcs,
        fid=fid,
        wants=frozenset().union(*(codec.feedback for codec in codecs)),
        is_open=is_offered and is_bundled and "rtcp-mux" in section.attributes,
        profile=profile,
        first_format=formats[0],
        is_reduced="rtcp-rsize" in section.attributes,
    )


def _extensions(section: _Section) -> dict[str, int]:
    """Those we know: uri -> id (RFC 8285; 15 is reserved in the one-byte form)."""
    extensions: dict[str, int] = {}
    for value in section.all("extmap"):
        found = _EXTMAP.fullmatch(value)
        if found is None:
            raise LiveError("bad_offer")
        if found[2] in EXTENSIONS and 1 <= int(found[1]) <= 255 and int(found[1]) != 15:
            extensions.setdefault(found[2], int(found[1]))
    return extensions


def _check_ids(media: Iterable[Medium]) -> None:
    """On one transport an extension id has one meaning (RFC 8843, section 9.2)."""
    meaning: dict[int, str] = {}
    for medium in media:
        for uri, number in medium.extensions.items():
            if medium.is_open and meaning.setdefault(number, uri) != uri:
                raise LiveError("bad_offer")


def _rids(section: _Section) -> tuple[str, ...]:
    """The layers of a=simulcast that have an a=rid, from small to large (RFC 8853)."""
    sent = {value.split()[0] for value in section.all("rid") if value.split()[1:2] == ["send"]}
    words = section.one("simulcast").split()
    if "send" not in words[:-1]:
        return ()
    layers = words[words.index("send") + 1].split(";")
    # Of alternatives the first; "~" says that it begins paused.
    rids = [layer.split(",")[0].removeprefix("~") for layer in layers]
    rids = [rid for rid in rids if rid in sent and _RID.fullmatch(rid)]
    if len(set(rids)) != len(rids) or len(rids) > MOST_RIDS:
        raise LiveError("bad_offer")
    for names in _LAYER_NAMES:
        if set(rids) <= set(names):
            return tuple(sorted(rids, key=names.index))
    return tuple(rids)


def _direction(section: _Section, session: _Section) -> str:
    for attributes in (section.attributes, session.attributes):
        for direction in ("sendrecv", "sendonly", "recvonly", "inactive"):
            if direction in attributes:
                return direction
    return "sendrecv"


def _ssrcs(section: _Section) -> tuple[dict[int, int], tuple[int, ...]]:
    """Repair ssrc -> ssrc, and the ssrcs that carry media."""
    fid: dict[int, int] = {}
    helpers: set[int] = set()
    for group in section.all("ssrc-group"):
        semantics, *members = group.split() or [""]
        numbers = [whole_number(member, MOST_SSRC) for member in members]
        if semantics == "FID" and len(numbers) == 2:
            fid[numbers[1]] = numbers[0]
        if semantics in ("FID", "FEC", "FEC-FR"):
            helpers.update(numbers[1:])
    named = dict.fromkeys(
        whole_number(value.partition(" ")[0], MOST_SSRC) for value in section.all("ssrc")
    )
    return fid, tuple(ssrc for ssrc in named if ssrc not in helpers)


def _credentials(section: _Section, session: _Section, code: str) -> tuple[str, str]:
    ufrag = section.one("ice-ufrag") or session.one("ice-ufrag")
    pwd = section.one("ice-pwd") or session.one("ice-pwd")
    if not (_UFRAG.fullmatch(ufrag) and _PWD.fullmatch(pwd)):
        raise LiveError(code)
    return ufrag, pwd


def _fingerprints(section: _Section, session: _Section) -> tuple[tuple[str, str], ...]:
    """Those we can verify, of the m-line, else of the session; at least one."""
    values = section.all("fingerprint") or session.all("fingerprint")
    found: list[tuple[str, str]] = []
    for value in values[:MOST_FINGERPRINTS]:
        algorithm, _, digest = value.partition(" ")
        size = _DIGESTS.get(algorithm.lower())
        if size and re.fullmatch(rf"(?:[0-9A-Fa-f]{{2}}:){{{size - 1}}}[0-9A-Fa-f]{{2}}", digest):
            found.append((algorithm.lower(), digest.upper()))
    if not found:
        raise LiveError("bad_offer")
    return tuple(found)


def _setup(section: _Section, session: _Section) -> str:
    setup = section.one("setup") or session.one("setup") or "actpass"
    if setup not in ("actpass", "active", "passive"):
        raise LiveError("bad_offer")
    return setup


def _is_trickle(sections: Iterable[_Section]) -> bool:
    options = [value for part in sections for value in part.all("ice-options")]
    # libdatachannel puts a comma between them, against RFC 8839.
    return any("trickle" in value.replace(",", " ").split() for value in options)


def _relays(sections: Iterable[_Section]) -> tuple[tuple[str, int], ...]:
    """Relay candidates; all others say nothing to an ICE-lite side, and mDNS names even less."""
    relays: dict[tuple[str, int], None] = {}
    for section in sections:
        for value in section.all("candidate"):
            words = value.split()
            if words[6:8] != ["typ", "relay"] or words[2].lower() != "udp":
                continue
            relay = _address(words[4], words[5])
            if relay is not None and len(relays) < MOST_RELAYS:
                relays[relay] = None
    return tuple(relays)


def _address(host: str, port: str) -> tuple[str, int] | None:
    if not _NUMBER.fullmatch(port) or not 0 < int(port) < 65_536:
        return None
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        return None


# --- what can be carried -----------------------------------------------------------------------


def published(offer: Offer, *, most_tracks: int) -> tuple[Medium, ...]:
    """The media that `publish_answer` accepts, at most so many, in the order of the offer."""
    media = [m for m in offer.media if _is_carried(m) and m.direction in ("sendonly", "sendrecv")]
    return tuple(media[:most_tracks])


def watched(offer: Offer) -> tuple[Medium, ...]:
    """The media on which `viewer_answer` could send, in the order of the offer."""
    return tuple(
        m for m in offer.media if _is_carried(m) and m.direction in ("recvonly", "sendrecv")
    )


def _is_carried(medium: Medium) -> bool:
    return medium.is_open and bool(medium.codecs)


# --- trickle and restart -----------------------------------------------------------------------


def read_fragment(text: str) -> Fragment:
    """What an `application/trickle-ice-sdpfrag` says. LiveError("bad_fragment") if not one."""
    session, *sections = _sections(text, "bad_fragment")
    parts = [session, *sections]
    if not any(part.attributes for part in parts):
        raise LiveError("bad_fragment")
    bearer = next((part for part in parts if part.one("ice-ufrag")), None)
    ufrag, pwd = _credentials(bearer, session, "bad_fragment") if bearer else ("", "")
    is_complete = any("end-of-candidates" in part.attributes for part in parts)
    return Fragment(ufrag, pwd, _relays(parts), is_complete)
