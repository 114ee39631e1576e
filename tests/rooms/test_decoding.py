import pytest

from rooms.decoding import decoded
from rooms.errors import Refused

DUTCH = "Coöperatief Lyceum Çelebi – één & twee €, ’s avonds\r\nnaïef\n"
RUSSIAN = (
    "Здравствуйте, сегодня мы покажем вам, как делают хлеб на нашем заводе. "
    "Мы начинаем рано утром, когда город ещё спит."
)


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
def test_dutch_is_read_in_any_encoding(encoding: str) -> None:
    assert decoded(DUTCH.encode(encoding)) == DUTCH


def test_a_big_endian_mark_is_believed() -> None:
    assert decoded(b"\xfe\xff" + DUTCH.encode("utf-16-be")) == DUTCH


def test_one_accent_in_a_short_text_is_western() -> None:
    assert decoded("Café".encode("cp1252")) == "Café"


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_another_alphabet_is_guessed(encoding: str) -> None:
    assert decoded(RUSSIAN.encode(encoding)) == RUSSIAN


def test_nothing_is_an_empty_text() -> None:
    assert decoded(b"") == ""
    assert decoded(b"\xef\xbb\xbf") == ""


@pytest.mark.parametrize(
    "data",
    [b"\x00" * 64, b"PK\x03\x04\x14\x00\x00\x00\x08\x00ab\x00", b"\x89PNG\r\n\x1a\n\x00\x00"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        decoded(data)
    assert refused.value.code == "not_text"
