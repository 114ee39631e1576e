"""Small films made for a test, and twins of the traps that real senders walk into."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from media.ffmpeg import executable

PICTURE = ["-f", "lavfi", "-i", "testsrc2=size={size}:rate={rate}:duration={seconds}"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]


def ffmpeg(*arguments: str | Path) -> None:
    command = [executable(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


def film(
    path: Path,
    *extra: str,
    seconds: float = 2,
    size: str = "320x180",
    rate: str = "25",
    sound: str | None = "sine=frequency=440:sample_rate=44100",
    codec: list[str] | None = None,
) -> Path:
    """A test picture with a tone; `extra` are output options."""
    picture = [p.format(size=size, rate=rate, seconds=seconds) for p in PICTURE]
    tone = ["-f", "lavfi", "-t", str(seconds), "-i", sound] if sound else []
    aac = ["-c:a", "aac"] if sound else []
    ffmpeg(*picture, *tone, *(codec or H264), *aac, *extra, path)
    return path


def cut(source: Path, target: Path, share: float) -> Path:
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def claiming_49_days(source: Path, target: Path) -> Path:
    """Every duration in the headers becomes 4 294 967 294 units."""
    data = bytearray(source.read_bytes())
    for box, at in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        start = data.find(box)
        while start >= 0:
            struct.pack_into(">I", data, start + at, 0xFFFFFFFE)
            start = data.find(box, start + 4)
    target.write_bytes(data)
    return target


def claiming_65535_pixels(source: Path, target: Path) -> Path:
    data = bytearray(source.read_bytes())
    struct.pack_into(">HH", data, data.find(b"avc1", data.find(b"stsd")) + 28, 65535, 65535)
    target.write_bytes(data)
    return target


def without_samples(source: Path, target: Path) -> Path:
    """Only what stands before the first fragment."""
    data = source.read_bytes()
    target.write_bytes(data[: data.find(b"moof") - 4])
    return target


def time_bomb(path: Path) -> Path:
    """Twelve pictures over 48 hours: 4.3 million at a constant rate."""
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=1:duration=12",
        "-vf", "settb=1/1000,setpts=N*14400000", "-fps_mode", "passthrough",
        "-enc_time_base", "1/1000", *H264, path,
    )  # fmt: skip
    return path


def locked(path: Path) -> Path:
    key = "00112233445566778899aabbccddeeff"
    return film(
        path, "-encryption_scheme", "cenc-aes-ctr",
        "-encryption_key", key, "-encryption_kid", key, seconds=1,
    )  # fmt: skip


def thief(folder: Path) -> tuple[Path, Path]:
    """A playlist called film.mp4 beside somebody else's film."""
    secret = film(folder / "secret.ts", seconds=1, sound=None)
    playlist = folder / "thief.mp4"
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n", "utf-8"
    )
    return playlist, secret
