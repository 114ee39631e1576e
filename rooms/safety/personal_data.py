"""Finds personal data in what a pupil wrote: a phone number, an account name, a mail address, where
somebody lives, a full name.

It is a sieve before a person's eyes, not in place of them: what it holds back waits for the
teacher. It knows how Dutch and English pupils write around a filter: numbers in words, "at" and
"dot" spelled out, spaces between letters and digits. What pupils ask of a company every day passes:
years, prices, amounts and machine numbers; the tests hold a list of such questions.
"""

import re
import unicodedata
from typing import Literal

HeldFor = Literal["phone", "handle", "email", "address", "name"]

# A phone number has nine digits or more; years, prices and amounts have fewer.
PHONE_DIGITS = 9
# Without its area code it has six to eight: a number only beside a word that says so, or alone.
LOCAL_DIGITS = 6, 8

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
_FEWEST, _MOST = LOCAL_DIGITS
_LOCAL = re.compile(
    rf"(?<![\d.,])\d(?:{_BETWEEN}\d){{{_FEWEST - 1},{_MOST - 1}}}(?!{_BETWEEN}\d)(?![^\W\d_])"
)
_ONLY_LOCAL = re.compile(rf"\W*{_LOCAL.pattern}\W*")
_CALLS = re.compile(
    r"(?<!\w)(?:(?:bel|app|sms|text|call|ring|phone)\s+(?:me|mij|us|ons|maar|naar|op)"
    r"|(?:mijn|m['’]n|mn|my|ons|our)\s+(?:mobiele?\s+)?(?:nummer|number|nr|mobiel|mobile|phone|tel)"
    r"|tel(?:efoon)?(?:nummer|nr)?\s*[.:=]|(?:telefoon|phone)\s*(?:nummer|number)\s+is"
    r"|whatsapp|bereikbaar\s+op)(?!\w)"
)
# What has nine digits too and is no phone number: 1.250.000.000, 12-03-2026 14:30, "2019, 2020 en
# 2021", "10, 20, 30, 40 of 50". None of them begins as phone numbers do.
_EXPLAINED = re.compile(
    r"(?<![\d.,+])(?<!\d,\s)(?:"
    r"[1-9]\d{0,2}(?:[.,]\d{3})+(?![.,]?\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d"
    r"(?:,?\s+(?:om\s+|at\s+)?\d{1,2}[:.]\d\d)?(?![\s.,/-]*\d)"
    r"|(?:19|20)\d\d(?:(?:\s*[,/&–-]\s*|\s+)(?:19|20)\d\d)+(?![\s.,/-]*\d)"
    r"|[1-9]\d{0,3}(?:,\s+[1-9]\d{0,3}){2,}(?![\s./-]*\d)"
    r")"
)
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
# "ig: sanne", "sc = sanne": too short to mean anything without the sign behind it.
_SHORT = re.compile(r"(?<!\w)(?:ig|sc|tt|dc)\s*[:=]\s*[^\W\d_]\w{2,}")
# "my tiktok sannexo": what follows is no word that goes on with the sentence.
_MINE = re.compile(
    rf"(?<!\w)(?:mijn|m['’]n|mn|my)\s+{_APPS}\s+"
    r"(?!(?:en|of|and|or|om|op|in|voor|for|met|with|on|at|is|was|niet|not|te|to|al|heb|have|has|heeft"
    r"|doet|does|werkt|works|wordt|gaat|staat|kan|can|mag|may|wil|want|when|als|waar|where|account"
    r"|accounts|naam|name|video|videos|filmpje|filmpjes|post|posts|feed|app|nodig"
    r"|aan|uit|open|zien|see|volgen|follow|gebruiken|use|laten|kijken|bekijken|checken|check)(?!\w))[^\W\d_]\w{2,}"
)
# "apenstaartje sanne": an @ in words before a name; "at" alone is an English word.
_SPELLED_HANDLE = re.compile(r"(?<!\w)(?:ape(?:n)?staart(?:je)?|arroba)\s+[^\W\d_]\w*")
_STREET = (
    r"(?:[^\W\d_]+(?:straat|laan|weg|plein|dijk|kade|singel|gracht|steeg|hof|pad|dreef|plantsoen|erf)"
    r"|(?:[^\W\d_]+\s+)?(?:street|road|lane|avenue|drive|close|crescent|court))"
)
# A house number, and not "5 km" or "2 fabrieken": the sentence ends there, or goes on after a stop.
_HOUSE = r"\d{1,4}\s?[a-z]?(?=\s*(?:$|[.,;:!?()]|(?:in|te|bij|en|and|of)\s))"
_LIVES = re.compile(
    r"(?<!\w)(?:"
    rf"(?:(?:ik|wij|we)\s+wo(?:on|nen)|wo(?:on|nen)\s+(?:ik|wij|we))\s[^.?!]{{0,40}}?"
    rf"(?:{_STREET}|[^\W\d_]{{5,}})\s+{_HOUSE}"
    rf"|(?:ik|wij|we)\s+wo(?:on|nen)\s[^.?!]{{0,30}}?{_STREET}(?!\w)"
    rf"|(?:i|we)\s+live\s+(?:at|on|in)\s[^.?!]{{0,30}}?{_STREET}(?!\w)"
    r"|(?:i|we)\s+live\s+at\s+(?:number\s+)?\d{1,4}(?!\d)"
    r"|(?:mijn|m['’]n|mn|ons|my|our)\s+(?:huis)?(?:home\s+)?(?:adres|address)\s*(?:is|:|=)"
    rf"|(?:kom|come)\s[^.?!]{{0,30}}?(?:langs|over|thuis)[^.?!]{{0,20}}?{_STREET}\s+\d{{1,4}}"
    r")"
)
# "1234 AB 12", "Dorpsstraat 12, 1234 AB": a Dutch postcode with its house; not 2000 KG.
_CODE = r"[1-9]\d{3}\s?(?!SA|SD|SS|KG|CM|MM|KM|PK|CC|KW|HP|ML|DL|MB|GB|TB)[A-Z]{2}"
_POSTCODE = re.compile(
    rf"(?<!\w){_CODE}\s*,?\s+(?:nr\.?\s*|(?:huis)?nummer\s+)?\d{{1,4}}(?!\w)"
    rf"|[^\W\d_]{{3,}}\s+\d{{1,4}}\s?[a-z]?\s*,?\s+{_CODE}(?!\w)"
)
# A first and a second name with their capitals, said to be one's own.
_PARTICLES = r"(?:(?:van|de|der|den|ten|ter|te|het|el|al|von|da|di|bin|ibn)\s+){0,3}"
_NAME = r"[A-ZÀ-ÖØ-Þ][^\W\d_'’-]*(?:['’-][^\W\d_]+)*"
_FULL_NAME = re.compile(
    r"(?<!\w)(?i:ik\s+heet|ik\s+ben|mijn\s+naam\s+is|m['’]n\s+naam\s+is|my\s+name\s+is|my\s+name['’]s"
    rf"|i\s+am\s+called)\s+{_NAME}\s+{_PARTICLES}{_NAME}(?!\w)"
)


_HANDLES = (_HANDLE, _NAMED, _BESIDE, _SHORT, _MINE)


def reasons(text: str) -> tuple[HeldFor, ...]:
    """Why this text waits for somebody's eyes; empty: nothing was found."""
    plain = _plain(text)
    found: list[HeldFor] = []
    if _has_phone(plain):
        found.append("phone")
    rest, has_email = _without_email(plain)
    if any(one.search(rest) for one in _HANDLES) or (
        not has_email and _SPELLED_HANDLE.search(rest)
    ):
        found.append("handle")
    if has_email:
        found.append("email")
    typed = unicodedata.normalize("NFKC", text)
    if _LIVES.search(plain) or _POSTCODE.search(typed):
        found.append("address")
    if _FULL_NAME.search(typed):
        found.append("name")
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
    rest = _EXPLAINED.sub(" x ", plain)
    for digits in (rest, _in_digits(rest)):
        if _PHONE.search(digits):
            return True
    return _has_local(rest)


def _has_local(plain: str) -> bool:
    """A number without its area code: said to be one to call, or all there is."""
    said = _in_digits(plain)
    if _CALLS.search(plain):
        return bool(_LOCAL.search(plain) or _LOCAL.search(said))
    return bool(_ONLY_LOCAL.fullmatch(plain) or _ONLY_LOCAL.fullmatch(said))


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
