"""The demo tour's worksheet: one A4 page as a PDF, written here, with the reader's own fonts."""

from collections.abc import Iterator

LINES = (
    ("F2", 22, "Zo maak je een windmolen"),
    ("F1", 11, "Werkblad bij de bedrijfstour van Havenlicht. Kijk eerst, werk dan in tweetallen."),
    ("F2", 13, "1. Op zee en op land"),
    ("F1", 11, "Eén molen maakt stroom voor 4.000 huizen. Hoeveel heeft jouw gemeente er nodig?"),
    ("", 0, ""),
    ("F2", 13, "2. In de hal"),
    ("F1", 11, "De robotarm zet tandwielen op hun plek. Welk werk doen hier mensen, en waarom?"),
    ("", 0, ""),
    ("F2", 13, "3. Het blad"),
    ("F1", 11, "Een blad is 40 meter lang. De punt gaat 80 meter per seconde. Hoe lang duurt"),
    ("F1", 11, "één rondje?"),
    ("", 0, ""),
    ("F2", 13, "4. De controlekamer"),
    ("F1", 11, "Bedenk twee dingen die mis kunnen gaan. Wat zou jij als eerste nakijken?"),
    ("", 0, ""),
    ("F2", 13, "5. En jij?"),
    ("F1", 11, "Welk van deze beroepen zou jij een dag willen proberen? Wat wil je er vragen?"),
    ("", 0, ""),
)  # fmt: skip
WIDTH, HEIGHT, MARGIN = 595, 842, 64  # A4 in points


def pdf() -> bytes:
    """The file, some 3 kB."""
    drawing = "\n".join(_drawing()).encode("cp1252")
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    return _file(
        b"<< /Type /Catalog /Pages 2 0 R /Lang (nl) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    )


def _drawing() -> Iterator[str]:
    y = HEIGHT - MARGIN - 20
    for font, size, text in LINES:
        if not font:
            yield from _room_to_write(y)
            y -= 76
            continue
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        yield f"BT /{font} {size} Tf {MARGIN} {y} Td ({escaped}) Tj ET"
        y -= round(size * 1.7)


def _room_to_write(y: int) -> Iterator[str]:
    for line in range(2):
        at = y - 20 - line * 26
        yield f"0.6 G 0.5 w {MARGIN} {at} m {WIDTH - MARGIN} {at} l S"


def _file(*objects: bytes) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)
