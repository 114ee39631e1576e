"""The formats of an m-line: which codecs it offers, and in which order we want them; pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aiortc.sdp import H264Profile, parse_h264_profile_level_id

from media.errors import LiveError

MOST_FORMATS = 128

PUBLISH_FEEDBACK = ("transport-cc", "nack", "nack pli", "ccm fir")
VIEWER_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")

KINDS = {"H264": "video", "VP8": "video", "VP9": "video", "AV1": "video", "opus": "audio"}
"""Codec -> kind of medium."""

_NAMES = {"h264": "H264", "vp8": "VP8", "vp9": "VP9", "av1": "AV1", "opus": "opus"}
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9-]{1,32})/([0-9]{1,6})(?:/([0-9]))?")
# Repeated word for word in the answer: plain text on one line.
_FORMAT_VALUE = re.compile(r"([0-9]{1,3}|\*) +([!-~][\t -~]*)")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True)
class Codec:
    """One format of a medium. `parameters`: its fmtp as offered; `rtx`: its repair format."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int
    parameters: str
    rtx: int | None = None
    feedback: frozenset[str] = frozenset()


@functools.lru_cache(maxsize=32)
def read_codecs(
    kind: str,
    formats: tuple[str, ...],
    rtpmap: tuple[str, ...],
    fmtps: tuple[str, ...],
    rtcp_fb: tuple[str, ...],
) -> tuple[Codec, ...]:
    """Ours among the formats of an m-line and its attributes, the preferred one first.

    LiveError("bad_offer"). Kept, because the lines of an offer repeat each other, and so do
    browsers in a class.
    """
    offered = {whole_number(word, 127) for word in formats}
    if len(formats) > MOST_FORMATS:
        raise LiveError("bad_offer")
    maps = _rtpmaps(rtpmap, offered)
    parameters = dict(_by_format(fmtps))
    rtx = _repair(maps, parameters)
    feedback = _feedback(rtcp_fb)
    codecs = [
        Codec(
            payload_type=payload_type,
            name=_NAMES[name],
            clock_rate=clock_rate,
            channels=channels,
            parameters=parameters.get(payload_type, ""),
            rtx=rtx.get(payload_type),
            feedback=feedback.get(payload_type, frozenset()) | feedback.get(-1, frozenset()),
        )
        for payload_type, (name, clock_rate, channels) in maps.items()
        if _is_ours(kind, name, clock_rate, channels)
    ]
    return tuple(sorted(codecs, key=_preference))


def _rtpmaps(values: Iterable[str], offered: set[int]) -> dict[int, tuple[str, int, int]]:
    """Payload type -> name in small letters, clock rate, channels."""
    maps: dict[int, tuple[str, int, int]] = {}
    for value in values:
        found = _RTPMAP.fullmatch(value)
        if found is None:
            raise LiveError("bad_offer")
        payload_type = int(found[1])
        if payload_type in offered:
            maps.setdefault(payload_type, (found[2].lower(), int(found[3]), int(found[4] or 1)))
    return maps


def _is_ours(kind: str, name: str, clock_rate: int, channels: int) -> bool:
    ours = _NAMES.get(name)
    if ours is None or KINDS[ours] != kind:
        return False
    return (clock_rate, channels) == ((48_000, 2) if ours == "opus" else (90_000, 1))


def _by_format(values: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Attributes that begin with a payload type; -1 stands for all of them."""
    for value in values:
        found = _FORMAT_VALUE.fullmatch(value)
        if found is None:
            raise LiveError("bad_offer")
        yield (-1 if found[1] == "*" else int(found[1])), found[2].strip()


def _repair(maps: dict[int, tuple[str, int, int]], parameters: dict[int, str]) -> dict[int, int]:
    """Payload type -> the RTX payload type that repairs it (RFC 4588)."""
    rtx: dict[int, int] = {}
    for payload_type, (name, _, _) in maps.items():
        repaired = fmtp(parameters.get(payload_type, "")).get("apt", "")
        if name == "rtx" and _NUMBER.fullmatch(repaired):
            rtx.setdefault(int(repaired), payload_type)
    return rtx


def _feedback(values: Iterable[str]) -> dict[int, frozenset[str]]:
    feedback: dict[int, frozenset[str]] = {}
    for payload_type, kind in _by_format(values):
        if kind in PUBLISH_FEEDBACK or kind in VIEWER_FEEDBACK:
            feedback[payload_type] = feedback.get(payload_type, frozenset()) | {kind}
    return feedback


def fmtp(parameters: str) -> dict[str, str]:
    """The parameters of a format by name, names in small letters: "a=1;b=2"."""
    pairs = (item.partition("=") for item in parameters.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _preference(codec: Codec) -> int:
    """H.264 that every decoder and HLS takes, then VP8, VP9, AV1, then what is left."""
    parameters = fmtp(codec.parameters)
    if codec.name == "H264":
        if parameters.get("packetization-mode") != "1":
            return 5
        return 0 if is_constrained_baseline(parameters.get("profile-level-id", "")) else 4
    if codec.name == "VP9":
        return 2 if parameters.get("profile-id", "0") == "0" else 6
    return {"VP8": 1, "AV1": 3}.get(codec.name, 0)


def is_constrained_baseline(profile_level_id: str) -> bool:
    """Whether H.264 of this profile-level-id (RFC 6184, section 8.1) decodes everywhere."""
    try:
        profile, _ = parse_h264_profile_level_id(profile_level_id)
    except ValueError:
        return False
    return profile is H264Profile.PROFILE_CONSTRAINED_BASELINE


def whole_number(text: str, most: int) -> int:
    """A number without a sign, at most so large. LiveError("bad_offer")."""
    if not _NUMBER.fullmatch(text) or int(text) > most:
        raise LiveError("bad_offer")
    return int(text)
