"""The groups on the page of a period: by region, school, class, company or level, each with its way
further down.

There may be a hundred, with nine figures each: their cells are ready to be written out, as a
template takes ten times as long to put them together.
"""

import html
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from rooms.attendance.report import Filters
from rooms.attendance.review import By, Figures, Line, Review
from rooms.scope import Scope
from server import templates
from server.context import Here
from server.i18n import N_
from server.pages import tour_words
from server.pages.attendance_filters import address_of
from server.pages.tour_words import LEVELS

BY = {
    By.REGION: N_("By region"),
    By.SCHOOL: N_("By school"),
    By.CLASS: N_("By class"),
    By.COMPANY: N_("By company"),
    By.LEVEL: N_("By level"),
}
HEADS = {
    By.REGION: N_("Region"),
    By.SCHOOL: N_("School"),
    By.CLASS: N_("Class"),
    By.COMPANY: N_("Company"),
    By.LEVEL: N_("Level"),
}
NAMELESS = {
    By.REGION: N_("no region"),
    By.SCHOOL: N_("no school"),
    By.CLASS: N_("name removed"),
    By.COMPANY: N_("no company"),
    By.LEVEL: N_("no level"),
}
# Stands for a line's key while its address is made: the same for all of them but for that.
HERE = "here-stands-the-key"
# What a line's link asks for beside its own key: one step further down.
DOWN = {By.REGION: By.SCHOOL, By.SCHOOL: By.CLASS}
COLUMNS = (
    N_("Registered"),
    N_("Came"),
    N_("Counts"),
    N_("Corrected"),
    N_("Poor connection"),
    N_("Classes"),
    N_("Participations"),
    N_("Pupils reached"),
    N_("Student-minutes"),
)
COUNTS_AT = 2


@dataclass(frozen=True, slots=True)
class GroupLine:
    """`cells`: its figures as they stand in the page; `unconfirmed`: lessons."""

    name: str
    href: str
    unconfirmed: int
    cells: str


def by_of(typed: str, scope: Scope, filters: Filters) -> By:
    """What lines stand for: as asked, else one step below what was chosen already."""
    try:
        return By(typed)
    except ValueError:
        pass
    if filters.class_id:
        return By.COMPANY
    if filters.school_id or not (scope.sees_all or scope.region_ids):
        return By.CLASS
    is_one_region = filters.region_id is not None or len(scope.region_ids) == 1
    return (
        By.SCHOOL
        if is_one_region and not (scope.sees_all and not filters.region_id)
        else (By.REGION)
    )


def told(here: Here, filters: Filters, by: By, found: Review) -> dict[str, Any]:
    """What the page says of the groups of a period."""
    lines = [_named(here, by, line) for line in found.lines]
    largest = [_named(here, by, line) for line in found.largest]
    if by is By.LEVEL:
        lines.sort(key=lambda line: tour_words.level_place(line.key))
    ways = _ways_down(filters, by, [*lines, *largest])
    heads = [here._(words) for words in COLUMNS]
    cells = [_cell(head) for head in heads]
    groups = [_line(here, cells, one.name, ways.get(one.key, ""), one.figures) for one in lines]
    if found.groups == len(lines):
        groups.append(_line(here, cells, here._("Together"), "", found.whole))
    return {
        "by": by,
        "by_links": _by_links(here, filters, by),
        "head": here._(HEADS[by]),
        "heads": heads,
        "groups": groups,
        "more_lines": found.groups - len(lines),
        "bars": _bars(here, largest, ways),
    }


def _line(here: Here, cell: list[str], name: str, href: str, figures: Figures) -> GroupLine:
    """One group, or all of them together. `cell`: how each cell begins, with its head."""
    say = partial(templates.number, here.language)
    told = [
        say(figures.registered),
        say(figures.came),
        say(figures.passed),
        say(figures.corrected),
        say(figures.poor),
        say(figures.classes),
        say(figures.participations),
        say(figures.pupils_reached),
        say(figures.student_seconds // 60),
    ]
    if figures.declared:
        words = html.escape(here._("{count} declared", count=say(figures.declared)))
        told[COUNTS_AT] += f' <span class="quiet below">{words}</span>'
    cells = [f"{begin}{figure}</div></td>" for begin, figure in zip(cell, told, strict=True)]
    return GroupLine(name, href, figures.unconfirmed, "".join(cells))


def _cell(head: str) -> str:
    return f'<td role="cell" class="number" data-head="{html.escape(head)}"><div>'


def _named(here: Here, by: By, line: Line) -> Line:
    name = here._(LEVELS.get(line.name, line.name)) if by is By.LEVEL else line.name
    name = name or here._(NAMELESS[by])
    return replace(line, name=f"{name}, {line.beside}" if line.beside else name)


def _ways_down(filters: Filters, by: By, lines: list[Line]) -> dict[str, str]:
    """Where each line leads, by its key: the same view of this group alone, one step further down.
    What belongs to none leads nowhere."""
    further = {"by": DOWN[by].value} if by in DOWN else {}
    address = f"/attendance?{address_of(filters, **{by.value: HERE}, **further)}"
    return {line.key: address.replace(HERE, quote(line.key)) for line in lines if line.key}


def _by_links(here: Here, filters: Filters, by: By) -> list[tuple[str, str, bool]]:
    shown = [one for one in By if one is not By.CLASS or filters.school_id or by is By.CLASS]
    return [
        (here._(BY[one]), f"/attendance?{address_of(filters, by=one.value)}", one is by)
        for one in shown
    ]


def _bars(
    here: Here, largest: list[Line], ways: dict[str, str]
) -> list[tuple[str, str, float, str]]:
    """As pictures: (name, figure, share of the largest, link)."""
    most = max((line.figures.participations for line in largest), default=0)
    return [
        (
            line.name,
            templates.number(here.language, line.figures.participations),
            line.figures.participations / most,
            ways.get(line.key, ""),
        )
        for line in largest
        if line.figures.participations
    ]
