"""The rows of a sitting: session, classes, seats, visits, results."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from tests.bench.years import sums
from tests.bench.years.happened import Happened
from tests.bench.years.land import ZONE, Land, Tour
from tests.bench.years.sums import Sum

HOUR_MS = 3_600_000


@lru_cache(maxsize=4)
def _day_of(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).date().isoformat()


def stamp(ms: int) -> str:
    """Milliseconds since 1970 as PostgreSQL reads a moment."""
    days, ms = divmod(ms, 86_400_000)
    seconds, ms = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day_of(days)} {hour:02d}:{minute:02d}:{second:02d}.{ms:03d}+00"


def _stamp(ms: int | None) -> str | None:
    return None if ms is None else stamp(ms)


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session, of a tour or of a room; moments in milliseconds since 1970."""

    id: str
    tour: Tour | None
    room: str | None
    organiser: str | None
    state: str
    planned_on: date | None
    chosen: tuple[int, int] | None
    day: date | None
    starts: int | None
    ends: int | None
    made: int

    def write(self, land: Land) -> None:
        """Its row."""
        is_over = self.state == "ended"
        land.book.sessions.add(
            land.programme,
            self.id,
            self.tour.id if self.tour else None,
            self.tour.version if self.tour else None,
            self.room,
            self.organiser,
            self.state,
            ZONE,
            self.planned_on,
            "10:15-11:05" if self.planned_on else "",
            f"[[{self.chosen[0]}, {self.chosen[1]}]]" if self.chosen else "[]",
            sums.PASS_SHARE,
            sums.GRACE_S,
            "1",
            stamp(self.made),
            _stamp(self.starts),
            _stamp(self.ends),
            ("teacher" if self.tour else "room_closed") if is_over else None,
            self.day,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A class in a sitting."""

    id: str
    class_id: str
    class_name: str
    school: str
    region: str
    level: str
    is_confirmed: bool
    expected: int
    teacher: str | None
    took_part_by: str | None

    def write(
        self, land: Land, sitting: Sitting, lesson: Happened | None, *, is_purged: bool
    ) -> None:
        """The session class and, when it is over, all that was measured."""
        self._class(land, sitting, lesson)
        if lesson is None:
            return
        found = sums.result(lesson)
        if lesson.correction_reason:
            self._corrections(land, lesson, found)
        if not is_purged:
            self._seats(land, lesson)
        self._result(land, lesson, found, is_purged=is_purged)

    def _class(self, land: Land, sitting: Sitting, lesson: Happened | None) -> None:
        begun = lesson.start if lesson else sitting.made
        said = _stamp(begun) if lesson and lesson.declared is not None else None
        confirmed = lesson.confirmed if lesson else None
        declared_reason = lesson.declared_reason if lesson and self.teacher else None
        land.book.session_classes.add(
            land.programme,
            self.id,
            sitting.id,
            self.class_id,
            self.school,
            self.region,
            self.class_name,
            self.level,
            self.is_confirmed,
            self.expected,
            lesson.declared if lesson else None,
            said,
            confirmed,
            _stamp(begun + HOUR_MS) if confirmed is not None else None,
            self.teacher if confirmed is not None else None,
            declared_reason,
            self.teacher if declared_reason else None,
            _stamp(begun + HOUR_MS) if declared_reason else None,
            _stamp(begun + 2 * HOUR_MS) if lesson else None,
            self.took_part_by if lesson else None,
            _stamp(begun) if lesson and self.took_part_by else None,
            stamp(sitting.made),
        )

    def _seats(self, land: Land, lesson: Happened) -> None:
        """Straight as lines: there are millions."""
        bits, programme = land.rng.getrandbits, land.programme
        seat_lines, visit_lines = land.book.seats.lines, land.book.visits.lines
        for seat in lesson.seats:
            key, rung = f"{bits(128):032x}", "udp" if lesson.is_live and seat.has_media else "\\N"
            begun, flowed = stamp(seat.visits[0].start), "t" if seat.has_media else "f"
            seat_lines.append(
                f"{programme}\t{key}\t{self.id}\t{seat.kind}\t\\\\x{bits(256):064x}\t{begun}"
                f"\t{stamp(seat.visits[-1].end)}"
            )
            for visit in seat.visits:
                watched = ",".join([f"[{a},{b})" for a, b in visit.watched])
                end = stamp(visit.end)
                visit_lines.append(
                    f"{programme}\t{key}\t{bits(128):032x}\t{stamp(visit.start)}\t{end}\t{end}"
                    f"\t{visit.reason}\t{{{watched}}}\t{flowed}\t{'t' if visit.is_late else 'f'}"
                    f"\t{(visit.end - visit.start) // 2000}\tt\t{rung}"
                )

    def _corrections(self, land: Land, lesson: Happened, found: Sum) -> None:
        for field, measured, value in (
            ("headcount", found.measured_headcount, lesson.corrected_headcount),
            ("outcome", found.measured_outcome, lesson.corrected_outcome),
        ):
            if value is not None:
                land.book.corrections.add(
                    land.programme,
                    land.uid(),
                    self.id,
                    field,
                    str(measured),
                    str(value),
                    lesson.correction_reason,
                    self.teacher,
                    stamp(lesson.start + 26 * HOUR_MS),
                )

    def _result(self, land: Land, lesson: Happened, found: Sum, *, is_purged: bool) -> None:
        land.book.results.add(
            land.programme,
            self.id,
            found.outcome,
            found.measured_outcome,
            found.reason,
            found.params,
            found.window_ms,
            found.present_ms,
            found.headcount,
            found.measured_headcount,
            found.headcount_source,
            found.seats,
            found.seats_passed,
            found.pupils,
            found.student_seconds,
            found.has_beamer,
            "[]" if is_purged else found.intervals,
            "1",
            stamp(lesson.start + 3 * HOUR_MS),
            stamp(land.purged_ms) if is_purged else None,
            found.cut_off,
        )
