import io
import zipfile

import pytest

from rooms.errors import Refused
from rooms.tours import documents


def _zip(name: str, text: str = "x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, text)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"%PDF-1.7\n", ".pdf"),
        (_zip("word/document.xml"), ".docx"),
        (_zip("mimetype", "application/vnd.oasis.opendocument.text"), ".odt"),
        (b"\x89PNG\r\n\x1a\n....", ".png"),
        (b"\xff\xd8\xff\xe0....", ".jpg"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, suffix: str) -> None:
    assert documents.kind_of(data).suffix == suffix


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "document_empty"),
        (b"<html><script>alert(1)</script>", "document_kind"),
        (_zip("xl/workbook.xml"), "document_kind"),
        (b"<svg onload='alert(1)'/>", "document_kind"),
        (b"%PDF-" + bytes(documents.MAX_BYTES), "document_large"),
    ],
)
def test_anything_else_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        documents.kind_of(data)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Werkblad 3B.pdf", "Werkblad 3B.pdf"),
        ("..\\..\\windows\\cmd.exe", "cmd.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ('a"; filename="b.html', "a filename b.pdf"),
        ("naïve – übung\r\nX: y.docx", "naïve übung X y.pdf"),
        ("....", "document.pdf"),
    ],
)
def test_a_name_is_safe_to_save_under(typed: str, kept: str) -> None:
    assert documents.safe_name(typed, ".pdf") == kept
