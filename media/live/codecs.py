"""What the first bytes of a payload tell without decoding it; pure.

Where a decoder can start, and where the numbers stand that count pictures: enough to switch a
viewer from one encoding to another without a break. A payload that makes no sense tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

_SPS, _STAP_A, _FU_A = 7, 24, 28  # H.264 NAL unit types (RFC 6184 §5.2)
_SLICES = (1, 2, 5)  # with a slice header: plain, partition A, IDR
_B_SLICE = 1
_SLICE_HEADER_BYTES = 8  # more than both numbers at its start take


class Described(NamedTuple):
    """`picture_id` -1 and `tl0_at` 0: there is none. Places count from the start of the payload.

    A PictureID of 15 bits stands at `picture_id_at`; one of 7 bits, which has no room to be
    rewritten, at `narrow_at` (`widen` it).
    """

    starts_key: bool = False
    picture_id: int = -1
    picture_id_at: int = 0
    tl0: int = 0
    tl0_at: int = 0
    narrow_at: int = 0


NOTHING = Described()
_KEY = Described(starts_key=True)


def describer(codec: str) -> Callable[[bytes], Described]:
    """What tells of payloads of this codec: "VP8", "VP9", "H264" or "AV1"; of any other nothing.

    It never raises.
    """
    return _DESCRIBERS.get(codec.upper(), _describe_nothing)


def is_video(codec: str) -> bool:
    """Whether this is one of the picture codecs that are carried."""
    return codec.upper() in _DESCRIBERS


def widen(payload: bytes, described: Described, picture_id: int) -> tuple[bytes, Described]:
    """The payload with this 15-bit PictureID in place of its 7-bit one, one byte longer."""
    at = described.narrow_at
    wide = (0x8000 | picture_id).to_bytes(2, "big")
    moved = described._replace(
        picture_id=picture_id,
        picture_id_at=at,
        narrow_at=0,
        tl0_at=described.tl0_at + 1 if described.tl0_at else 0,
    )
    return payload[:at] + wide + payload[at + 1 :], moved


def is_b_slice(payload: bytes) -> bool:
    """Whether an H.264 payload starts a slice that refers to a later picture (a B-frame).

    WebRTC plays pictures in the order they arrive, so those make it shake.
    """
    starts = _nal_headers(payload)
    return bool(starts) and any(_is_b(payload, at) for at in starts)


def _describe_nothing(payload: bytes) -> Described:
    return NOTHING


def _describe_vp8(payload: bytes) -> Described:
    """RFC 7741 §4.2: X R N S R PID, then what X announces (I L T K), then the VP8 data."""
    picture_id, picture_id_at, tl0, tl0_at, narrow_at = -1, 0, 0, 0, 0
    try:
        first = payload[0]
        at = 1
        if first & 0x80:
            more = payload[1]
            at = 2
            if more & 0x80:
                picture_id = payload[2]
                if picture_id & 0x80:
                    picture_id = (picture_id & 0x7F) << 8 | payload[3]
                    picture_id_at, at = 2, 4
                else:
                    narrow_at, at = 2, 3
            if more & 0x40:
                tl0, tl0_at = payload[at], at
                at += 1
            if more & 0x30:
                at += 1
        # start of the first partition, and the inverse key frame flag of the frame itself
        starts_key = first & 0x17 == 0x10 and not payload[at] & 0x01
    except IndexError:
        return NOTHING
    return Described(starts_key, picture_id, picture_id_at, tl0, tl0_at, narrow_at)


def _describe_vp9(payload: bytes) -> Described:
    """RFC 9628 §4.2: I P L F B E V Z, then PictureID, layer indices and TL0PICIDX."""
    picture_id, picture_id_at, tl0, tl0_at, narrow_at, spatial = -1, 0, 0, 0, 0, 0
    try:
        first = payload[0]
        at = 1
        if first & 0x80:
            picture_id = payload[1]
            if picture_id & 0x80:
                picture_id = (picture_id & 0x7F) << 8 | payload[2]
                picture_id_at, at = 1, 3
            else:
                narrow_at, at = 1, 2
        if first & 0x20:
            spatial = payload[at] >> 1 & 0x07
            at += 1
            if not first & 0x10:  # not flexible mode
                tl0, tl0_at = payload[at], at
                at += 1
        # not predicted from another picture, begins a frame, and that of the lowest layer
        starts_key = first & 0x48 == 0x08 and spatial == 0 and len(payload) > at
    except IndexError:
        return NOTHING
    return Described(starts_key, picture_id, picture_id_at, tl0, tl0_at, narrow_at)


def _describe_h264(payload: bytes) -> Described:
    """RFC 6184: a decoder needs the parameter sets, so it starts at the SPS and not at the IDR."""
    if not payload:
        return NOTHING
    kind = payload[0] & 0x1F
    if kind == _SPS:
        return _KEY
    if kind == _STAP_A and any(payload[at] & 0x1F == _SPS for at in _aggregated(payload)):
        return _KEY
    return NOTHING


def _describe_av1(payload: bytes) -> Described:
    """AV1 over RTP §4.4: N begins a coded video sequence; Z would go on with an earlier unit."""
    return _KEY if len(payload) > 1 and payload[0] & 0x88 == 0x08 else NOTHING


_DESCRIBERS: dict[str, Callable[[bytes], Described]] = {
    "VP8": _describe_vp8,
    "VP9": _describe_vp9,
    "H264": _describe_h264,
    "AV1": _describe_av1,
}


def _aggregated(payload: bytes) -> list[int]:
    """Where the NAL units of a STAP-A start; none if their sizes do not add up."""
    found = []
    at = 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        found.append(at + 2)
        at += 2 + size
        if not size or at > len(payload):
            return []
    return found


def _nal_headers(payload: bytes) -> Sequence[int]:
    """Where the last header byte of each NAL unit is that starts in this payload."""
    kind = payload[0] & 0x1F if payload else 0
    if kind == _FU_A:
        # the FU header has the unit's type in the same bits, and a bit for the first fragment
        return (1,) if payload[1:2] and payload[1] & 0x80 else ()
    if kind == _STAP_A:
        return _aggregated(payload)
    return (0,) if kind in _SLICES else ()


def _is_b(payload: bytes, at: int) -> bool:
    if payload[at] & 0x1F not in _SLICES:
        return False
    start = payload[at + 1 : at + 1 + _SLICE_HEADER_BYTES].replace(b"\0\0\3", b"\0\0")
    bits, left = int.from_bytes(start, "big"), len(start) * 8
    first_macroblock, left = _exp_golomb(bits, left)
    slice_type, _ = _exp_golomb(bits, left)
    return first_macroblock >= 0 and slice_type % 5 == _B_SLICE


def _exp_golomb(bits: int, left: int) -> tuple[int, int]:
    """The unsigned number in front of the last `left` bits, and what is left then (-1: none)."""
    rest = bits & ((1 << left) - 1)
    zeros = left - rest.bit_length()
    if 2 * zeros + 1 > left:
        return -1, 0
    left -= 2 * zeros + 1
    return (rest >> left) - 1, left
