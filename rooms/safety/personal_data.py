"""Finds personal data in what a pupil wrote: a phone number, an @handle, a mail address.

It is a sieve before a person's eyes, not in place of them: what it holds back waits for the
teacher. It knows how Dutch and English pupils write around a filter: numbers in words, "at" and
"dot" spelled out, spaces between letters and digits.
"""

import re
import unicodedata
from typing import Literal

HeldFor = Literal["phone", "handle", "email"]

# A phone number has nine digits or more; years, prices and amounts have fewer.
PHONE_DIGITS = 9

_DIGIT_WORDS = {
    "nul": "0", "zero": "0", "oh": "0", "een": "1", "één": "1", "one": "1", "twee": "2",
    "two": "2", "drie": "3", "three": "3", "vier": "4", "four": "4", "vijf": "5", "five": "5",
    "zes": "6", "six": "6", "zeven": "7", "seven": "7", "acht": "8", "eight": "8", "negen": "9",
    "nine": "9", "tien": "10", "ten": "10", "elf": "11", "eleven": "11", "twaalf": "12",
    "twelve": "12", "dertien": "13", "thirteen": "13", "veertien": "14", "fourteen": "14",
    "vijftien": "15", "fifteen": "15", "zestien": "16", "sixteen": "16", "zeventien": "17",
    "seventeen": "17", "achttien": "18", "eighteen": "18", "negentien": "19", "nineteen": "19",
}  # fmt: skip
_TENS = {
    "twintig": 20, "twenty": 20, "dertig": 30, "thirty": 30, "veertig": 40, "forty": 40,
    "vijftig": 50, "fifty": 50, "zestig": 60, "sixty": 60, "zeventig": 70, "seventy": 70,
    "tachtig": 80, "eighty": 80, "negentig": 90, "ninety": 90,
}  # fmt: skip
_UNITS = ("een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen")
# "eenentwintig", "tweeëntwintig": the unit before the ten, in one word.
_DUTCH_TENS = {
    f"{unit}en{ten}": str(value + place)
    for ten, value in _TENS.items()
    if ten.endswith("tig")
    for place, unit in enumerate(_UNITS, 1)
}
_NUMBERS = {
    **_DIGIT_WORDS,
    **{word: str(value) for word, value in _TENS.items()},
    **_DUTCH_TENS,
}
# "double five", "dubbel nul": the next digit twice.
_TIMES = {"double": 2, "dubbel": 2, "dubbele": 2, "triple": 3, "driedubbel": 3}
_BETWEEN = r"[\s.,;:/\\()_*'’·|-]*"
_PHONE = re.compile(rf"\+?\d(?:{_BETWEEN}\d){{{PHONE_DIGITS - 1},}}")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_AT = re.compile(r"\s*[\[({<]?\s*(?<!\w)(?:at|ape(?:n)?staart(?:je)?|arroba)(?!\w)\s*[\])}>]?\s*")
_DOT = re.compile(r"\s*[\[({<]?\s*(?<!\w)(?:dot|punt|stip)(?!\w)\s*[\])}>]?\s*")
_EMAIL = re.compile(r"[\w.+-]+\s*@\s*(?:[\w-]+\s*\.\s*)+[^\W\d_]{2,}")
_SPELLED_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}")
_HANDLE = re.compile(r"(?<![\w.])@\s?[\w.]*[^\W\d_][\w.]*")
_APPS = r"(?:insta(?:gram)?|snap(?:chat)?|tiktok|discord|whatsapp|telegram|roblox|steam|kik)"
# "my snap is …", "insta: …": a name on a network without its @.
_NAMED = re.compile(rf"(?<!\w){_APPS}(?:\s*(?:is|=|:|naam|name|tag|heet)+)+\s*\S*[\w]")
# "insta jan.jansen", "snap jan_07": what looks like an account right behind the network.
_BESIDE = re.compile(rf"(?<!\w){_APPS}\s+[^\W\d_]\w*(?:\.\w+|_\w+|\d)")


def reasons(text: str) -> tuple[HeldFor, ...]:
    """Why this text waits for somebody's eyes; empty: nothing was found."""
    plain = _plain(text)
    found: list[HeldFor] = []
    if _has_phone(plain):
        found.append("phone")
    rest, has_email = _without_email(plain)
    if any(one.search(rest) for one in (_HANDLE, _NAMED, _BESIDE)):
        found.append("handle")
    if has_email:
        found.append("email")
    return tuple(found)


def _plain(text: str) -> str:
    """Lower case, look-alike forms of letters and digits as the usual ones, nothing invisible."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_usual(one) for one in folded if unicodedata.category(one) != "Cf")


def _usual(one: str) -> str:
    digit = unicodedata.digit(one, None)
    return str(digit) if digit is not None else one


def _without_email(plain: str) -> tuple[str, bool]:
    rest, direct = _EMAIL.subn(" ", plain)
    spelled = _SPELLED_EMAIL.search(_DOT.sub(".", _AT.sub("@", rest)))
    return rest, bool(direct or spelled)


def _has_phone(plain: str) -> bool:
    return _PHONE.search(plain) is not None or _PHONE.search(_in_digits(plain)) is not None


def _in_digits(plain: str) -> str:
    """The text with numbers in words as digits; each other word breaks a row of them."""
    without = unicodedata.normalize("NFC", plain.replace("ë", "e").replace("é", "e"))
    said: list[str] = []
    times = 1
    for word in _WORD.findall(without):
        digits = word if word.isdecimal() else _NUMBERS.get(word)
        if digits is not None:
            said.append(digits * times)
            times = 1
        elif word in _TIMES:
            times = _TIMES[word]
        else:
            said.append("x")
            times = 1
    return " ".join(said)
