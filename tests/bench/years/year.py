"""One school year: its classes, what was planned, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.bench.years.happened import Habits, Happened, seats
from tests.bench.years.land import LEVELS, SECTORS, SUBJECTS, ZONE, Company, Land, School
from tests.bench.years.sitting import Part, Sitting

WEEKS_AHEAD = 8
ARCHIVED_AFTER = timedelta(days=60)
REASONS = ("The network broke off.", "Two groups sat together.", "Counted again by hand.")
DECLARED = "Shown, but the school's network let nothing through."


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class of this year; `teacher` stays known until its year is purged."""

    id: str
    name: str
    school: School
    level: str
    grade: int
    pupils: int
    teacher: str
    is_confirmed: bool


@dataclass(slots=True)
class Year:
    """From 1 August `first`; `is_purged`: as retention leaves it."""

    land: Land
    first: int
    is_purged: bool
    habits: Habits
    days: list[date]
    classes: list[SchoolClass]

    def name(self, person: str) -> str | None:
        """The person, while she is still known."""
        return None if self.is_purged else person


def school_days(first: int) -> list[date]:
    """Days with lessons between two summers, without holidays."""
    day, found = date(first, 8, 28), []
    while day <= date(first + 1, 7, 8):
        week = day.isocalendar().week
        is_off = (
            week in {8, 18, 43} or (day.month, day.day) >= (12, 20) or day < date(day.year, 1, 4)
        )
        if day.weekday() < 5 and not is_off:
            found.append(day)
        day += timedelta(days=1)
    return found


def live(year: Year) -> Iterator[None]:
    """Lets the year happen, up to the day all is made for, and plans what comes; a step at a time,
    so that what was made can be written in between."""
    sizes = year.land.sizes
    for number in range(sizes.classes):
        year.classes.append(_class(year, number))
    for _ in range(sizes.tours_shown):
        _tour(year)
        yield
    for number in range(sizes.webinars + sizes.lessons):
        _live_session(year, number, is_lesson=number >= sizes.webinars)
        yield
    for _ in range(sizes.requests):
        _request(year)


# --- classes -----------------------------------------------------------------------------------


def _class(year: Year, number: int) -> SchoolClass:
    land, rng = year.land, year.land.rng
    # Some schools come with many classes, half of them with one or none.
    school = land.schools[int(len(land.schools) * rng.random() ** 1.7)]
    teacher, is_confirmed = _teacher(land, school)
    level, grade = rng.choice(school.levels), rng.randint(1, 4)
    key, made = land.uid(), datetime(year.first, 8, 25, 9, tzinfo=UTC)
    name = f"{grade}{chr(65 + number % 5)}"
    land.book.classes.add(
        land.programme,
        key,
        school.id,
        "" if year.is_purged else name,
        level,
        grade,
        "" if year.is_purged else rng.choice(SUBJECTS),
        year.first,
        pupils := rng.randint(19, 31),
        land.code(),
        date(year.first + 1, 7, 31),
        land.uid(),
        year.name(teacher),
        made,
    )
    if not year.is_purged:
        land.book.class_teachers.add(land.programme, key, teacher, made)
    return SchoolClass(key, name, school, level, grade, pupils, teacher, is_confirmed)


def _teacher(land: Land, school: School) -> tuple[str, bool]:
    """One of the school's; one of 33 is not confirmed."""
    known = land.teachers.setdefault(school.number, [])
    number = min(land.rng.randrange(0, 4), len(known))
    is_confirmed = (school.number * 4 + number) % 33 != 32
    if number < len(known):
        return known[number], is_confirmed
    teacher = land.person(f"teacher-{school.number + 1}-{number + 1}")
    land.role(teacher, "teacher", school=school.id, is_confirmed=is_confirmed)
    known.append(teacher)
    return teacher, is_confirmed


# --- tours -------------------------------------------------------------------------------------


def _tour(year: Year) -> None:
    land, rng = year.land, year.land.rng
    day, one = rng.choice(year.days), rng.choice(year.classes)
    shown = [tour for tour in (rng.choice(land.tours) for _ in range(3)) if tour.published_on < day]
    if not shown or day > land.today + timedelta(days=21):
        return
    tour = shown[0]
    chosen = (0, tour.film_ms) if rng.random() < 0.85 else (60_000, tour.film_ms - 30_000)
    starts = ms_of(day, time(8 + rng.randrange(0, 8), rng.choice((5, 15, 35, 50))))
    is_coming = day >= land.today
    lesson = None if is_coming else Happened(False, starts, (chosen,), [])
    is_planned = is_coming or rng.random() < 0.4
    made = starts - (5 * 86_400_000 if is_planned else 60_000)
    sitting = Sitting(
        id=land.uid(),
        tour=tour,
        room=None,
        organiser=year.name(one.teacher),
        state="planned" if is_coming else "ended",
        planned_on=day if is_planned else None,
        chosen=chosen,
        day=None if is_coming else day,
        starts=None if is_coming else starts,
        ends=lesson.ends + 20_000 if lesson else None,
        made=min(made, _yesterday(land)) if is_coming else made,
    )
    sitting.write(land)
    part = _part(year, one, day)
    if lesson is not None:
        _let_happen(year, lesson, one, is_beamer=rng.random() < 0.8)
    part.write(land, sitting, lesson, is_purged=year.is_purged)


def _part(year: Year, one: SchoolClass, day: date, *, by: str | None = None) -> Part:
    return Part(
        id=year.land.uid(),
        class_id=one.id,
        class_name="" if year.is_purged else one.name,
        school=one.school.id,
        region=one.school.region_on(day),
        level=one.level,
        is_confirmed=one.is_confirmed,
        expected=one.pupils,
        teacher=year.name(one.teacher),
        took_part_by=by,
    )


def _let_happen(year: Year, lesson: Happened, one: SchoolClass, *, is_beamer: bool) -> None:
    """Devices, headcounts, and what was said of them afterwards."""
    rng = year.land.rng
    there = max(1, one.pupils - rng.choice((0, 0, 0, 1, 1, 2, 3)))
    habits = year.habits.at_school(one.school.number)
    lesson.seats = seats(rng, habits, lesson, there, is_beamer=is_beamer)
    if not year.is_purged:
        year.land.made_visits += sum(len(seat.visits) for seat in lesson.seats)
    if rng.random() < 0.95:
        lesson.declared = there
        if rng.random() < 0.75:
            lesson.confirmed = max(1, there - rng.choice((0, 0, 0, 0, 1)))
    if not lesson.seats[0].has_media and rng.random() < 0.5:
        lesson.declared_reason = DECLARED
    if not year.is_purged and rng.random() < 0.02:
        lesson.correction_reason = rng.choice(REASONS)
        if rng.random() < 0.7:
            lesson.corrected_headcount = there + rng.choice((-2, -1, 1))
        else:
            lesson.corrected_outcome = rng.choice(("present", "partial"))


# --- webinars and guest lessons ----------------------------------------------------------------


def _live_session(year: Year, number: int, *, is_lesson: bool) -> None:
    land, rng = year.land, year.land.rng
    day = rng.choice(year.days)
    if day > land.today + timedelta(weeks=WEEKS_AHEAD):
        return
    count = (
        1 if is_lesson else min(len(year.classes), rng.randint(1, 2 * land.sizes.classes_each - 1))
    )
    Webinar(
        year,
        land.uid(),
        number,
        day,
        time(9 + rng.randrange(0, 6), rng.choice((0, 30))),
        rng.choice(land.companies),
        rng.sample(year.classes, count),
        is_lesson,
    ).write()


@dataclass(slots=True)
class Webinar:
    """A webinar, or a guest lesson for one class, with everybody in it. `number`: of its year."""

    year: Year
    id: str
    number: int
    day: date
    begins: time
    company: Company
    classes: list[SchoolClass]
    is_lesson: bool

    def write(self) -> None:
        """All its rows."""
        land, rng = self.year.land, self.year.land.rng
        is_coming = self.day >= land.today
        host = self.classes[0].teacher if self.is_lesson else self._coordinator()
        self._webinar(host, is_coming)
        sitting = self._room(host, is_coming)
        span = self._window()
        if not is_coming:
            for opens, closes in span:
                land.book.on_air.add(
                    land.programme,
                    sitting.id,
                    moment_of(opens),
                    moment_of(closes),
                    moment_of(closes),
                )
        for one in self.classes:
            luck = rng.random()
            state = "cancelled" if luck < 0.02 else "waiting" if luck < 0.03 else "in"
            part = _part(self.year, one, self.day, by=self.year.name(one.teacher))
            came = not is_coming and state == "in"
            self._registration(one, state, part.id if came else None)
            if came:
                lesson = Happened(True, span[0][0] - 120_000, span, [])
                if rng.random() > 0.04:
                    _let_happen(self.year, lesson, one, is_beamer=rng.random() < 0.25)
                part.write(land, sitting, lesson, is_purged=self.year.is_purged)

    def _coordinator(self) -> str:
        regions = self.year.land.regions
        return self.year.land.coordinators[regions.index(self.company.region)]

    @property
    def starts(self) -> datetime:
        return datetime.combine(self.day, self.begins, ZoneInfo(ZONE))

    @property
    def ends(self) -> datetime:
        return self.starts + timedelta(minutes=50)

    def _before(self, days: int) -> datetime:
        """So long before it; of what is still to come at the latest the day before today."""
        return min(self.starts - timedelta(days=days), moment_of(_yesterday(self.year.land)))

    def _window(self) -> tuple[tuple[int, int], ...]:
        rng = self.year.land.rng
        opens = int(self.starts.timestamp() * 1000) + rng.randrange(0, 180_000)
        closes = opens + rng.randrange(30, 55) * 60_000
        if rng.random() < 0.2:
            middle = (opens + closes) // 2
            return (opens, middle), (middle + 90_000, closes)
        return ((opens, closes),)

    def _webinar(self, host: str, is_coming: bool) -> None:
        land, rng, year = self.year.land, self.year.land.rng, self.year
        over = "archived" if self.day < land.today - ARCHIVED_AFTER else "ended"
        happened = None if is_coming else self.starts
        announced = self._before(30)
        sectors, main_sector = self.company.sectors(self.number)
        land.book.webinars.add(
            land.programme,
            self.id,
            "guest_lesson" if self.is_lesson else "webinar",
            "announced" if is_coming else over,
            sectors,
            rng.sample(LEVELS, 2),
            self.company.id,
            self.company.region,
            ZONE,
            self.day,
            self.begins,
            (self.starts + timedelta(minutes=50)).time(),
            self.starts,
            self.ends,
            0.6,
            3_000,
            not self.is_lesson,
            self.id,
            None if is_coming else year.name(host),
            year.name(host),
            announced,
            announced,
            announced,
            happened - timedelta(minutes=15) if happened else None,
            happened,
            self.ends if happened else None,
            land.objective_on(announced.date(), self.number),
            main_sector,
        )
        land.book.webinar_texts.add(
            land.programme, self.id, "nl", f"Live bij {self.company.name}", "Stel je vragen."
        )
        if year.is_purged:
            return
        land.book.webinar_moderators.add(land.programme, self.id, host, announced)
        land.book.webinar_presenters.add(
            land.programme,
            land.uid(),
            self.id,
            self.company.presenter_email,
            self.company.presenter_name,
            self.company.presenter,
            land.hash(),
            self.ends,
            announced,
            announced,
        )
        if happened and rng.random() < 0.6:
            land.book.webinar_preparations.add(
                land.programme,
                self.id,
                self.company.presenter,
                rng.choice((15, 30, 60, 90, 120)),
                self.ends,
            )

    def _room(self, host: str, is_coming: bool) -> Sitting:
        """The room bears the webinar's own id: easier to follow by hand."""
        land, year = self.year.land, self.year
        opened = self._before(30)
        land.book.rooms.add(
            land.programme,
            self.id,
            f"Live bij {self.company.name}",
            self.company.id,
            self.company.region,
            ZONE,
            year.name(host),
            opened,
            None if is_coming else self.ends,
            None if is_coming else "ended",
        )
        if not is_coming and not year.is_purged:
            land.book.room_presenters.add(
                land.programme, land.uid(), self.id, self.company.presenter, self.starts
            )
        starts = int(self.starts.timestamp() * 1000)
        sitting = Sitting(
            id=land.uid(),
            tour=None,
            room=self.id,
            organiser=year.name(host),
            state="planned" if is_coming else "ended",
            planned_on=None,
            chosen=None,
            day=self.day,
            starts=None if is_coming else starts - 15 * 60_000,
            ends=None if is_coming else starts + 60 * 60_000,
            made=int(self._before(30).timestamp() * 1000),
        )
        sitting.write(land)
        return sitting

    def _registration(self, one: SchoolClass, state: str, part: str | None) -> None:
        if self.year.is_purged:
            return
        land = self.year.land
        asked = self._before(land.rng.randrange(2, 25))
        land.book.registrations.add(
            land.programme,
            land.uid(),
            self.id,
            one.id,
            one.teacher,
            asked,
            state,
            one.pupils,
            asked,
            part,
        )


# --- requests ----------------------------------------------------------------------------------


def _request(year: Year) -> None:
    """A teacher's question that led to no lesson, or waits; the others are the lessons."""
    land, rng = year.land, year.land.rng
    day = rng.choice(year.days)
    if year.is_purged or day > land.today:
        return
    one, company = rng.choice(year.classes), rng.choice(land.companies)
    is_open = day > land.today - timedelta(days=14)
    asked = datetime.combine(day, time(10), UTC)
    state = "asked" if is_open else rng.choice(("declined", "withdrawn", "expired"))
    pair = (company.id, one.id)
    if state == "asked" and pair in land.asked:
        return
    land.asked.add(pair)
    land.book.requests.add(
        land.programme,
        land.uid(),
        company.id,
        one.id,
        one.school.id,
        one.school.region_on(day),
        one.level,
        one.grade,
        one.teacher,
        asked,
        "guest_lesson",
        rng.choice(SECTORS),
        "To see what the work is like.",
        [str(day + timedelta(days=21 - day.weekday()))],
        50,
        one.pupils,
        state,
        asked,
        None,
        None,
        day + timedelta(days=7),
        day + timedelta(days=14),
        None,
    )


# --- moments -----------------------------------------------------------------------------------


def _yesterday(land: Land) -> int:
    """When what is still to come was planned at the latest."""
    return ms_of(land.today - timedelta(days=1), time(10))


def ms_of(day: date, at: time) -> int:
    """A local time as milliseconds since 1970."""
    return int(datetime.combine(day, at, ZoneInfo(ZONE)).timestamp() * 1000)


def moment_of(ms: int) -> datetime:
    """Milliseconds since 1970 as a moment."""
    return datetime.fromtimestamp(ms / 1000, UTC)
