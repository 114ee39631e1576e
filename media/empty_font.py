"""The smallest font: one empty glyph.

libass asks for a font even for an event that only draws, and leaves the event out when a machine
has none at all. A script that brings this one along is drawn everywhere. Pure.
"""

import struct

FAMILY = "PortholeEmpty"
UNITS_PER_EM = 1000
LINE_CHARACTERS = 80


def section() -> str:
    """The font as the `[Fonts]` section of an Advanced SubStation Alpha script."""
    text = _in_characters(truetype())
    lines = [text[at : at + LINE_CHARACTERS] for at in range(0, len(text), LINE_CHARACTERS)]
    return "\n".join(["[Fonts]", f"fontname: {FAMILY}.ttf", *lines, ""])


def truetype() -> bytes:
    """The font as a TrueType file."""
    tables = {
        b"cmap": _no_characters(),
        b"glyf": bytes(4),
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh",
            0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0, UNITS_PER_EM, 0, 0,
            0, 0, 0, 0, 0, 8, 2, 0, 0,
        ),
        b"hhea": struct.pack(">IhhhHhhh", 0x00010000, 800, -200, 0, 500, 0, 0, 0)
        + struct.pack(">hhhhhhhhH", 1, 0, 0, 0, 0, 0, 0, 0, 1),
        b"hmtx": struct.pack(">Hh", 500, 0),
        b"loca": struct.pack(">HH", 0, 0),
        b"maxp": struct.pack(">IH13H", 0x00010000, 1, *[0] * 2, 0, 0, 1, *[0] * 8),
        b"name": _names(),
    }  # fmt: skip
    return _file(tables)


def _no_characters() -> bytes:
    """A Unicode table (format 4) with nothing but the segment that ends each such table."""
    segment = struct.pack(">HHHHH", 0xFFFF, 0, 0xFFFF, 1, 0)
    table = struct.pack(">HHHHHHH", 4, 14 + len(segment), 0, 2, 2, 0, 0) + segment
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + table


def _names() -> bytes:
    """Family, style, full and PostScript name, in the form that Windows reads."""
    words = {1: FAMILY, 2: "Regular", 4: FAMILY, 6: FAMILY}
    records, texts = b"", b""
    for number, word in words.items():
        text = word.encode("utf-16-be")
        records += struct.pack(">HHHHHH", 3, 1, 0x0409, number, len(text), len(texts))
        texts += text
    return struct.pack(">HHH", 0, len(words), 6 + len(records)) + records + texts


def _file(tables: dict[bytes, bytes]) -> bytes:
    """The tables behind their directory, each begun at a multiple of four bytes."""
    power = len(tables).bit_length() - 1
    search = 16 << power
    directory = struct.pack(
        ">IHHHH", 0x00010000, len(tables), search, power, 16 * len(tables) - search
    )
    at = len(directory) + 16 * len(tables)
    content = b""
    for tag, table in sorted(tables.items()):
        padded = table + bytes(-len(table) % 4)
        directory += struct.pack(">4sIII", tag, _sum(padded), at + len(content), len(table))
        content += padded
    return directory + content


def _sum(padded: bytes) -> int:
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def _in_characters(data: bytes) -> str:
    """Three bytes as four characters from `!` on; a rest of one or two bytes as one more each."""
    text = ""
    for at in range(0, len(data), 3):
        group = data[at : at + 3]
        bits = int.from_bytes(group.ljust(3, b"\0"), "big")
        text += "".join(
            chr(33 + (bits >> shift & 63)) for shift in (18, 12, 6, 0)[: len(group) + 1]
        )
    return text
