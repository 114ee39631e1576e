"""Which bytes a `Range` header asks for; pure (RFC 9110, section 14)."""

import re

# One range only: players ask for nothing else, and a server may send the whole instead.
_ONE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


class OutOfReach(Exception):
    """No byte of the file is in the range: 416."""


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, end) with `end` excluded, or None when the whole file is to be sent.

    Headers that cannot be understood are ignored, as the standard says. Raises `OutOfReach`.
    """
    found = _ONE.fullmatch(header or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return _tail(int(last), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise OutOfReach
    return start, min(int(last) + 1, size) if last else size


def _tail(length: int, size: int) -> tuple[int, int]:
    if not length or not size:
        raise OutOfReach
    return max(0, size - length), size
