"""From the bytes people hand in to text, whatever program wrote them.

Marks at the start are believed, then UTF-8, which hardly anything else is by accident. What is
left is nearly always Windows-1252 in our part of the world; only when that reads as nonsense is
a guess made from the letters' frequency, because on a few lines such a guess is often wrong.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from rooms.errors import Refused

# The 32-bit mark begins with the 16-bit one, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ACCENTED_IN_WESTERN_TEXT = 0.25
"""More accented letters than this and it is not a western language read rightly."""
_GUESS_FROM_BYTES = 65_536
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NO_LETTERS = bytes(code for code in range(256) if not chr(code).isalpha() or code > 127)


def decoded(data: bytes) -> str:
    """The text in `data`, without any mark at its start, line ends as they were.

    Raises `Refused` `not_text` for what is no text at all (a picture, a Word file, a film).
    """
    marked = _marked(data)
    text = marked if marked is not None else _plain(data)
    if text is None or "\x00" in text:
        raise Refused("not_text")
    return text


def _marked(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return None


def _plain(data: bytes) -> str | None:
    """Without a mark: UTF-16 shows itself by its zeros, the rest is tried in order."""
    if b"\x00" in data[:4096]:
        return _try(data, "utf-16-be" if data[:1] == b"\x00" else "utf-16-le")
    text = _try(data, "utf-8")
    return text if text is not None else _one_byte(data)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _one_byte(data: bytes) -> str | None:
    western = _try(data, "cp1252")
    if western is not None and _reads_western(western):
        return western
    guess = from_bytes(data[:_GUESS_FROM_BYTES]).best()
    guessed = _try(data, guess.encoding) if guess else None
    return guessed if guessed is not None else western


def _reads_western(text: str) -> bool:
    accented = sum(
        character.isalpha() for part in _BEYOND_ASCII.findall(text) for character in part
    )
    plain = len(text.encode("ascii", "ignore").translate(None, _NO_LETTERS))
    return bool(accented <= _ACCENTED_IN_WESTERN_TEXT * (accented + plain))
