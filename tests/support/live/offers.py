"""Offers of the real things, as they came, and what an answer to one of them looks like."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from media.errors import LiveError
from media.live.answers import (
    Candidate,
    Local,
    Outgoing,
)
from media.live.sdp import (
    Offer,
    read_offer,
)

OFFERS_FOLDER = Path(__file__).parents[2] / "media" / "live" / "offers"
OFFERS = {path.stem: path.read_bytes().decode() for path in OFFERS_FOLDER.glob("*.sdp")}
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
    """One of them as we read it."""
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
    """Why an offer is refused."""
    with pytest.raises(LiveError) as refused:
        read_offer(text)
    return refused.value.code


def check_form(offer: Offer, answer: str) -> None:
    """What holds for every answer, whatever was offered."""
    assert answer.isascii() and not re.search(r"[^\r]\n|\r[^\n]|[\x00-\x08\x0b\x0c]", answer)
    session, media = parts_of(answer)
    assert "a=ice-lite" in session
    assert len(media) == len(offer.media)
    for lines, medium in zip(media, offer.media, strict=True):
        assert lines[0].startswith(f"m={medium.kind} ")
        assert not medium.mid or f"a=mid:{medium.mid}" in lines
