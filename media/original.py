"""What an original film is and what it may be: plain facts, no reading of files."""

from __future__ import annotations

from dataclasses import dataclass

_PQ, _HLG = 16, 18  # transfer characteristics of ISO/IEC 23091-2


@dataclass(frozen=True)
class Limits:
    """What a film may be. The defaults are the product's promise; tests take smaller ones."""

    max_duration_s: float = 3 * 3600.0
    max_bytes: int = 20 * 1000**3
    max_pixels: int = 8192 * 4608
    max_packets: int = 6_000_000  # 3 h at 60 pictures/s with three sound tracks is 2.2 million
    max_audio_tracks: int = 8
    probe_wall_s: float = 50.0  # for a small file; a large one gets the time to be read
    probe_memory_bytes: int = 1536 * 1024**2


@dataclass(frozen=True)
class AudioTrack:
    """One sound track that decodes. `language`: ISO 639 as the file has it, "und" if not told."""

    index: int
    codec: str
    language: str
    title: str
    channels: int
    layout: str
    rate_hz: int
    start_s: float
    end_s: float
    is_default: bool


@dataclass(frozen=True)
class Probe:
    """What the packets and the first decoded pictures say. Times in s from the film's start.

    `width`, `height`: pixels as coded, before `rotation` (degrees, a multiple of 90) and the
    pixel shape `sar_num/sar_den`. `transfer`, `matrix`: ISO/IEC 23091-2 codes of the first picture
    (2: not told).
    `unheard_tracks`: sound tracks left out because nothing in them decodes.
    """

    demuxer: str
    size_bytes: int
    duration_s: float
    video_index: int
    video_codec: str
    video_start_s: float
    video_end_s: float
    width: int
    height: int
    rotation: int
    sar_num: int
    sar_den: int
    pix_fmt: str
    transfer: int
    matrix: int
    frames: int
    fps_average: float
    fps_guessed: float
    fps_median: float
    is_vfr: bool
    is_interlaced: bool
    audio: tuple[AudioTrack, ...]
    unheard_tracks: int
    has_data: bool
    has_subtitles: bool

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (_PQ, _HLG)

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height in square pixels as a viewer sees them, rotation applied."""
        shape = self.sar_num / self.sar_den if self.sar_den and self.sar_num else 1.0
        if not 1 / 8 <= shape <= 8:
            shape = 1.0  # nobody's film; a header that lies
        wide, high = max(1, round(self.width * shape)), self.height
        return (high, wide) if self.rotation % 180 else (wide, high)
