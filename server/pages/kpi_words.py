"""The words of KPIs: what each is called, and exactly what it counts."""

from dataclasses import dataclass

from rooms.attendance.kpi import By
from server.i18n import N_, translate


@dataclass(frozen=True, slots=True)
class Word:
    """A figure's stable name, what it is called and its definition, both to be translated.

    `is_hosted`: it counts in the organiser's region, else in the school's at that time.
    """

    code: str
    name: str
    definition: str
    is_hosted: bool = False


PASSED = N_(
    "A class passes a session when it was there for the share of the time that the session's own "
    "rule asks; a declared or corrected session counts as it was declared or corrected. Sessions "
    "count on their local start date, once they have ended. Sessions of teachers whom nobody has "
    "confirmed yet do not count."
)
HOST_REGION = N_("Counted in the region of the organiser.")
SCHOOL_REGION = N_("Counted in the region where the school stood at that time.")
NETWORK = N_(
    "By network it counts in the one in which the school, or the organiser, was that day; nobody "
    "is in two at once. A live session with classes of two networks counts once in each, and once "
    "in the whole."
)

WORDS = (
    Word(
        "schools",
        N_("schools reached"),
        N_(
            "Schools with at least one class that passed a session in the period. A school that "
            "merged counts as its successor. The share is of all schools that stood in these "
            "regions on the last day of the period and were open."
        ),
    ),
    Word(
        "classes",
        N_("classes"),
        N_("Classes that passed at least one session in the period, each once."),
    ),
    Word(
        "pupils_reached",
        N_("pupils reached"),
        N_(
            "Of each class the largest headcount of the sessions it passed in the period, added up"
            " over the classes. The same pupils in two classes count twice."
        ),
    ),
    Word(
        "participations",
        N_("participations"),
        N_(
            "The headcounts of all sessions that a class passed, added up. A class that came three"
            " times counts three times. Headcounts are told by teachers, not measured."
        ),
    ),
    Word(
        "student_minutes",
        N_("student-minutes"),
        N_(
            "Headcount times the measured time that the class was there, added up over all "
            "sessions, also those it did not pass. Whole minutes."
        ),
    ),
    Word(
        "sessions",
        N_("sessions attended"),
        N_(
            "Live sessions and tours that at least one class passed. A live session with classes "
            "of two regions counts once in each, and once in the whole: the parts can be more than"
            " the whole."
        ),
    ),
    Word(
        "partnerships",
        N_("partnerships alive"),
        N_(
            "Pairs of a school and a company: a guest lesson or live tour that a class had asked "
            "for took place in the period, or is agreed for a day in it."
        ),
    ),
    Word(
        "hosted",
        N_("sessions hosted"),
        N_(
            "Sessions with an organiser in these regions that at least one class, of any region, "
            "passed. The organiser of a tour is its company. A session counts here for its "
            "organiser and as attended for its classes: two figures that are not to be added up."
        ),
        is_hosted=True,
    ),
    Word(
        "companies",
        N_("companies active"),
        N_("Companies whose tour, webinar or live room at least one class passed in the period."),
        is_hosted=True,
    ),
    Word(
        "company_minutes",
        N_("company hours in kind"),
        N_(
            "Time that people of the company were on stage while on air, measured, and the time of"
            " preparation that presenters told afterwards. Who was asked and did not tell is “not "
            "told” and adds nothing; nothing is estimated."
        ),
        is_hosted=True,
    ),
)

BY = {
    By.REGION: N_("Region"),
    By.NETWORK: N_("Network"),
    By.LEVEL: N_("Level"),
    By.SECTOR: N_("Sector"),
    By.OBJECTIVE: N_("Objective"),
    By.KIND: N_("Live or on demand"),
    By.MONTH: N_("Month"),
}
# As a heading over a table of parts.
HEADINGS = {
    By.REGION: N_("By region"),
    By.NETWORK: N_("By network"),
    By.LEVEL: N_("By level"),
    By.SECTOR: N_("By sector"),
    By.OBJECTIVE: N_("By objective"),
    By.KIND: N_("Live and on demand"),
    By.MONTH: N_("Month by month"),
}
REPORTS = {
    By.REGION: N_("Report of a region"),
    By.NETWORK: N_("Report of a network"),
    By.SECTOR: N_("Report of a sector"),
}
KINDS = {"live": N_("live"), "on_demand": N_("on demand")}
NONE = {
    By.REGION: N_("no region"),
    By.NETWORK: N_("no network"),
    By.LEVEL: N_("no level"),
    By.SECTOR: N_("no sector"),
    By.OBJECTIVE: N_("no objective"),
}


def definition(language: str, word: Word) -> str:
    """All that it counts, in one paragraph."""
    region = HOST_REGION if word.is_hosted else SCHOOL_REGION
    parts = [word.definition, region, NETWORK, PASSED]
    return " ".join(translate(language, part) for part in parts)


def definitions(language: str) -> dict[str, dict[str, str]]:
    """Name and definition of every figure, by its code; for files that leave the programme."""
    return {
        word.code: {
            "name": translate(language, word.name),
            "definition": definition(language, word),
        }
        for word in WORDS
    }
