"""Figures as a page tells them: each with its words, and parts with their names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from rooms.agenda import objectives
from rooms.agenda.objectives import Objective
from rooms.attendance import kpi
from rooms.attendance.kpi import By, Figures
from rooms.people import networks, regions
from server.context import Here
from server.database import Connection
from server.pages import kpi_words, tour_words

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Names:
    """What regions, networks and objectives are called now; the first two by id as text."""

    regions: dict[str, str]
    networks: dict[str, str]
    objectives: list[Objective]


async def names(here: Here, conn: Connection, today: date) -> Names:
    """Those of the programme."""
    return Names(
        {str(one.id): one.name for one in await regions.every(conn, here.scope)},
        {str(one.id): one.name for one in await networks.every(conn, here.scope, today)},
        await objectives.every(conn, here.scope),
    )


def named(here: Here, known: Names, by: By, key: str) -> str:
    """What a part is called."""
    if not key:
        return here._(kpi_words.NONE.get(by, "–"))
    if by is By.MONTH:
        return format_date(date.fromisoformat(f"{key}-01"), "MMMM y", locale=here.language)
    if by is By.OBJECTIVE:
        names = (one.name(here.language) for one in known.objectives if str(one.id) == key)
        return next(names, key)
    if by in kpi.PLACES:
        return (known.regions if by is By.REGION else known.networks).get(key, key)
    words = {
        By.LEVEL: tour_words.LEVELS,
        By.SECTOR: tour_words.SECTORS,
        By.KIND: kpi_words.KINDS,
    }
    return here._(words[by].get(key, key))


def in_order(
    here: Here, known: Names, by: By, parts: Iterable[tuple[str, Part]]
) -> list[tuple[str, str, Part]]:
    """(key, name, figures) of parts: by name, levels as schools have them, months as they come,
    what has none last."""
    found = [(key, named(here, known, by, key), figures) for key, figures in parts]
    if by is not By.MONTH:
        found.sort(key=lambda one: place(by, one[0], one[1]))
    return found


def place(by: By, key: str, name: str) -> tuple[bool, int, str]:
    """Where a part stands among the others, by its key and what it is called here."""
    level = tour_words.level_place(key) if by is By.LEVEL else 0
    return key in {"", "-"}, level, name.casefold()


def told(here: Here, figures: Figures) -> list[dict[str, Any]]:
    """Each figure with its words; those that are not told apart here are left out."""
    shown = _attended(here, figures.attended)
    if figures.hosted is not None:
        shown |= of_hosted(here, figures.hosted)
    return [
        {
            "code": word.code,
            "name": here._(word.name),
            "definition": kpi_words.definition(here.language, word),
            "is_hosted": word.is_hosted,
            "figure": shown[word.code][0],
            "more": shown[word.code][1],
            "is_none": _is_none(figures, word.code, shown[word.code][0]),
        }
        for word in kpi_words.WORDS
        if word.code in shown
    ]


def _is_none(figures: Figures, code: str, figure: str) -> bool:
    """Whether nothing stands behind it; hours may be none, and still be waited for."""
    if code == "company_minutes":
        return figures.hosted is None or not figures.hosted.has_hours
    return figure == "0"


def _attended(here: Here, side: kpi.Attended) -> dict[str, tuple[str, str]]:
    """Figure and the few words that go with it, by the KPI's code."""
    return {
        "schools": (_number(here, side.schools), _share(here, side)),
        "classes": (_number(here, side.classes), ""),
        "pupils_reached": (_number(here, side.pupils_reached), ""),
        "participations": (_number(here, side.participations), ""),
        "student_minutes": (_number(here, side.student_minutes), ""),
        "sessions": (
            _number(here, side.sessions),
            here._(
                "{live} live, {other} on demand",
                live=_number(here, side.sessions_live),
                other=_number(here, side.sessions_on_demand),
            ),
        ),
        "partnerships": (_number(here, side.partnerships), ""),
    }


def of_hosted(here: Here, side: kpi.Hosted) -> dict[str, tuple[str, str]]:
    """The same of what was hosted."""
    return {
        "hosted": (
            _number(here, side.sessions),
            here._("{live} of them live", live=_number(here, side.sessions_live)),
        ),
        "companies": (_number(here, side.companies), ""),
        "company_minutes": (
            hours(here, side.company_minutes),
            here._(
                "{stage} on stage, {preparation} of preparation; not told: {untold}",
                stage=hours(here, side.stage_seconds // 60),
                preparation=hours(here, side.preparation_minutes),
                untold=_number(here, side.preparation_untold),
            ),
        ),
    }


def _number(here: Here, value: int) -> str:
    return format_decimal(value, locale=here.language)


def _share(here: Here, side: kpi.Attended) -> str:
    if not side.registry:
        return ""
    share = format_percent(side.schools / side.registry, locale=here.language)
    return here._("{share} of {all} in the registry", share=share, all=_number(here, side.registry))


def hours(here: Here, minutes: int) -> str:
    """`12.5 h`: to the tenth, in the reader's language."""
    told = format_decimal(round(minutes / 60, 1), "#,##0.0", locale=here.language)
    return here._("{hours} h", hours=told)
