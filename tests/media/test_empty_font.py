"""A drawing is drawn on a machine without any font."""

import subprocess
from pathlib import Path

from media import demo_film, empty_font, ffmpeg

SQUARE = demo_film.Shape(0, 0, 2, "ffffff", demo_film.box(demo_film.WIDTH, demo_film.HEIGHT))


def test_a_machine_without_fonts_draws_all_the_same(tmp_path: Path) -> None:
    ours = demo_film.HEADER
    theirs = ours.replace(empty_font.section(), "").replace(empty_font.FAMILY, "Sans")
    assert mean_of_picture(tmp_path, theirs) < 5, "without a font nothing is drawn"
    assert mean_of_picture(tmp_path, ours) > 250


def mean_of_picture(folder: Path, header: str) -> float:
    """How bright the drawn square is, of 255, where fontconfig knows no folder of fonts."""
    (folder / "fonts.conf").write_text("<fontconfig></fontconfig>")
    (folder / "square.ass").write_text(header + SQUARE.line() + "\n")
    picture = subprocess.run(
        [
            ffmpeg.executable(), "-v", "error", "-f", "lavfi", "-i", "color=black:s=64x36:d=1",
            "-vf", "ass=square.ass,format=gray", "-frames:v", "1", "-f", "rawvideo", "pipe:1",
        ],
        cwd=folder,
        env={"HOME": str(folder), "FONTCONFIG_FILE": str(folder / "fonts.conf")},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout  # fmt: skip
    return sum(picture) / len(picture)


def test_the_section_holds_the_font() -> None:
    title, name, *lines, last = empty_font.section().split("\n")
    assert (title, name, last) == ("[Fonts]", "fontname: PortholeEmpty.ttf", "")
    text = "".join(lines)
    values = [ord(one) - 33 for one in text]
    groups = [values[at : at + 4] for at in range(0, len(values), 4)]
    data = b"".join(
        sum(value << shift for value, shift in zip(group, (18, 12, 6, 0), strict=False))
        .to_bytes(3, "big")[: len(group) - 1]
        for group in groups
    )  # fmt: skip
    assert data == empty_font.truetype()
