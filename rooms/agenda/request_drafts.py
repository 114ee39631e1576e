"""What a teacher tells when she invites a company, and the date a company answers with. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from rooms.errors import Refused
from rooms.people.classes import MAX_PUPILS

KINDS = ("guest_lesson", "live_tour")
# What there is in the classroom; fixed, so that nothing about a pupil can be typed.
SETUP = ("screen", "sound", "microphone", "phones", "laptops", "workshop")

SUBJECT_LENGTH = 80
# Together they must fit the one page of the briefing.
GOAL_LENGTH = 600
KNOWN_LENGTH = 600
TIMES_LENGTH = 120
REASON_LENGTH = 1000
LEAST_MINUTES, MOST_MINUTES = 15, 180
USUAL_MINUTES = 50
WEEKS_AHEAD = 20
# What the sentence of a refusal needs to know.
LIMITS = {
    "subject": SUBJECT_LENGTH,
    "goal": GOAL_LENGTH,
    "known": KNOWN_LENGTH,
    "times": TIMES_LENGTH,
    "least": LEAST_MINUTES,
    "longest": MOST_MINUTES,
    "most": MAX_PUPILS,
}
# A date beyond the next school year is a slip of the finger.
FURTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Draft:
    """An invitation as typed. `weeks` holds Mondays; `minutes` is the lesson's length.

    `times`: days and hours that suit, in her own words; `headcount`: pupils.
    """

    company_id: UUID | None
    class_id: UUID | None
    kind: str = KINDS[0]
    subject: str = ""
    goal: str = ""
    prior_knowledge: str = ""
    room_setup: tuple[str, ...] = ()
    weeks: tuple[date, ...] = ()
    times: str = ""
    minutes: int | None = USUAL_MINUTES
    headcount: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A date with a beginning and a length, in the local time of `zone`."""

    day: date
    from_time: time
    minutes: int
    zone: str

    @property
    def until_time(self) -> time:
        """When it ends on the clock of the same day."""
        return (datetime.combine(self.day, self.from_time) + timedelta(minutes=self.minutes)).time()

    @property
    def starts_at(self) -> datetime:
        """The moment it begins, in its zone."""
        return datetime.combine(self.day, self.from_time, ZoneInfo(self.zone))


def weeks_from(today: date, count: int = WEEKS_AHEAD) -> tuple[date, ...]:
    """The Mondays a teacher chooses from: next week and those that follow."""
    monday = today - timedelta(days=today.weekday())
    return tuple(monday + timedelta(weeks=number) for number in range(1, count + 1))


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def tidied(draft: Draft) -> Draft:
    """The same without spare blanks, each choice once and in order."""
    return replace(
        draft,
        subject=" ".join(draft.subject.split()),
        goal=draft.goal.strip(),
        prior_knowledge=draft.prior_knowledge.strip(),
        room_setup=tuple(code for code in SETUP if code in draft.room_setup),
        weeks=tuple(sorted(set(draft.weeks))),
        times=" ".join(draft.times.split()),
    )


def problems(draft: Draft, today: date) -> dict[str, str]:
    """Field → code of everything that is not right in a tidied draft, in the form's order."""
    found = {
        "company_id": "" if draft.company_id else "request_company",
        "class_id": "" if draft.class_id else "plan_class",
        "kind": "" if draft.kind in KINDS else "request_kind",
        "subject": "" if 0 < len(draft.subject) <= SUBJECT_LENGTH else "request_subject",
        "goal": "" if 0 < len(draft.goal) <= GOAL_LENGTH else "request_goal",
        "prior_knowledge": "" if len(draft.prior_knowledge) <= KNOWN_LENGTH else "request_known",
        "weeks": _weeks_problem(draft, today),
        "times": "" if len(draft.times) <= TIMES_LENGTH else "request_times",
        "minutes": "" if _is_within(draft.minutes, LEAST_MINUTES, MOST_MINUTES) else "request_long",
        "headcount": "" if _is_within(draft.headcount, 1, MAX_PUPILS) else "class_pupils",
    }
    return {name: code for name, code in found.items() if code}


def _weeks_problem(draft: Draft, today: date) -> str:
    if not draft.weeks:
        return "request_weeks"
    return "" if set(draft.weeks) <= set(weeks_from(today)) else "request_week_gone"


def _is_within(value: int | None, least: int, most: int) -> bool:
    return value is not None and least <= value <= most


def check_slot(slot: Slot, now: datetime) -> None:
    """Refuses a date that cannot be: `request_past`, `request_far`, `request_long`, or one that
    goes on after midnight, `request_night`."""
    if slot.starts_at <= now:
        raise Refused("request_past")
    if slot.starts_at > now + FURTHEST:
        raise Refused("request_far")
    if not LEAST_MINUTES <= slot.minutes <= MOST_MINUTES:
        raise Refused("request_long", **LIMITS)
    if slot.until_time <= slot.from_time:
        raise Refused("request_night")


def suits(slot: Slot, weeks: tuple[date, ...]) -> bool:
    """Whether the date lies in one of the weeks the teacher named."""
    return week_of(slot.day) in weeks
