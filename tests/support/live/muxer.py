"""FFmpeg's WHIP muxer, by PyAV: `python -m tests.support.live.muxer ADDRESS FOLDER`.

A process of its own: PyAV holds the interpreter while FFmpeg waits for the answer to its offer.
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction
from pathlib import Path

import av
from cryptography.hazmat.primitives import serialization

from tests.support.live.barcode import HEIGHT, WIDTH, Drawing
from tests.support.live.wire import Wire

X264 = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "30"}
FRAMES_PER_S = 30
AT_MOST_S = 60
SAMPLES = 48_000 // FRAMES_PER_S


def certificate_in(folder: Path) -> dict[str, str]:
    """On the curve WebRTC uses: left alone, FFmpeg makes one that browsers refuse."""
    certificate = Wire.shared_certificate()
    key, cert = folder / "key.pem", folder / "cert.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    key.write_bytes(certificate._key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    cert.write_bytes(certificate._cert.public_bytes(pem))
    return {"cert_file": str(cert), "key_file": str(key)}


def send(address: str, folder: Path) -> None:
    """Pictures with the clock in them, and silence, for a minute at most."""
    with av.open(address, "w", format="whip", options=certificate_in(folder)) as out:
        picture = out.add_stream("libx264", rate=FRAMES_PER_S, options=X264)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = out.add_stream("libopus", rate=48_000, layout="stereo")
        drawing, began = Drawing(), time.monotonic()
        for number in range(FRAMES_PER_S * AT_MOST_S):
            frame = drawing.picture(number)
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_S)
            out.mux(picture.encode(frame))
            out.mux(sound.encode(_silence(number)))
            time.sleep(max(0.0, began + number / FRAMES_PER_S - time.monotonic()))


def _silence(number: int) -> av.AudioFrame:
    frame = av.AudioFrame("s16", "stereo", SAMPLES)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.pts = 48_000, number * SAMPLES
    return frame


if __name__ == "__main__":
    send(sys.argv[1], Path(sys.argv[2]))
