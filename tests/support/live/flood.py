"""Junk at a port: `python -m tests.support.live.flood ADDRESS PORT PER_S COUNT UFRAG`.

Checks with no name, with a name that is wrong, and with `UFRAG`, which is known, under a wrong
password; DTLS records, RTP, RTCP and noise, from many ports. Says what it sent and what came back.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator

from aioice import stun

SOURCES = 32
BATCH_S = 0.005
MOST_SECONDS = 30


def junk(ufrag: str) -> Iterator[bytes]:
    """One of each kind, round and round."""
    chance = random.Random(3)
    checks = [_check(name) for name in (f"{ufrag}:evil", "nobody:evil", "x" * 500, "")]
    kinds: list[Callable[[], bytes]] = [
        lambda: checks[0],
        lambda: _client_hello(chance),
        lambda: struct.pack("!BBHLL", 0x80, 96, chance.getrandbits(16), 1, 2) + bytes(1000),
        lambda: checks[1],
        lambda: struct.pack("!BBHL", 0x81, 206, 2, 1) + bytes(8),
        lambda: chance.randbytes(chance.randrange(1, 1400)),
        lambda: checks[chance.randrange(4)][: chance.randrange(1, 40)],
        lambda: bytes([chance.randrange(4)]) + chance.randbytes(60),
        lambda: _cut_off(chance),
        lambda: bytes([22]) + chance.randbytes(200),
    ]
    while True:
        for kind in kinds:
            yield kind()


def _check(name: str) -> bytes:
    """A connectivity check signed with a password nobody gave us."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = name
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 7
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"not-the-password")
    return bytes(message)


def _cut_off(chance: random.Random) -> bytes:
    """A check whose attributes claim to be longer than it is."""
    return b"\x00\x01\x00\x08\x21\x12\xa4\x42" + chance.randbytes(12) + b"\x00\x06\xff\xff" * 2


def _client_hello(chance: random.Random) -> bytes:
    """The head of a DTLS ClientHello; the rest is made up."""
    body = b"\xfe\xfd" + chance.randbytes(32) + bytes([0, 0]) + b"\x00\x02\xc0\x2b\x01\x00"
    shake = b"\x01" + len(body).to_bytes(3, "big") + bytes(5) + len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xfd" + bytes(8) + len(shake).to_bytes(2, "big") + shake


def flood(address: str, port: int, per_s: int, count: int, ufrag: str) -> dict[str, int]:
    """Sends so many, no faster than told, and not longer than half a minute."""
    sources = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOURCES)]
    for source in sources:
        source.setblocking(False)
        source.connect((address, port))
    packets = junk(ufrag)
    told = {"sent": 0, "sent_bytes": 0, "back": 0, "back_bytes": 0}
    began = time.monotonic()
    while told["sent"] < count and (now := time.monotonic() - began) < MOST_SECONDS:
        for _ in range(min(count, int(now * per_s)) - told["sent"]):
            data = next(packets)
            with contextlib.suppress(OSError):
                sources[told["sent"] % SOURCES].send(data)
            told["sent"] += 1
            told["sent_bytes"] += len(data)
        _drain(sources, told)
        time.sleep(BATCH_S)
    time.sleep(0.2)
    _drain(sources, told)
    return told


def _drain(sources: list[socket.socket], told: dict[str, int]) -> None:
    for source in sources:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                told["back"] += 1
                told["back_bytes"] += len(data)


if __name__ == "__main__":
    where, at, rate, many, name = sys.argv[1:]
    print(json.dumps(flood(where, int(at), int(rate), int(many), name)))
