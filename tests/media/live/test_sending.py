"""Copies for many in one call: Python and C do the same, and nothing leaves in the clear."""

import errno
from pathlib import Path

import pytest

from media.live import sending, srtp
from media.live.paths import UdpPath
from media.live.sending import Batch, Filler
from tests.support.live.process import LIBRARY
from tests.support.live.wiring import Wired, fillers, wired

PACKET = bytes.fromhex("80600001000000010000000a") + bytes(range(200)) * 5


def _template(data: bytes) -> object:
    memory, view = srtp.new_buffer(srtp.PACKET_BYTES)
    view[: len(data)] = data
    return memory


def _names(ends: list[Wired]) -> list[bytes]:
    return [end.path.name for end in ends if isinstance(end.path, UdpPath)]


def test_set_up_built_the_library() -> None:
    assert LIBRARY.exists(), "a machine that runs the tests has a C compiler"


@pytest.mark.parametrize("filler", fillers(), ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("profile", ["gcm", "sha1"])
def test_everybody_gets_a_copy_of_its_own(filler: Filler, profile: str) -> None:
    with wired(5, profile=profile) as ends:
        batch = Batch(ends[0].path.fd, _names(ends))
        sessions = [end.srtp.send for end in ends]
        tag = ends[0].srtp.tag_bytes
        failed = filler.fill(
            _template(PACKET), len(PACKET), filler.contexts(sessions), 0, batch.lengths, tag
        )
        assert failed == 0
        assert batch.send() == 0
        for end in ends:
            assert end.theirs.unprotect(end.catcher.recv(4096)) == PACKET


@pytest.mark.parametrize("filler", fillers(), ids=lambda each: type(each).__name__)
def test_two_groups_share_a_batch(filler: Filler) -> None:
    other = PACKET[:2] + bytes.fromhex("0777") + PACKET[4:300]
    with wired(4) as ends:
        batch = Batch(ends[0].path.fd, _names(ends))
        for first, data in ((0, PACKET), (2, other)):
            sessions = [end.srtp.send for end in ends[first : first + 2]]
            contexts = filler.contexts(sessions)
            filler.fill(_template(data), len(data), contexts, first, batch.lengths, 16)
        batch.send()
        got = [end.theirs.unprotect(end.catcher.recv(4096)) for end in ends]
        assert got == [PACKET, PACKET, other, other]


@pytest.mark.parametrize("filler", fillers(), ids=lambda each: type(each).__name__)
def test_what_cannot_be_encrypted_does_not_leave(filler: Filler) -> None:
    too_old = bytes.fromhex("8060") + bytes(2) + PACKET[4:]  # a version that RTP does not have
    broken = b"\x00" + too_old[1:]
    with wired(2) as ends:
        batch = Batch(ends[0].path.fd, _names(ends))
        sessions = [end.srtp.send for end in ends]
        # An RTP header that claims extensions behind the end of the packet.
        short = bytes([0x90]) + broken[1:13]
        failed = filler.fill(
            _template(short), len(short), filler.contexts(sessions), 0, batch.lengths, 16
        )
        assert failed == 2
        batch.send()
        assert [end.catcher.recv(4096) for end in ends] == [b"", b""]


@pytest.mark.parametrize("filler", fillers(), ids=lambda each: type(each).__name__)
def test_several_packets_leave_together_and_arrive_apart(filler: Filler) -> None:
    """Two groups with copies of other sizes; the last packet is shorter; then fewer packets."""
    headed = [PACKET[:12], PACKET[:20]]
    with wired(5) as ends:
        batch = Batch(ends[0].path.fd, _names(ends), [2, 3])
        for turn, rows in enumerate((3, 2, 3)):
            bodies = [bytes([row]) * (900 if row < rows - 1 else 50) for row in range(rows)]
            for first, n, head in ((0, 2, headed[0]), (2, 3, headed[1])):
                contexts = filler.contexts([end.srtp.send for end in ends[first : first + n]])
                for row, body in enumerate(bodies):
                    data = head[:2] + (10 * turn + row).to_bytes(2, "big") + head[4:] + body
                    args = (_template(data), len(data), contexts, first, batch.lengths, 16, row)
                    assert filler.fill(*args) == 0
            assert batch.send(rows, [12 + 900 + 16, 20 + 900 + 16]) == 0
            for k, end in enumerate(ends):
                got = [end.theirs.unprotect(end.catcher.recv(4096)) for _ in range(rows)]
                assert [data[len(headed[k >= 2]) :] for data in got] == bodies
                with pytest.raises(BlockingIOError):
                    end.catcher.recv(4096)


def test_who_cannot_be_reached_together_is_tried_apart_and_counted() -> None:
    filler = sending.PythonFiller()
    with wired(3) as ends:
        names = _names(ends)
        names[1] = names[1][:2] + b"\x00\x00" + names[1][4:]
        batch = Batch(ends[0].path.fd, names)
        contexts = filler.contexts([end.srtp.send for end in ends])
        for row in range(2):
            filler.fill(_template(PACKET), len(PACKET), contexts, 0, batch.lengths, 16, row)
        assert batch.send(2, [len(PACKET) + 16]) == 2
        for end in (ends[0], ends[2]):
            end.catcher.recv(4096)
            assert len(end.catcher.recv(4096)) == len(PACKET) + 16


def test_a_device_that_does_not_cut_gets_them_one_by_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No such device is here: the call that fails is replaced, what follows is real."""
    monkeypatch.setattr(sending.KERNEL, "cuts", True)
    filler = sending.PythonFiller()
    with wired(2) as ends:
        batch = Batch(ends[0].path.fd, _names(ends))
        contexts = filler.contexts([end.srtp.send for end in ends])
        for row in range(2):
            filler.fill(_template(PACKET), len(PACKET), contexts, 0, batch.lengths, 16, row)
        assert [batch._without_cutting(k, 2, errno.EIO) for k in range(2)] == [0, 0]
        assert all(len(end.catcher.recv(4096)) == len(PACKET) + 16 for end in ends * 2)
    assert not sending.can_gather()
    assert "sent alone" in caplog.text


def test_one_unreachable_address_does_not_stop_the_others() -> None:
    with wired(3) as ends:
        names = _names(ends)
        names[1] = names[1][:2] + b"\x00\x00" + names[1][4:]  # port 0: the kernel refuses
        batch = Batch(ends[0].path.fd, names)
        filler = sending.PythonFiller()
        contexts = filler.contexts([end.srtp.send for end in ends])
        filler.fill(_template(PACKET), len(PACKET), contexts, 0, batch.lengths, 16)
        assert batch.send() == 1
        for end in (ends[0], ends[2]):
            assert end.theirs.unprotect(end.catcher.recv(4096)) == PACKET


def test_without_sendmmsg_each_is_sent_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "HAS_SENDMMSG", False)
    with wired(3) as ends:
        batch = Batch(ends[0].path.fd, _names(ends))
        filler = sending.PythonFiller()
        contexts = filler.contexts([end.srtp.send for end in ends])
        filler.fill(_template(PACKET), len(PACKET), contexts, 0, batch.lengths, 16)
        assert batch.send() == 0
        assert all(end.theirs.unprotect(end.catcher.recv(4096)) == PACKET for end in ends)


def test_a_library_that_cannot_be_loaded_means_python(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "fanout.so").write_bytes(b"not a library")
    assert isinstance(sending.best_filler(tmp_path / "fanout.so"), sending.PythonFiller)
    assert "Python" in caplog.text
