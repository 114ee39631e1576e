from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.live.codecs import (
    NOTHING,
    Described,
    describer,
    is_b_slice,
    is_video,
    widen,
)

VIDEO = ("VP8", "VP9", "H264", "AV1")
SPS, PPS, IDR, SLICE, SEI, AUD = 0x67, 0x68, 0x65, 0x41, 0x06, 0x09


def describe(codec: str, payload: bytes) -> Described:
    return describer(codec)(payload)


# --- VP8 -----------------------------------------------------------------------------------------


def vp8(
    *,
    picture_id: bytes = b"",
    tl0: int = -1,
    layer: int = -1,
    start: int = 0x10,
    frame: bytes = b"\0x",
) -> bytes:
    """Descriptor and frame; `start`: the S bit and the number of the partition."""
    flags = (0x80 if picture_id else 0) | (0x40 if tl0 >= 0 else 0) | (0x20 if layer >= 0 else 0)
    first = start | (0x80 if flags else 0)
    parts = [bytes([first]), bytes([flags]) if flags else b"", picture_id]
    parts += [bytes([value]) for value in (tl0, layer) if value >= 0]
    return b"".join(parts) + frame


def test_a_vp8_keyframe_tells_all_its_numbers() -> None:
    payload = vp8(picture_id=b"\x81\x02", tl0=7, layer=0x20)
    assert describe("VP8", payload) == Described(True, 0x102, 2, 7, 4, 0)


def test_a_seven_bit_picture_id_is_told_apart() -> None:
    payload = vp8(picture_id=b"\x51", tl0=7, layer=0x20)
    assert describe("VP8", payload) == Described(True, 0x51, 0, 7, 3, 2)


def test_a_bare_vp8_descriptor_has_no_numbers() -> None:
    assert describe("VP8", b"\x10\x00key") == Described(starts_key=True)
    assert describe("VP8", b"\x10\x01not") == NOTHING


@pytest.mark.parametrize("start", [0x00, 0x11, 0x17, 0x01])
def test_only_the_start_of_the_first_partition_starts_a_picture(start: int) -> None:
    assert not describe("VP8", vp8(start=start)).starts_key


@pytest.mark.parametrize("start", [0x30, 0x50, 0x18])
def test_bits_that_do_not_matter_do_not_matter(start: int) -> None:
    assert describe("VP8", vp8(start=start)).starts_key


@given(st.integers(0, 0x7FFF), st.integers(0, 255) | st.just(-1), st.booleans(), st.booleans())
def test_vp8_numbers_stand_where_it_says(
    picture_id: int, tl0: int, has_layer: bool, is_key: bool
) -> None:
    payload = vp8(
        picture_id=(0x8000 | picture_id).to_bytes(2, "big"), tl0=tl0,
        layer=0x20 if has_layer else -1, frame=b"\0" if is_key else b"\1",
    )  # fmt: skip
    told = describe("vp8", payload)
    assert told.starts_key == is_key
    assert told.picture_id == picture_id
    at = told.picture_id_at
    assert int.from_bytes(payload[at : at + 2], "big") == 0x8000 | picture_id
    assert (payload[told.tl0_at] == tl0) if tl0 >= 0 else (told.tl0_at == 0)


# --- VP9 -----------------------------------------------------------------------------------------


def test_a_vp9_keyframe_as_chromium_sends_it() -> None:
    # I, L, B, V; 15-bit PictureID; layers 0/0; TL0PICIDX
    payload = b"\xaa\x81\x02\x00\x09frame"
    assert describe("VP9", payload) == Described(True, 0x102, 1, 9, 4, 0)


def test_vp9_in_flexible_mode_has_no_tl0() -> None:
    payload = b"\xb8\x81\x02\x00frame"
    assert describe("VP9", payload) == Described(True, 0x102, 1, 0, 0, 0)


def test_a_seven_bit_vp9_picture_id_is_told_apart() -> None:
    assert describe("VP9", b"\xa8\x05\x00\x09frame") == Described(True, 5, 0, 9, 3, 1)


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (b"\x08x", True),
        (b"\x48x", False),  # predicted from another picture
        (b"\x04x", False),  # end of a frame that began before
        (b"\x08", False),  # nothing behind the descriptor
        (b"\x28\x02\x00x", False),  # a higher layer of the same picture
        (b"\x28\x10\x00x", True),
    ],
)
def test_where_a_vp9_decoder_can_start(payload: bytes, starts: bool) -> None:
    assert describe("VP9", payload).starts_key == starts


# --- H.264 and AV1 -------------------------------------------------------------------------------


def stap(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def nal(head: int, rest: bytes = b"\x88\x80") -> bytes:
    return bytes([head]) + rest


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (nal(SPS), True),
        (nal(0x27), True),  # whatever its importance
        (nal(PPS), False),
        (nal(IDR), False),  # nothing decodes without the parameters before it
        (nal(SLICE), False),
        (stap(nal(SPS), nal(PPS), nal(IDR)), True),
        (stap(nal(AUD), nal(SEI), nal(SPS)), True),
        (stap(nal(SEI), nal(SLICE)), False),
        (stap(nal(SPS))[:-1], False),  # cut off
        (stap(nal(SPS), b""), False),  # a unit of no bytes
        (b"\x78", False),
        (b"\x78\x00", False),
        (b"\x7c\x85\x88", False),  # an IDR in fragments: its SPS came before
        (b"\x7c\x87\x88", False),  # nobody sends parameters in fragments
    ],
)
def test_where_an_h264_decoder_can_start(payload: bytes, starts: bool) -> None:
    assert describe("H264", payload) == (Described(starts_key=True) if starts else NOTHING)


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (b"\x18\x0a", True),
        (b"\x08\x0a", True),
        (b"\x10\x0a", False),
        (b"\x98\x0a", False),
        (b"\x18", False),
    ],
)
def test_where_an_av1_decoder_can_start(payload: bytes, starts: bool) -> None:
    assert describe("AV1", payload).starts_key == starts


# --- all of them ---------------------------------------------------------------------------------


def test_other_codecs_tell_nothing() -> None:
    assert describe("opus", b"\x67\x10\x00") == NOTHING
    assert describe("", b"\x67") == NOTHING


def test_pictures_are_told_from_sound() -> None:
    assert all(is_video(codec) and is_video(codec.lower()) for codec in VIDEO)
    assert not is_video("opus")


@pytest.mark.parametrize("codec", VIDEO)
@given(payload=st.binary(max_size=40))
def test_junk_never_raises_and_never_points_outside(codec: str, payload: bytes) -> None:
    told = describe(codec, payload)
    assert 0 <= told.tl0_at < max(1, len(payload))
    assert told.picture_id_at == 0 or told.picture_id_at + 1 < len(payload)
    assert 0 <= told.narrow_at < max(1, len(payload))
    assert -1 <= told.picture_id < 2**15
    assert (told.picture_id >= 0) == bool(told.picture_id_at or told.narrow_at)


@pytest.mark.parametrize("codec", VIDEO)
@pytest.mark.parametrize(
    "whole",
    [vp8(picture_id=b"\x81\x02", tl0=7, layer=0x20), b"\xaa\x81\x02\x00\x09frame",
     stap(nal(SPS), nal(PPS), nal(IDR)), b"\x18\x0a\x0b"],
)  # fmt: skip
def test_a_payload_cut_anywhere_never_raises(codec: str, whole: bytes) -> None:
    told = [describe(codec, whole[:size]) for size in range(len(whole))]
    assert told[0] == NOTHING


# --- PictureIDs of seven bits --------------------------------------------------------------------


@given(
    st.integers(0, 127), st.integers(0, 2**15 - 1), st.integers(-1, 255), st.binary(min_size=1),
    st.booleans(),
)  # fmt: skip
def test_a_widened_payload_is_the_same_with_more_room(
    narrow: int, wide: int, tl0: int, frame: bytes, is_vp9: bool
) -> None:
    if is_vp9:
        layers = b"\x20" + bytes([tl0]) if tl0 >= 0 else b""
        payload = bytes([0xA8 if layers else 0x88, narrow]) + layers + frame
    else:
        payload = vp8(picture_id=bytes([narrow]), tl0=tl0, frame=frame)
    read = describer("VP9" if is_vp9 else "VP8")
    before = read(payload)
    widened, told = widen(payload, before, wide)
    assert read(widened) == told
    assert told._replace(picture_id_at=0, tl0_at=0) == before._replace(
        picture_id=wide, narrow_at=0, tl0_at=0
    )
    assert told.tl0 == before.tl0 == max(tl0, 0)
    assert len(widened) == len(payload) + 1
    assert widened.endswith(frame)


# --- pictures that refer to later ones -----------------------------------------------------------


def bits(*numbers: int) -> bytes:
    """Numbers in Exp-Golomb code (H.264 §9.1), then ones to the end of the byte."""
    text = "".join(f"{number + 1:0{2 * (number + 1).bit_length() - 1}b}" for number in numbers)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


@pytest.mark.parametrize("slice_type", range(10))
@pytest.mark.parametrize("first_macroblock", [0, 1, 80, 8159])
def test_a_b_slice_is_known_by_its_type(slice_type: int, first_macroblock: int) -> None:
    header = bits(first_macroblock, slice_type) + b"\xaa\xbb"
    is_b = slice_type in (1, 6)
    assert is_b_slice(nal(SLICE, header)) == is_b
    assert is_b_slice(stap(nal(SEI), nal(0x01, header))) == is_b
    assert is_b_slice(b"\x5c\x81" + header) == is_b  # the first fragment
    assert not is_b_slice(b"\x5c\x01" + header)  # one in the middle
    assert not is_b_slice(b"\x5c\x41" + header)  # the last
    assert not is_b_slice(nal(SEI, header))


def test_bytes_put_in_against_false_starts_are_left_out() -> None:
    header = b"\x00\x00\x03\x01" + b"\x00\x00\x00\x00\x00"
    assert not is_b_slice(nal(SLICE, header))
    number = 2**18 - 1  # in code: 18 zeros, a one, 18 zeros
    coded = bits(number, 1)
    assert coded.startswith(b"\x00\x00")
    assert is_b_slice(nal(SLICE, coded[:2] + b"\x03" + coded[2:]))


@given(st.binary(max_size=30))
def test_junk_is_no_trouble(payload: bytes) -> None:
    is_b_slice(payload)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_real_encoder_is_seen_through(b_frames: int) -> None:
    frames = list(
        encoded("libx264", {"bf": str(b_frames), "x264-params": "b-adapt=0:repeat-headers=1"})
    )
    units = [unit for _, data in frames for unit in annex_b(data)]
    assert any(is_b_slice(unit) for unit in units) == bool(b_frames)
    for is_key, data in frames:
        assert any(describe("H264", unit).starts_key for unit in annex_b(data)) == is_key
    assert sum(is_key for is_key, _ in frames) > 1


def test_a_real_vp8_stream_starts_at_its_keyframes() -> None:
    frames = list(encoded("libvpx", {"deadline": "realtime"}))
    assert sum(is_key for is_key, _ in frames) > 1
    for is_key, data in frames:
        assert describe("VP8", vp8(picture_id=b"\x80\x01", frame=data)).starts_key == is_key


def encoded(codec: str, options: dict[str, str]) -> Iterator[tuple[bool, bytes]]:
    """A moving picture, as (is a keyframe, its bytes)."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p"
    encoder.time_base, encoder.gop_size = Fraction(1, 30), 8
    encoder.options = options
    for number in range(24):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes((at + 9 * number) % 251 for at in range(plane.buffer_size)))
        frame.pts = number
        yield from ((packet.is_keyframe, bytes(packet)) for packet in encoder.encode(frame))
    yield from ((packet.is_keyframe, bytes(packet)) for packet in encoder.encode(None))


def annex_b(data: bytes) -> list[bytes]:
    """The NAL units between start codes."""
    return [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:]]
