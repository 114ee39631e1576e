"""The contract with aiortc and pylibsrtp: the private names we use are there and mean the same."""

import asyncio

import pytest
from aiortc import RTCCertificate, RTCDtlsTransport
from aiortc.rtcdtlstransport import RTCDtlsParameters
from OpenSSL import SSL

from media.live import dtls, srtp
from tests.support.live.wiring import keyed

RTP = bytes.fromhex("80600001000000010000000a") + b"a picture"
RTCP = bytes.fromhex("80c90001000000010000") + bytes(2)


class _Wire:
    """Two ends that hear each other."""

    role = "controlling"

    def __init__(self, there: dtls.Dtls | None = None) -> None:
        self.there = there
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()

    async def _recv(self) -> bytes:
        return await self.inbox.get()

    async def _send(self, data: bytes) -> None:
        assert self.there is not None
        self.there.put(data)

    async def stop(self) -> None:
        pass


async def _shake(
    wrong_fingerprint: bool = False, profiles: list[object] | None = None
) -> tuple[srtp.Srtp | None, RTCDtlsTransport, dtls.Dtls]:
    ours, theirs = dtls.new_certificate(), RTCCertificate.generateCertificate()
    wire = _Wire()
    server = dtls.Dtls(ours, wire.inbox.put_nowait)
    wire.there = server
    client = RTCDtlsTransport(wire, [theirs])  # type: ignore[arg-type]
    client._set_role("client")
    if profiles:
        client._srtp_profiles = profiles  # type: ignore[assignment]
    told = dtls.fingerprint_of(theirs if not wrong_fingerprint else ours)
    start = asyncio.create_task(client.start(RTCDtlsParameters(ours.getFingerprints())))
    keys = await server.handshake((told,))
    if keys is None:
        start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    return keys, client, server


async def test_peers_share_a_context_and_nothing_else() -> None:
    ours = dtls.new_certificate()
    one, other = (ours._create_ssl_context(list(srtp.PROFILES)) for _ in range(2))
    assert one is other
    assert one.get_session_cache_mode() == SSL.SESS_CACHE_OFF
    assert dtls.new_certificate()._create_ssl_context(list(srtp.PROFILES)) is not one


async def test_keys_of_a_handshake_work_both_ways() -> None:
    keys, client, server = await _shake()
    assert keys is not None
    assert keys.tag_bytes == 16, "AES-GCM is chosen first"
    memory, view = srtp.new_buffer(srtp.PACKET_BYTES)
    sent = client._tx_srtp.protect(RTP)
    view[: len(sent)] = sent
    size = srtp.unprotect(keys, memory, len(sent))
    assert bytes(view[:size]) == RTP
    assert client._rx_srtp.unprotect(srtp.protect(keys, RTP)) == RTP
    sent = client._tx_srtp.protect_rtcp(RTCP)
    view[: len(sent)] = sent
    size = srtp.unprotect_rtcp(keys, memory, len(sent))
    assert bytes(view[:size]) == RTCP
    assert client._rx_srtp.unprotect_rtcp(srtp.protect_rtcp(keys, RTCP)) == RTCP
    await client.stop()
    await server.close()


async def test_a_peer_with_the_older_profile_only_is_welcome() -> None:
    keys, client, server = await _shake(profiles=[srtp.PROFILES[1]])
    assert keys is not None
    assert keys.tag_bytes == 10
    assert client._rx_srtp.unprotect(srtp.protect(keys, RTP)) == RTP
    await client.stop()
    await server.close()


async def test_another_certificate_than_the_offers_is_refused() -> None:
    keys, client, server = await _shake(wrong_fingerprint=True)
    assert keys is None
    await client.stop()
    await server.close()


def test_a_forgery_and_a_replay_are_not_decrypted() -> None:
    _, theirs = keyed()
    receiving = srtp.Srtp(theirs._srtp[0], None, 16, (theirs,))
    sending, _ = keyed()  # other keys
    memory, view = srtp.new_buffer(srtp.PACKET_BYTES)
    forged = srtp.protect(sending, RTP)
    view[: len(forged)] = forged
    assert srtp.unprotect(receiving, memory, len(forged)) == -1
    ours, theirs = keyed()
    receiving = srtp.Srtp(theirs._srtp[0], None, 16, (theirs,))
    sent = srtp.protect(ours, RTP)
    view[: len(sent)] = sent
    assert srtp.unprotect(receiving, memory, len(sent)) == len(RTP)
    view[: len(sent)] = sent
    assert srtp.unprotect(receiving, memory, len(sent)) == -1, "a replay"


@pytest.mark.parametrize("size", [srtp.PACKET_BYTES + 1, 65_000])
def test_what_is_too_long_is_not_sent(size: int) -> None:
    ours, _ = keyed()
    assert srtp.protect(ours, bytes(size)) == b""
