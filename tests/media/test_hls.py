from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.hls import (
    PictureTrack,
    Segment,
    SoundTrack,
    bcp47,
    bitrates,
    content_type,
    master_playlist,
    media_playlist,
    read_media_playlist,
    segment_name,
    storyboard_vtt,
    straight_init,
    timestamp,
)

SOUND = SoundTrack("audio0", "nl", "Nederlands", True, "mp4a.40.2", 130_000, 128_000)


def picture(height: int, bps: int) -> PictureTrack:
    return PictureTrack(f"{height}p", height * 16 // 9, height, 25.0, "avc1.64001F", bps, bps // 2)


def test_a_media_playlist_lists_its_init_and_every_segment() -> None:
    assert media_playlist([Segment("s00000.m4s", 4.0), Segment("s00001.m4s", 1.5)]) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"
        '#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI="init.mp4"\n'
        "#EXTINF:4.000000,\ns00000.m4s\n#EXTINF:1.500000,\ns00001.m4s\n#EXT-X-ENDLIST\n"
    )


@given(st.lists(st.floats(0.04, 60), min_size=1, max_size=20))
def test_a_playlist_is_read_back_and_no_segment_exceeds_its_target(durations: list[float]) -> None:
    segments = [Segment(segment_name(n), d) for n, d in enumerate(durations)]
    text = media_playlist(segments)
    read = read_media_playlist(text)
    assert [s.name for s in read] == [s.name for s in segments]
    assert all(abs(a.duration_s - b.duration_s) < 1e-5 for a, b in zip(read, segments, strict=True))
    target = int(text.split("TARGETDURATION:")[1].split("\n")[0])
    # RFC 8216, 4.3.3.1: rounded to the nearest whole second
    assert all(int(s.duration_s + 0.49999) <= target for s in segments)


def test_the_master_counts_sound_in_and_starts_in_the_middle() -> None:
    pictures = [picture(720, 3_000_000), picture(480, 1_500_000), picture(240, 400_000)]
    text = master_playlist(pictures, [SOUND])
    lines = text.splitlines()
    assert lines[3] == (
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Nederlands",LANGUAGE="nl",DEFAULT=YES,'
        'AUTOSELECT=YES,CHANNELS="2",URI="audio0/index.m3u8"'
    )
    assert lines[4] == (
        '#EXT-X-STREAM-INF:BANDWIDTH=1630000,AVERAGE-BANDWIDTH=878000,CODECS="avc1.64001F,'
        'mp4a.40.2",RESOLUTION=853x480,FRAME-RATE=25.000,AUDIO="sound"'
    )
    assert lines[5::2] == ["480p/index.m3u8", "240p/index.m3u8", "720p/index.m3u8"]


def test_a_silent_film_names_no_sound() -> None:
    text = master_playlist([picture(240, 400_000)], [])
    assert "AUDIO" not in text
    assert 'CODECS="avc1.64001F"' in text


def test_a_title_cannot_break_out_of_its_quotes() -> None:
    sound = SoundTrack("audio0", "und", 'a",URI="http://x\n#EXT', True, "mp4a.40.2", 1, 1)
    line = master_playlist([picture(240, 1)], [sound]).splitlines()[3]
    assert 'NAME="a ,URI= http://x #EXT"' in line
    assert "LANGUAGE" not in line


def test_bitrates_are_measured_and_a_short_end_is_no_peak() -> None:
    segments = [Segment("a", 4.0, 400_000), Segment("b", 4.0, 200_000), Segment("c", 0.1, 90_000)]
    peak, average = bitrates(segments)
    assert (peak, average) == (800_000, 681_482)
    assert bitrates([Segment("a", 0.5, 1000)]) == (16_000, 16_000)


def test_times_are_written_as_webvtt_wants() -> None:
    assert timestamp(0) == "00:00:00.000"
    assert timestamp(3661.0015) == "01:01:01.002"
    assert timestamp(59.9996) == "00:01:00.000"


def test_the_storyboard_goes_on_to_the_next_sheet() -> None:
    text = storyboard_vtt(count=5, step_s=2, duration_s=9, size=(160, 90), grid=(2, 2))
    cues = text.split("\n\n")[1:]
    assert cues[3] == "00:00:06.000 --> 00:00:08.000\nstoryboard-000.jpg#xywh=160,90,160,90"
    assert cues[4].strip() == "00:00:08.000 --> 00:00:09.000\nstoryboard-001.jpg#xywh=0,0,160,90"


def test_content_types() -> None:
    assert content_type("720p/index.m3u8") == "application/vnd.apple.mpegurl"
    assert content_type("720p/s00000.m4s") == "video/iso.segment"
    assert content_type("x") == "application/octet-stream"


def edits(*entries: tuple[int, int]) -> bytes:
    body = b"".join(struct.pack(">IiI", length, start, 0x10000) for length, start in entries)
    head = struct.pack(">I4sII", 16 + len(body), b"elst", 0, len(entries))
    return b"before" + head + body + b"after"


def test_an_empty_edit_goes_and_nothing_else_moves() -> None:
    made = straight_init(edits((80, -1), (0, 1024)))
    assert len(made) == len(edits((80, -1), (0, 1024)))
    assert made == edits((0, 1024))[:-5] + struct.pack(">I4sI", 12, b"free", 0) + b"after"


def test_the_priming_of_sound_is_left_out() -> None:
    assert straight_init(edits((0, 0)), 1024) == edits((0, 1024))
    with pytest.raises(ValueError, match="no edit list"):
        straight_init(b"moov")
    with pytest.raises(ValueError, match="another kind"):
        straight_init(edits())


def test_languages_get_their_short_tag() -> None:
    assert [bcp47(tag) for tag in ("nld", "dut", "ENG", "und", "nds")] == [
        "nl", "nl", "en", "und", "nds",
    ]  # fmt: skip
