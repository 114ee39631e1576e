"""Codes people type and tokens machines carry; and the school year a class code lives for.

A class code is short because a pupil types it from a screen; it is guessed at a limited rate,
leads only to a class, and ends with the school year. Whatever opens more than that is a token
of 128 bits or more, kept only as its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rooms.errors import Refused

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, O, 1, I and L: nobody can tell them apart from the back of a classroom."""

CODE_LENGTH = 6
MAIL_CODE_LENGTH = 6

_MAIL_CODE = re.compile(rf"[0-9]{{{MAIL_CODE_LENGTH}}}")
_BETWEEN = re.compile(r"[\s\-_.·:/]+|[\u2010-\u2015\u2212\u200b-\u200f\ufeff]")
# Keyboards of other scripts draw these the same; only letters that a code can hold.
_TWINS = str.maketrans(
    "АВСЕНКМРТХУЅЈ" + "ΑΒΕΗΚΜΝΡΤΧΥΖ",  # Cyrillic, then Greek capitals
    "ABCEHKMPTXYSJ" + "ABEHKMNPTXYZ",
)


def new_class_code() -> str:
    """Six characters; unique among classes only by the database's word."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def parse_class_code(typed: str) -> str:
    """The code meant by what was typed: any case, with blanks, dashes or look-alike letters.

    A 0, O, 1, I or L stands in no code and is not guessed at: a guess could lead into another
    class. Raises `Refused`: `class_code_empty`, `class_code_character` (which one),
    `class_code_length`.
    """
    code = _bare(typed).upper().translate(_TWINS)
    if not code:
        raise Refused("class_code_empty")
    for character in code:
        if character not in ALPHABET:
            raise Refused("class_code_character", character=character)
    if len(code) != CODE_LENGTH:
        raise Refused("class_code_length", length=len(code), expected=CODE_LENGTH)
    return code


def shown_class_code(code: str) -> str:
    """In two halves, as it is read aloud: `K7M 2QX`."""
    return f"{code[:3]} {code[3:]}"


def _bare(typed: str) -> str:
    """Full-width and styled characters as plain ones, and nothing between them."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", typed))


def new_link_token() -> str:
    """128 random bits for a QR link, 22 characters fit for a URL."""
    return secrets.token_urlsafe(16)


def new_seat_token() -> str:
    """256 random bits for one device in one session; a new one each session."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is stored of a token. Plain SHA-256 is enough: a token is too long to be guessed."""
    return hashlib.sha256(token.encode()).digest()


def new_mail_code() -> str:
    """Six digits, leading zeros kept."""
    return f"{secrets.randbelow(10**MAIL_CODE_LENGTH):0{MAIL_CODE_LENGTH}d}"


def parse_mail_code(typed: str) -> str:
    """The six digits meant; raises `Refused` `mail_code_form` for anything else."""
    code = _bare(typed)
    if not _MAIL_CODE.fullmatch(code):
        raise Refused("mail_code_form", expected=MAIL_CODE_LENGTH)
    return code


def hash_mail_code(code: str, address: str, secret: bytes) -> bytes:
    """What is stored of a mail code, bound to its address.

    Keyed: a million possibilities could be tried on a plain hash in a second.
    """
    return hmac.digest(secret, f"{address.casefold()}\n{code}".encode(), "sha256")


def new_screen_number() -> str:
    """Two digits a classroom screen shows and its teacher confirms on her phone."""
    return f"{10 + secrets.randbelow(90)}"


@dataclass(frozen=True)
class SchoolYear:
    """A school year in a school's own zone: first day, last day (both inside), zone."""

    first_day: date
    last_day: date
    zone: str

    @property
    def name(self) -> str:
        """`2025/26`; a year that starts in January is just `2025`."""
        if self.first_day.year == self.last_day.year:
            return str(self.first_day.year)
        return f"{self.first_day.year}/{self.last_day.year % 100:02d}"

    @property
    def starts_at(self) -> datetime:
        return _midnight(self.first_day, self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it, in UTC."""
        return _midnight(self.last_day + timedelta(days=1), self.zone)


def school_year_at(moment: datetime, zone: str, start_month: int = 8) -> SchoolYear:
    """The school year a moment falls in, by the local date."""
    return school_year_on(moment.astimezone(ZoneInfo(zone)).date(), zone, start_month)


def school_year_on(day: date, zone: str, start_month: int = 8) -> SchoolYear:
    """The school year of a local date; by default 1 August to 31 July."""
    year = day.year if day.month >= start_month else day.year - 1
    first_day = date(year, start_month, 1)
    last_day = date(year + 1, start_month, 1) - timedelta(days=1)
    return SchoolYear(first_day, last_day, zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
