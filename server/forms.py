"""Values out of a posted form, as people mean them."""

from datetime import date
from uuid import UUID

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from rooms.errors import Refused


def line(form: FormData, name: str) -> str:
    """One line of text: ends trimmed, line breaks become spaces, everything else as typed."""
    return " ".join(_typed(form, name).split("\n")).strip()


def lines(form: FormData, name: str) -> str:
    """Text of several lines, ends trimmed, each line break one newline."""
    return _typed(form, name).strip()


def many(form: FormData, name: str) -> list[str]:
    """Every ticked box of one name."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def day(form: FormData, name: str) -> date | None:
    """A date as the browser's date field sends it; None when empty or not a date."""
    try:
        return date.fromisoformat(line(form, name))
    except ValueError:
        return None


def uuid(form: FormData, name: str) -> UUID | None:
    """An id from a list of choices; None when there is none."""
    try:
        return UUID(line(form, name))
    except ValueError:
        return None


def check_size(request: Request, limit_bytes: int) -> None:
    """Refuses a form with a file by its length, before any of it is read.

    Beside the file there is room for the other fields. A browser always tells the length.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > limit_bytes + 1_000_000:
        raise Refused("file_large", limit_mb=limit_bytes // 1_000_000)


async def upload(form: FormData, name: str, *, limit_bytes: int) -> tuple[str, bytes]:
    """(file name, bytes) of a file field; refused with `file_large` beyond the limit."""
    value = form.get(name)
    if not isinstance(value, UploadFile):
        return "", b""
    data = await value.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise Refused("file_large", limit_mb=limit_bytes // 1_000_000)
    return value.filename or "", data


def _typed(form: FormData, name: str) -> str:
    value = form.get(name, "")
    if not isinstance(value, str):
        return ""
    # PostgreSQL's text holds every character but this one.
    return value.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
