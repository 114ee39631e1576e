"""What a file really is: read in a confined child process, told as one frozen `Probe`.

Nothing in here parses the film: the child does, under limits on time, memory and files, without
network, and with the demuxer forced to what the first bytes call for.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from media.child import ChildLimits, Ended, run_child
from media.containers import HEAD_BYTES, demuxer_of
from media.errors import CODES, Refused

_ROOT = str(Path(__file__).resolve().parent.parent)
# -I keeps the working folder and the environment out of the child's imports
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); " \
    "from media.probe_child import main; main(sys.argv[1:])"  # fmt: skip

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
    pixel shape `sar_num/sar_den`. `transfer`: ISO/IEC 23091-2 code of the first picture.
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


async def probe_film(path: Path, limits: Limits | None = None) -> Probe:
    """Look at one file. Raises Refused with every code of its kind in `media.errors`."""
    limits = limits or Limits()
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size - HEAD_BYTES))
        demuxer_of(head, file.read())  # what is plainly no film costs no process
    ended = await run_child(
        [sys.executable, "-I", "-c", _BOOT, _ROOT, str(path.resolve()), _as_json(limits)],
        _child_limits(limits, size),
        folder=path.parent,
    )
    probe = _understand(ended)
    if probe.duration_s > limits.max_duration_s:
        raise Refused("too_long", duration_s=probe.duration_s, limit_s=limits.max_duration_s)
    return probe


def _as_json(limits: Limits) -> str:
    return msgspec.json.encode(asdict(limits)).decode()


def _child_limits(limits: Limits, size: int) -> ChildLimits:
    wall_s = limits.probe_wall_s + size / 20e6  # a slow disk reads 20 MB/s
    return ChildLimits(
        wall_s=wall_s,
        cpu_s=int(wall_s),
        memory_bytes=limits.probe_memory_bytes,
        file_bytes=0,  # it has nothing to write
        open_files=32,
        nice=0,
    )


def _understand(ended: Ended) -> Probe:
    """A child that died of its film has said that the film is unreadable."""
    try:
        answer = msgspec.json.decode(ended.stdout)
    except msgspec.DecodeError:
        raise Refused("unreadable") from None
    if (code := answer.get("refused")) in CODES:
        raise Refused(code, **answer["params"])
    return msgspec.convert(answer["probe"], Probe)
