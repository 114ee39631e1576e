"""ICE-lite: only checks signed with our password are answered, and answers are short."""

import os

from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media.live import ice

ADDRESS = ("192.0.2.7", 5000)


def _request(ours: ice.Credentials, *, password: str = "", nominates: bool = False) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ours.ufrag}:theirs"
    message.attributes["PRIORITY"] = 1
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity((password or ours.password).encode())
    return bytes(message)


def test_a_signed_check_is_answered_with_the_address_it_came_from() -> None:
    ours = ice.new_credentials()
    data = _request(ours)
    assert ice.addressed_to(data) == ours.ufrag
    check = ice.answer(data, ours, ADDRESS)
    assert check is not None
    assert not check.is_nominated
    reply = stun.parse_message(check.reply)
    assert reply.message_class is stun.Class.RESPONSE
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == ADDRESS
    assert reply.check_message_integrity(ours.password.encode())


def test_their_choice_of_a_path_is_seen() -> None:
    ours = ice.new_credentials()
    check = ice.answer(_request(ours, nominates=True), ours, ADDRESS)
    assert check is not None
    assert check.is_nominated


def test_a_check_signed_by_somebody_else_is_not_answered() -> None:
    ours = ice.new_credentials()
    assert ice.answer(_request(ours, password="x" * 32), ours, ADDRESS) is None


def test_an_answer_is_hardly_longer_than_its_request() -> None:
    ours = ice.new_credentials()
    data = _request(ours)
    check = ice.answer(data, ours, ("2001:db8:1:2:3:4:5:6", 65535))
    assert check is not None
    assert len(check.reply) <= 1.2 * len(data)


def test_fragments_are_made_of_what_ice_allows() -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    for _ in range(200):
        made = ice.new_credentials()
        assert set(made.ufrag + made.password) <= allowed
        assert len(made.ufrag) >= 4
        assert len(made.password) >= 22


@given(st.binary(max_size=200))
def test_junk_is_addressed_to_nobody_and_never_raises(data: bytes) -> None:
    ours = ice.Credentials("abcd1234", "p" * 32)
    ice.addressed_to(data)
    assert ice.answer(data, ours, ADDRESS) is None


@given(st.integers(0, 67), st.binary(min_size=1, max_size=4))  # what is signed ends at 72
def test_a_check_that_was_tampered_with_is_not_answered(at: int, change: bytes) -> None:
    ours = ice.Credentials("abcd1234", "p" * 32)
    data = bytearray(_request(ours))
    before = bytes(data)
    data[at : at + len(change)] = change
    if bytes(data[: len(before)]) != before:
        ice.addressed_to(bytes(data))
        assert ice.answer(bytes(data), ours, ADDRESS) is None


def test_a_scan_is_short_however_long_the_list() -> None:
    data = ice.REQUEST + bytes(2) + ice.COOKIE + os.urandom(12) + bytes.fromhex("00240000") * 500
    assert ice.addressed_to(data) is None
