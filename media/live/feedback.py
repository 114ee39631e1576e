"""RTCP (RFC 3550, RFC 4585): what comes back about media, read and written; pure.

`read` takes what others say; the functions below it write what we say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_PACKETS = 32
"""How many RTCP packets of one compound are read; the rest is left unread."""
MOST_SEQS = 200
MOST_SSRCS = 31

SEQS = 1 << 16

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
NACK, TRANSPORT_CC = 1, 15  # of RTPFB
PLI, FIR, APPLICATION = 1, 4, 15  # of PSFB
CNAME = 1

_HEADER = struct.Struct("!BBH")
_LONG = struct.Struct("!L")
_TWO_LONGS = struct.Struct("!LL")
_SENDER = struct.Struct("!QLLL")
_BLOCK = struct.Struct("!LLLLLL")
_NACK = struct.Struct("!HH")


# --- what others say ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """What one receiver got of one stream (RFC 3550, section 6.4.1).

    `fraction`: lost since the block before, 0 to 1. `jitter`: in timestamp units. `lsr`: the middle
    32 bits of the last sender report's NTP time, 0 for none; `dlsr`: 1/65536 s since it came.
    """

    ssrc: int
    fraction: float
    lost: int
    highest: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """That `timestamp` of the stream was at `ntp`: 32.32 bits, `ntp_s` in seconds, since 1900."""

    ssrc: int
    ntp_s: float
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets asked for again; more than `MOST_SEQS` are left out."""

    media_ssrc: int
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeWanted:
    """A PLI, or a FIR, which may name several."""

    media_ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A REMB: what the receiver thinks its link carries, in bit/s over all streams."""

    bps: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


Report = SenderReport | ReceiverReport | Nack | KeyframeWanted | Estimate | Bye


def read(data: bytes) -> list[Report]:
    """The reports of a compound packet that we act on. Never raises: reading ends at nonsense."""
    reports: list[Report] = []
    for count, kind, body in _packets(data):
        try:
            report = _report(count, kind, body)
        except (struct.error, IndexError):
            break
        if report is not None:
            reports.append(report)
    return reports


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Count or format, type and body of each packet, without padding."""
    at = 0
    for _ in range(MOST_PACKETS):
        if at + 4 > len(data):
            return
        first, kind, words = _HEADER.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return
        body = data[at + 4 : end]
        if first & 0x20:
            padding = body[-1] if body else 0
            if not 0 < padding <= len(body):
                return
            body = body[:-padding]
        yield first & 0x1F, kind, body
        at = end


def _report(count: int, kind: int, body: bytes) -> Report | None:
    if kind == SR:
        return _sender_report(count, body)
    if kind == RR:
        return ReceiverReport(_LONG.unpack_from(body)[0], _blocks(count, body, 4))
    if kind == BYE:
        return Bye(_longs(body, 0, count))
    if kind == RTPFB and count == NACK:
        return _nack(body)
    if kind == PSFB:
        return _payload_feedback(count, body)
    return None


def _sender_report(count: int, body: bytes) -> SenderReport:
    (ssrc,) = _LONG.unpack_from(body)
    ntp, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
    blocks = _blocks(count, body, 24)
    return SenderReport(ssrc, ntp / (1 << 32), ntp, timestamp, packets, octets, blocks)


def _blocks(count: int, body: bytes, at: int) -> tuple[Block, ...]:
    return tuple(_block(body, at + 24 * index) for index in range(count))


def _block(body: bytes, at: int) -> Block:
    ssrc, losses, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, at)
    lost = losses & 0xFF_FFFF
    lost -= (lost & 0x80_0000) << 1  # 24 bits with a sign: duplicates make it negative
    return Block(ssrc, (losses >> 24) / 256, lost, highest, jitter, lsr, dlsr)


def _longs(body: bytes, at: int, count: int) -> tuple[int, ...]:
    return struct.unpack_from(f"!{count}L", body, at)


def _nack(body: bytes) -> Nack:
    _, media = _TWO_LONGS.unpack_from(body)
    seqs: dict[int, None] = {}
    for at in range(8, len(body) - 3, 4):
        first, mask = _NACK.unpack_from(body, at)
        seqs[first] = None
        for bit in range(16):
            if mask >> bit & 1:
                seqs[(first + bit + 1) % SEQS] = None
        if len(seqs) >= MOST_SEQS:
            break
    return Nack(media, tuple(seqs)[:MOST_SEQS])


def _payload_feedback(count: int, body: bytes) -> Report | None:
    _, media = _TWO_LONGS.unpack_from(body)
    if count == PLI:
        return KeyframeWanted((media,))
    if count == FIR:
        entries = min((len(body) - 8) // 8, MOST_SSRCS)
        return KeyframeWanted(tuple(_longs(body, 8 + 8 * entry, 1)[0] for entry in range(entries)))
    if count == APPLICATION and body[8:12] == b"REMB":
        ssrcs = _longs(body, 16, min(body[12], MOST_SSRCS))
        (packed,) = _LONG.unpack_from(body, 12)
        return Estimate((packed & 0x3_FFFF) << (packed >> 18 & 0x3F), ssrcs)
    return None


# --- what we say -------------------------------------------------------------------------------


def sender_report(
    ssrc: int, ntp_s: float, timestamp: int, packets: int, octets: int, cname: str
) -> bytes:
    """That `timestamp` was at `ntp_s` (seconds since 1900), and a name that the streams of one
    sender share: what a receiver puts sound and picture in time by."""
    name = cname.encode()[:255]
    report = _LONG.pack(ssrc) + _SENDER.pack(
        ntp_bits(ntp_s), timestamp % (1 << 32), packets % (1 << 32), octets % (1 << 32)
    )
    item = _LONG.pack(ssrc) + bytes((CNAME, len(name))) + name + b"\0"
    return _packet(SR, 0, report) + _packet(SDES, 1, item + bytes(-len(item) % 4))


def receiver_report(own: int, blocks: Sequence[Block]) -> bytes:
    """What we got; at most 31 blocks, as many as a report holds."""
    kept = blocks[:31]
    return _packet(RR, len(kept), _LONG.pack(own) + b"".join(_packed(block) for block in kept))


def _packed(block: Block) -> bytes:
    fraction = max(0, min(255, int(block.fraction * 256)))
    lost = max(-0x80_0000, min(0x7F_FFFF, block.lost)) & 0xFF_FFFF
    return _BLOCK.pack(
        block.ssrc, fraction << 24 | lost, block.highest, block.jitter, block.lsr, block.dlsr
    )


def nack(own: int, media: int, seqs: Sequence[int]) -> bytes:
    """Asks for these packets again: 16-bit numbers from old to new, the wrap included."""
    pairs: list[list[int]] = []
    for seq in seqs:
        ahead = (seq - pairs[-1][0]) % SEQS if pairs else SEQS
        if 0 < ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        elif ahead:
            pairs.append([seq % SEQS, 0])
    body = b"".join(_NACK.pack(first, mask) for first, mask in pairs)
    return _packet(RTPFB, NACK, _TWO_LONGS.pack(own, media) + body)


def keyframe_wanted(own: int, media: int) -> bytes:
    """A PLI: the picture cannot go on without a keyframe."""
    return _packet(PSFB, PLI, _TWO_LONGS.pack(own, media))


def transport_cc(own: int, media: int, told: bytes) -> bytes:
    """When packets came, as `arrivals` tells it, filled up to whole words."""
    body = _TWO_LONGS.pack(own, media) + told
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes((padding,))
    return _packet(RTPFB, TRANSPORT_CC, body, padding)


def _packet(kind: int, count: int, body: bytes, padding: int = 0) -> bytes:
    first = 0x80 | (0x20 if padding else 0) | count
    return _HEADER.pack(first, kind, len(body) // 4) + body


# --- clocks ------------------------------------------------------------------------------------


def ntp_bits(ntp_s: float) -> int:
    """NTP's seconds as 32.32 bits; they begin anew in 2036."""
    return int(ntp_s * (1 << 32)) % (1 << 64)
