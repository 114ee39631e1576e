"""Captions: from files in any encoding, or from typed and pasted text, to clean WebVTT.

A cue here is plain text and two times. Styling, positions, regions and notes are dropped: the
player has one caption box of its own, and a file from outside brings no markup into a page.
What is text stays text: a `<` that begins no caption tag is shown as it is.

Errors name the line of the file, all of them at once; a file with errors gives no cues.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from rooms.decoding import decoded
from rooms.errors import Refused
from rooms.tours.chapters import Edit, LineError, parse_time

MAX_BYTES = 2 * 1024 * 1024
MAX_CUES = 5_000
MAX_CUE_CHARACTERS = 1_000
MAX_LINES = 100_000
MAX_ERRORS = 100
MERGED_LINES = 4
"""Cues on top of each other become one of at most so many lines; more would cover the film."""
SHORTEST_SHOWN_MS = 500


@dataclass(frozen=True)
class Cue:
    """Lines of plain text from `start_ms` to `end_ms`; `line` is where a file has it, or 0."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    line: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        return " ".join(self.lines)


@dataclass(frozen=True)
class Captions:
    """Cues in order and not overlapping, or errors; never both.

    `notices` are codes of what was put right or wants a look: `sorted`, `overlaps`, `fast`.
    """

    cues: tuple[Cue, ...] = ()
    errors: tuple[LineError, ...] = ()
    notices: tuple[str, ...] = ()


# --- reading ---------------------------------------------------------------------------------

_LINE_END = re.compile(r"\r\n|\n|\r")
_MOMENT = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]\d)[.,](\d{1,3})"
_TIMING = re.compile(rf"\s*{_MOMENT}\s*-->\s*{_MOMENT}(?:\s.*)?")
_LIKE_TIMING = re.compile(r"\s*[\d:.,]*\d:\d[\d:.,]*\s*(?:-+>?|–|—|=>)")
_NUMBER = re.compile(r"\s*\d+\s*")
_DROPPED = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s.*)?")
_HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")

_TAG = re.compile(
    r"</?(?:[biucv]|lang|ruby|rt|font)(?:[.\s][^<>]{0,200})?>|<(?:\d+:)?\d\d:\d\d\.\d{3}>",
    re.IGNORECASE,
)
_OVERRIDE = re.compile(r"\{\\[^}]{0,200}\}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

Block = list[tuple[int, str]]


class _Wrong(Exception):
    """One block is wrong; becomes a `LineError`."""

    def __init__(self, line: int, code: str, value: str = "") -> None:
        super().__init__(code)
        self.error = LineError(line, code, value.strip()[:80])


def parse_captions(source: bytes | str) -> Captions:
    """Read WebVTT or SRT.

    Raises `Refused` `captions_too_big` or `not_text`; all else comes back as errors by line:
    `captions_empty`, `header_missing`, `timing_missing`, `timing_form`, `end_before_start`,
    `empty_line_missing`, `cue_too_long`, `too_many_cues`,
    `too_many_lines`.
    """
    if len(source) > MAX_BYTES:
        raise Refused("captions_too_big", limit=MAX_BYTES)
    text = decoded(source) if isinstance(source, bytes) else source.removeprefix("\ufeff")
    lines = _LINE_END.split(text)
    if len(lines) > MAX_LINES:
        return Captions(errors=(LineError(MAX_LINES + 1, "too_many_lines", str(MAX_LINES)),))
    blocks = list(_blocks(lines))
    if not blocks:
        return Captions(errors=(LineError(1, "captions_empty"),))
    if _HEADER.fullmatch(blocks[0][0][1]):
        return _read(blocks[1:], is_vtt=True)
    if not _is_srt(blocks[0]):
        return Captions(errors=(LineError(blocks[0][0][0], "header_missing"),))
    return _read(_rejoined(blocks), is_vtt=False)


def _blocks(lines: list[str]) -> Iterator[Block]:
    """Groups of lines between empty ones, each line with its number from 1."""
    block: Block = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _is_srt(first: Block) -> bool:
    """Numbered, or with the comma only SRT has; a WebVTT that lost its header has neither."""
    if _NUMBER.fullmatch(first[0][1]):
        return True
    return bool(_TIMING.fullmatch(first[0][1])) and "," in first[0][1]


def _rejoined(blocks: list[Block]) -> list[Block]:
    """SRT whose text holds an empty line: what has neither number nor time goes on the cue."""
    joined: list[Block] = []
    for block in blocks:
        first = block[0][1]
        begins = _NUMBER.fullmatch(first) or "-->" in first or _is_like_timing(first)
        if begins or not joined:
            joined.append(block)
        else:
            joined[-1].extend(block)
    return joined


def _read(blocks: list[Block], *, is_vtt: bool) -> Captions:
    cues: list[Cue] = []
    errors: list[LineError] = []
    for block in blocks:
        if is_vtt and _DROPPED.fullmatch(block[0][1]) and not _has_timing(block):
            continue
        try:
            cues += _cue(block, is_vtt)
        except _Wrong as wrong:
            errors.append(wrong.error)
    if not errors and not cues:
        errors.append(LineError(1, "captions_empty"))
    if len(cues) > MAX_CUES:
        errors.append(LineError(cues[MAX_CUES].line, "too_many_cues", str(MAX_CUES)))
    return Captions(errors=tuple(errors[:MAX_ERRORS])) if errors else tidy(cues)


def _has_timing(block: Block) -> bool:
    """A cue may be *named* NOTE; a note holds no time right after its first line."""
    return len(block) > 1 and bool(_TIMING.fullmatch(block[1][1]))


def _cue(block: Block, is_vtt: bool) -> list[Cue]:
    """The cue of a block, or none when it has no text."""
    at = _timing_at(block)
    number, timing = block[at]
    found = _TIMING.fullmatch(timing)
    if not found:
        is_meant = "-->" in timing or _is_like_timing(timing)
        raise _Wrong(number, "timing_form" if is_meant else "timing_missing", timing)
    start_ms, end_ms = _moment_ms(*found.group(1, 2, 3, 4)), _moment_ms(*found.group(5, 6, 7, 8))
    if end_ms <= start_ms:
        raise _Wrong(number, "end_before_start", timing)
    body = block[at + 1 :]
    inner = next((line for line in body if _TIMING.fullmatch(line[1])), None)
    if inner:
        raise _Wrong(inner[0], "empty_line_missing", inner[1])
    lines = _body_lines(body, is_vtt)
    return [Cue(start_ms, end_ms, lines, number)] if lines else []


def _body_lines(body: Block, is_vtt: bool) -> tuple[str, ...]:
    text = "\n".join(line for _, line in body)
    # Tags may take most of the room, but not any amount of it.
    lines = _plain_lines(text, is_vtt) if len(text) <= 5 * MAX_CUE_CHARACTERS else (text,)
    if sum(map(len, lines)) > MAX_CUE_CHARACTERS:
        raise _Wrong(body[0][0], "cue_too_long", lines[0])
    return lines


def _timing_at(block: Block) -> int:
    """Which line of a block holds, or was meant to hold, its times: the first or the second."""
    is_second = len(block) > 1 and "-->" not in block[0][1]
    if is_second and ("-->" in block[1][1] or not _is_like_timing(block[0][1])):
        return 1
    return 0


def _is_like_timing(line: str) -> bool:
    """Meant as a time, with the arrow gone wrong. Only the start is looked at: it is enough."""
    return bool(_LIKE_TIMING.match(line[:80]))


def _moment_ms(hours: str | None, minutes: str, seconds: str, fraction: str) -> int:
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int(fraction.ljust(3, "0"))


def _plain_lines(text: str, is_vtt: bool) -> tuple[str, ...]:
    """Without tags; entities, which only WebVTT has, become what they stand for."""
    bare = _TAG.sub("", text)
    if is_vtt:
        bare = _ENTITY.sub(lambda found: html.unescape(found[0]), bare)
    else:
        bare = _OVERRIDE.sub("", bare)
    return _clean_lines(bare)


def _clean_lines(text: str) -> tuple[str, ...]:
    """Lines that hold something, blanks single, no control characters."""
    lines = (" ".join(_visible(line).split()) for line in _LINE_END.split(text))
    return tuple(line for line in lines if line)


def _visible(line: str) -> str:
    return "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in line)


# --- putting right ---------------------------------------------------------------------------


def tidy(cues: Iterable[Cue]) -> Captions:
    """Cues in the order of time, each ending where the next begins at the latest."""
    given = list(cues)
    ordered = sorted(given, key=lambda cue: (cue.start_ms, cue.end_ms))
    apart: list[Cue] = []
    overlaps = False
    for cue in ordered:
        if apart and cue.start_ms < apart[-1].end_ms:
            overlaps = True
            apart[-1:] = _parted(apart[-1], cue)
        else:
            apart.append(cue)
    notices = [
        code for code, is_so in (("sorted", ordered != given), ("overlaps", overlaps)) if is_so
    ]
    return Captions(tuple(apart), notices=tuple(notices))


def _parted(earlier: Cue, later: Cue) -> list[Cue]:
    """Two cues that overlap: one below the other, or the earlier cut short."""
    if earlier.lines == later.lines:
        return [replace(earlier, end_ms=max(earlier.end_ms, later.end_ms))]
    is_inside = later.end_ms <= earlier.end_ms
    is_flash = later.start_ms - earlier.start_ms < SHORTEST_SHOWN_MS
    fits = len(earlier.lines) + len(later.lines) <= MERGED_LINES
    if later.start_ms == earlier.start_ms or ((is_inside or is_flash) and fits):
        end_ms = max(earlier.end_ms, later.end_ms)
        return [replace(earlier, end_ms=end_ms, lines=earlier.lines + later.lines)]
    return [replace(earlier, end_ms=later.start_ms), later]


def fitted(captions: Captions, film_ms: int) -> Captions:
    """Held against the film: an end just past it is clipped, a cue after it is an error."""
    if captions.errors:
        return captions
    after = [cue for cue in captions.cues if cue.start_ms >= film_ms]
    if after:
        errors = (LineError(cue.line, "cue_after_end", cue.text[:80]) for cue in after)
        return Captions(errors=tuple(errors)[:MAX_ERRORS])
    clipped = (replace(cue, end_ms=min(cue.end_ms, film_ms)) for cue in captions.cues)
    return replace(captions, cues=tuple(clipped))


def cues_through(cues: Iterable[Cue], edit: Edit) -> tuple[Cue, ...]:
    """Cues of the original on the cut film's time line.

    A cue of which less than half is kept goes: its words belong to what was cut out.
    """
    moved = (
        replace(cue, start_ms=edit.to_cut(cue.start_ms), end_ms=edit.to_cut(cue.end_ms))
        for cue in cues
        if 2 * _kept_ms(cue, edit) >= cue.end_ms - cue.start_ms
    )
    return tidy(moved).cues


def _kept_ms(cue: Cue, edit: Edit) -> int:
    return edit.to_cut(cue.end_ms) - edit.to_cut(cue.start_ms)


# --- writing ---------------------------------------------------------------------------------


def to_vtt(cues: Iterable[Cue]) -> str:
    """Clean WebVTT: hours always, text escaped, nothing else."""
    blocks = (
        f"{_stamp(cue.start_ms)} --> {_stamp(cue.end_ms)}\n"
        + "\n".join(html.escape(line, quote=False) for line in cue.lines)
        for cue in cues
    )
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _stamp(time_ms: int) -> str:
    seconds, rest = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


# --- typed, pasted, or nobody speaks ---------------------------------------------------------

LINE_CHARACTERS = 42
CUE_LINES = 2
CUE_CHARACTERS = LINE_CHARACTERS * CUE_LINES
MIN_CUE_MS = 1_000
MAX_CUE_MS = 7_000
COMFORTABLE_CHARACTERS_PER_S = 20
READABLE_CHARACTERS_PER_S = 30
"""Faster than this and it is another film's text."""
MAX_PASTED_CHARACTERS = 100_000
SOUND_CUE_MS = 8_000
PAUSE_CHARACTERS = 8
"""What a full stop costs a speaker, in characters; keeps short sentences from rushing."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[¿¡–-]*[^\Wa-z_])|(?<=[。！？])")
_SHORT_FORM = re.compile(
    r"(?:^|\W)(?:[A-Za-z]|dhr|mevr|mw|dr|ir|ing|drs|prof|bijv|bv|nr|ca|evt|resp|incl|excl|blz"
    r"|mr|mrs|ms|st|vs|etc|no|fig|approx|e\.g|i\.e|o\.a|d\.w\.z|m\.b\.t)\.$",
    re.IGNORECASE,
)
# Text is laid out in stretches, so that a page without one full stop costs no minutes.
_STRETCH_CHARACTERS = 400


def parse_rows(rows: Iterable[tuple[str, str, str]], film_ms: int) -> Captions:
    """Cues typed line by line as (start, end, text); errors count rows from 1.

    A row without text is skipped: it is a place where nobody speaks.
    """
    cues: list[Cue] = []
    errors: list[LineError] = []
    for number, (start, end, text) in enumerate(rows, 1):
        try:
            cues += _typed_cue(number, start, end, text)
        except _Wrong as wrong:
            errors.append(wrong.error)
    if len(cues) > MAX_CUES:
        errors.append(LineError(cues[MAX_CUES].line, "too_many_cues", str(MAX_CUES)))
    if errors:
        return Captions(errors=tuple(errors[:MAX_ERRORS]))
    return fitted(tidy(cues), film_ms)


def _typed_cue(number: int, start: str, end: str, text: str) -> list[Cue]:
    lines = _clean_lines(text)
    if not lines:
        return []
    if sum(map(len, lines)) > MAX_CUE_CHARACTERS:
        raise _Wrong(number, "cue_too_long", lines[0])
    try:
        start_ms, end_ms = parse_time(start), parse_time(end)
    except Refused as refused:
        raise _Wrong(number, refused.code, f"{start} {end}") from refused
    if end_ms <= start_ms:
        raise _Wrong(number, "end_before_start", f"{start} {end}")
    return [Cue(start_ms, end_ms, laid_out(lines), number)]


def laid_out(lines: tuple[str, ...]) -> tuple[str, ...]:
    """One long typed line on two, when two can hold it; lines the writer broke stay broken."""
    if len(lines) == 1 and len(lines[0]) > LINE_CHARACTERS:
        return _two_lines(lines[0]) or lines
    return lines


def spread_text(text: str, film_ms: int) -> Captions:
    """Pasted text as cues over the whole film, each as long as its text takes to say.

    A first proposal for adjusting line by line. Raises `Refused` `text_empty`,
    `text_too_long`, and `text_too_long_for_film` when no one could read it in that time.
    """
    if len(text) > MAX_PASTED_CHARACTERS:
        raise Refused("text_too_long", limit=MAX_PASTED_CHARACTERS)
    pieces = [piece for sentence in sentences(text) for piece in _pieces(sentence)]
    if not pieces:
        raise Refused("text_empty")
    _check_readable(pieces, film_ms)
    characters = sum(map(len, pieces))
    is_fast = characters * 1000 > film_ms * COMFORTABLE_CHARACTERS_PER_S
    return Captions(tuple(_timed(pieces, film_ms)), notices=("fast",) if is_fast else ())


def _check_readable(pieces: list[str], film_ms: int) -> None:
    characters = sum(map(len, pieces))
    needed_ms = max(characters * 1000 // READABLE_CHARACTERS_PER_S, len(pieces) * MIN_CUE_MS)
    if len(pieces) > MAX_CUES or needed_ms > film_ms:
        raise Refused("text_too_long_for_film", needed_s=-(-needed_ms // 1000))


def _timed(pieces: list[str], film_ms: int) -> Iterator[Cue]:
    """Every piece gets the least time there is, and its share by length of what is left."""
    weights = [len(piece) + PAUSE_CHARACTERS for piece in pieces]
    spare_ms = film_ms - MIN_CUE_MS * len(pieces)
    passed, total = 0, sum(weights)
    for index, (piece, weight) in enumerate(zip(pieces, weights, strict=True)):
        start_ms = index * MIN_CUE_MS + spare_ms * passed // total
        passed += weight
        end_ms = (index + 1) * MIN_CUE_MS + spare_ms * passed // total
        yield Cue(start_ms, min(end_ms, start_ms + MAX_CUE_MS), _two_lines(piece) or (piece,))


def sentences(text: str) -> list[str]:
    """The sentences of a text; an empty line ends one too, a short form such as `dr.` does not."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", _LINE_END.sub("\n", text)):
        found += _sentences(" ".join(_visible(paragraph).split()))
    return found


def _sentences(paragraph: str) -> list[str]:
    found: list[str] = []
    start = 0
    for gap in _SENTENCE_END.finditer(paragraph):
        # The longest short form fits in twice; searching more would make a long text slow.
        if not _SHORT_FORM.search(paragraph[max(start, gap.end() - 14) : gap.end()].strip()):
            found.append(paragraph[start : gap.end()].strip())
            start = gap.end()
    return [sentence for sentence in [*found, paragraph[start:].strip()] if sentence]


def _pieces(sentence: str) -> list[str]:
    """A sentence in as few cues as can hold it, about equally long."""
    return [piece for stretch in _stretches(sentence) for piece in _even_pieces(stretch)]


def _stretches(sentence: str) -> list[str]:
    return _filled(_short_words(sentence), _STRETCH_CHARACTERS)


def _even_pieces(stretch: str) -> list[str]:
    words = stretch.split()
    at_least = -(-len(stretch) // CUE_CHARACTERS)
    for count in range(at_least, len(words)):
        for limit in range(len(stretch) // count, CUE_CHARACTERS + 1):
            pieces = _filled(words, limit)
            if len(pieces) <= count and all(map(_two_lines, pieces)):
                return pieces
    return words


def _filled(words: list[str], limit: int) -> list[str]:
    """Words joined up to `limit` characters; a longer word stands alone."""
    filled: list[str] = []
    for word in words:
        if filled and len(filled[-1]) + 1 + len(word) <= limit:
            filled[-1] += f" {word}"
        else:
            filled.append(word)
    return filled


def _short_words(sentence: str) -> list[str]:
    """Words, with one longer than a line (an address, a script without blanks) in parts."""
    return [
        word[at : at + LINE_CHARACTERS]
        for word in sentence.split()
        for at in range(0, len(word), LINE_CHARACTERS)
    ]


def _two_lines(piece: str) -> tuple[str, ...] | None:
    """One line if it fits, else two of about the same length, or None when two cannot hold it."""
    if len(piece) <= LINE_CHARACTERS:
        return (piece,)
    breaks = [at for at, character in enumerate(piece) if character == " "]
    fitting = [at for at in breaks if max(at, len(piece) - at - 1) <= LINE_CHARACTERS]
    if not fitting:
        return None
    at = min(fitting, key=lambda at: _ragged(piece, at))
    return piece[:at], piece[at + 1 :]


def _ragged(piece: str, at: int) -> int:
    """How badly a break at `at` reads; one behind a comma is worth ten characters."""
    return abs(2 * at - len(piece)) - (10 if piece[at - 1] in ",;:–" else 0)


def sound_captions(sentence: str, film_ms: int) -> Captions:
    """The captions of a film in which nobody speaks: one sentence on what is heard.

    Raises `Refused` `sound_sentence_empty` or `sound_sentence_long`.
    """
    said = " ".join(_clean_lines(sentence)).strip("[]() ")
    if not said:
        raise Refused("sound_sentence_empty")
    lines = _two_lines(f"[{said}]")
    if lines is None:
        raise Refused("sound_sentence_long", limit=CUE_CHARACTERS - 2)
    return Captions((Cue(0, min(film_ms, SOUND_CUE_MS), lines),))
