"""Pictures of figures as SVG elements: pure, from numbers to marks on paper.

Nothing carries a style: how a mark looks says its class (`figures.css`), so that the page's policy
holds, and print and the reader's own colours do too. Positions across are in percent, heights in
pixels, so that words are not stretched. Beside each picture stand its words and its table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

# Of a picture's whole height; below the plot there is room for one line of words.
PLOT_PX = 190
TOP_PX = 18
WORDS_PX = 208
# Of the whole width, in percent: a single month is no wall.
WIDEST = 8.0
# So many places have words under them: on a desk, and on a phone. More would touch one another.
MOST_WORDS, MOST_ON_PHONE = 12, 4
# A line's own square, which is stretched to the plot: its stroke is not.
BOX = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """One SVG element: its name, attributes, words or what is in it."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    inside: tuple["Mark", ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The same figures to be read: heads and rows, the first of each row being its name."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its title, the sentence for who does not see it, and its table."""

    title: str
    words: str
    marks: tuple[Mark, ...]
    table: Table
    height: int = WORDS_PX + 8

    @property
    def svg(self) -> str:
        """The marks as they stand in a page, every word in them escaped. Made here: a picture has
        hundreds of them, which take a template ten times as long."""
        return "".join(map(_written, self.marks))


def _written(mark: Mark) -> str:
    told = "".join([f' {name}="{escape(value)}"' for name, value in mark.attributes])
    inside = "".join(map(_written, mark.inside)) if mark.inside else ""
    return f"<{mark.tag}{told}>{escape(mark.text)}{inside}</{mark.tag}>"


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values, each at its place; `name` stands in the key and in the table."""

    name: str
    values: tuple[float, ...]


def nice_top(most: float) -> int:
    """The round number at or above a value that the axis ends with: one figure and noughts, of
    which the half is a round number too."""
    power = 1
    while True:
        for step in (1, 2, 4, 6, 8):
            if step * power >= most:
                return step * power
        power *= 10


def _percent(value: float) -> str:
    return f"{value:.3f}%"


def _y(value: float, top: float) -> float:
    return PLOT_PX - (PLOT_PX - TOP_PX) * min(max(value / top, 0), 1)


def _mark(tag: str, kind: str, text: str = "", **attributes: object) -> Mark:
    told = [("class", kind)]
    for name, value in attributes.items():
        if value != "":
            told.append((_NAMES.get(name, name), str(value)))
    return Mark(tag, tuple(told), text)


# Attributes that cannot be the names of ours.
_NAMES = {"text_anchor": "text-anchor", "vector_effect": "vector-effect"}


def _grid(top: int, say: Callable[[float], str]) -> tuple[list[Mark], list[Mark]]:
    """Three lines across, and the number of each at the left, above it: numbers are drawn after
    what stands on the lines, which would hide them."""
    lines, numbers = [], []
    for value in (0, top / 2, top):
        if value != int(value):
            continue
        y = f"{_y(value, top):.1f}"
        lines.append(_mark("line", "grid", x1="0", x2="100%", y1=y, y2=y))
        numbers.append(_mark("text", "scale", say(value), x="0", y=f"{_y(value, top) - 4:.1f}"))
    return lines, numbers


def columns(
    title: str,
    words: str,
    places: Sequence[str],
    series: Sequence[Series],
    head: str,
    say: Callable[[float], str],
) -> Chart:
    """Columns side by side, one per place; the series stand on one another, each with a pattern
    of its own. `head`: what a place is, for the table; `say`: a number in the reader's language."""
    count = max(1, len(places))
    heights = [sum(one.values[at] for one in series) for at in range(len(places))]
    top = nice_top(max([*heights, 1]))
    marks, scale = _grid(top, say)
    # Every how many places there are words; on a phone some of these, so that one rule hides them.
    step = -(-count // MOST_WORDS)
    phone_step = step * -(-count // (step * MOST_ON_PHONE))
    for at, place in enumerate(places):
        marks += _column([one.values[at] for one in series], at, count, top)
        if at % step == 0:
            x = 100 * (at + 0.5) / count
            marks.append(_place(place, x, "middle", is_for_phones=at % phone_step == 0))
    marks += scale
    rows = tuple(
        (place, *(say(one.values[at]) for one in series)) for at, place in enumerate(places)
    )
    return Chart(title, words, tuple(marks), Table((head, *(one.name for one in series)), rows))


def _column(values: Sequence[float], at: int, count: int, top: int) -> list[Mark]:
    marks, below = [], 0.0
    middle = 100 * (at + 0.5) / count
    width = min(72 / count, WIDEST)
    for number, value in enumerate(values, 1):
        upper, lower = _y(below + value, top), _y(below, top)
        below += value
        if value <= 0:
            continue
        marks.append(
            _mark(
                "rect",
                f"column column-{number}",
                x=_percent(middle - width / 2),
                width=_percent(width),
                y=f"{upper:.1f}",
                height=f"{max(lower - upper, 1):.1f}",
                fill="" if number == 1 else f"url(#hatch-{number})",
            )
        )
    return marks


def _place(words: str, x: float, anchor: str, *, is_for_phones: bool) -> Mark:
    """Words under the plot, at a percentage of its width."""
    kind = "place" if is_for_phones else "place place-wide"
    return _mark("text", kind, words, x=_percent(x), y=WORDS_PX, text_anchor=anchor)


def line(
    title: str,
    words: str,
    places: Sequence[str],
    series: Series,
    head: str,
    say: Callable[[float], str],
    *,
    top: int | None = None,
    steps: bool = False,
) -> Chart:
    """One line over places in order; `steps`: it holds from one place to the next. `top`: where
    the axis ends, else by the values."""
    ends = top or nice_top(max([*series.values, 1]))
    marks = [_drawn(series.values, ends, steps=steps)] if series.values else []
    grid, scale = _grid(ends, say)
    marks += grid + scale
    few = _few(len(places))
    for number, at in enumerate(few):
        is_for_phones = len(few) <= MOST_ON_PHONE or number % 2 == 0
        marks.append(_at_place(places[at], at, len(places), is_for_phones))
    rows = tuple((place, say(value)) for place, value in zip(places, series.values, strict=True))
    return Chart(title, words, tuple(marks), Table((head, series.name), rows))


def _few(count: int) -> list[int]:
    """Five places at most: the first, the last, and some between."""
    if count <= 5:
        return list(range(count))
    return [round(n * (count - 1) / 4) for n in range(5)]


def _at_place(words: str, at: int, count: int, is_for_phones: bool) -> Mark:
    anchor = "start" if at == 0 else "end" if at == count - 1 else "middle"
    x = 100 * at / (count - 1) if count > 1 else 0
    return _place(words, x, anchor, is_for_phones=is_for_phones)


def _drawn(values: Sequence[float], top: float, *, steps: bool) -> Mark:
    """The line and what lies under it, in a square that is stretched over the plot."""
    spots = _spots(values, top, steps=steps)
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    under = f"0,{BOX} {told} {BOX},{BOX}"
    inside = (
        _mark("polygon", "under", points=under),
        _mark("polyline", "series series-1", points=told, vector_effect="non-scaling-stroke"),
    )
    plain = (
        ("x", "0"), ("y", str(TOP_PX)), ("width", "100%"), ("height", str(PLOT_PX - TOP_PX)),
        ("viewBox", f"0 0 {BOX} {BOX}"), ("preserveAspectRatio", "none"),
    )  # fmt: skip
    return Mark("svg", plain, inside=inside)


def _spots(values: Sequence[float], top: float, *, steps: bool) -> list[tuple[float, float]]:
    heights = [BOX * (1 - min(max(value / top, 0), 1)) for value in values]
    if steps:
        width = BOX / len(heights)
        return [(width * (at + end), y) for at, y in enumerate(heights) for end in (0, 1)]
    if len(heights) == 1:
        return [(0, heights[0]), (BOX, heights[0])]
    return [(BOX * at / (len(heights) - 1), y) for at, y in enumerate(heights)]
