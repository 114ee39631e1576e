"""What happened in one class's lesson: seats and their visits, drawn at random."""

import random
from dataclasses import dataclass

Span = tuple[int, int]
# Few connections break off; how many do follows from how many visits are wanted.
HOLES_MS = (4_000, 9_000, 14_000, 16_000, 40_000, 120_000)


@dataclass(frozen=True, slots=True)
class MadeVisit:
    """A connection, in milliseconds since 1970. `watched`: of the film, or live on the clock."""

    start: int
    end: int
    reason: str
    watched: tuple[Span, ...]
    is_late: bool

    def stays(self, lesson: "Happened") -> list[list[object]]:
        """As the results row tells of it."""
        if not lesson.is_live:
            return [[self.start, self.end, self.reason, self.is_late]]
        last = len(self.watched) - 1
        return [
            [start, end, self.reason if at == last else "away", self.is_late]
            for at, (start, end) in enumerate(self.watched)
        ]


@dataclass(frozen=True, slots=True)
class MadeSeat:
    """A device; its visits come one after another."""

    kind: str
    visits: tuple[MadeVisit, ...]
    has_media: bool

    @property
    def present(self) -> list[Span]:
        """When, or of the film what, it watched."""
        return [span for visit in self.visits for span in visit.watched]

    def cut_off_ms(self, lesson: "Happened") -> int:
        """How long it was joined while picture and sound never came; 0 when they did."""
        if self.has_media:
            return 0
        if not lesson.is_live:
            return sum(visit.end - visit.start for visit in self.visits)
        return sum(
            max(0, min(end, closes) - max(start, opens))
            for start, end in self.present
            for opens, closes in lesson.window
        )


@dataclass(slots=True)
class Happened:
    """One class in one session."""

    is_live: bool
    start: int
    window: tuple[Span, ...]
    seats: list[MadeSeat]
    declared: int | None = None
    confirmed: int | None = None
    declared_reason: str | None = None
    correction_reason: str = ""
    corrected_headcount: int | None = None
    corrected_outcome: str | None = None

    @property
    def ends(self) -> int:
        """When the last of the window has passed."""
        opens, closes = self.window[0][0], self.window[-1][1]
        return closes if self.is_live else self.start + closes - opens


# One school of four has a network that drops lines all the time; the others hardly ever do.
POOR_NETWORKS, POOR_SHARE = 4, 0.85


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a device connects anew in a lesson, on average; at least once."""

    visits_each: float

    def at_school(self, number: int) -> "Habits":
        """The same where its network is poor, or good; over all schools it stays the average."""
        is_poor = number % POOR_NETWORKS == POOR_NETWORKS - 1
        share = POOR_SHARE if is_poor else (1 - POOR_SHARE) / (POOR_NETWORKS - 1)
        return Habits(1 + (self.visits_each - 1) * share * POOR_NETWORKS)

    def cuts(self, rng: random.Random) -> int:
        """How often one device's line is cut."""
        often = self.visits_each - 1
        return min(12, int(rng.expovariate(1 / often) + 0.5)) if often > 0.01 else 0


def seats(
    rng: random.Random, habits: Habits, lesson: Happened, pupils: int, *, is_beamer: bool
) -> list[MadeSeat]:
    """A screen with some phones beside it, or a device for nearly each pupil."""
    is_cut_off = rng.random() < 0.012
    ends = lesson.ends
    if is_beamer:
        kinds = ["beamer"] + ["companion"] * rng.randrange(0, 6)
    else:
        kinds = ["own"] * max(1, round(pupils * rng.uniform(0.75, 1.0)))
    joins = sorted(rng.randrange(0, 150_000) for _ in kinds)
    return [
        _seat(rng, habits, lesson, kind, lesson.start + join + at, ends, is_cut_off)
        for at, (kind, join) in enumerate(zip(kinds, joins, strict=True))
    ]


def _seat(
    rng: random.Random,
    habits: Habits,
    lesson: Happened,
    kind: str,
    joined: int,
    ends: int,
    is_cut_off: bool,
) -> MadeSeat:
    # One in eight leaves early, some at once.
    until = ends if rng.random() > 0.12 else rng.randrange(joined, max(joined + 2_000, ends))
    until = max(until, joined + 1_000)
    cuts = sorted(rng.randrange(joined, until) for _ in range(habits.cuts(rng)))
    visits: list[MadeVisit] = []
    at = joined
    for cut in (*cuts, until):
        if cut - at >= 1_000:
            reason = "lost" if cut != until else ("session_ended" if cut == ends else "left")
            visits.append(_visit(rng, lesson, at, cut, reason, is_cut_off))
            at = cut + rng.choice(HOLES_MS)
    return MadeSeat(kind, tuple(visits), not is_cut_off)


def _visit(
    rng: random.Random, lesson: Happened, start: int, end: int, reason: str, is_cut_off: bool
) -> MadeVisit:
    if lesson.is_live:
        middle = (start + end) // 2
        is_away = rng.random() < 0.05 and end - start > 60_000
        watched = ((start, middle), (middle + 20_000, end)) if is_away else ((start, end),)
    elif is_cut_off:
        watched = ()
    else:
        # The film stands where the screen is: at its beginning when the lesson began.
        opens = lesson.window[0][0]
        watched = ((opens + start - lesson.start, opens + end - lesson.start),)
    return MadeVisit(start, end, reason, watched, not lesson.is_live and rng.random() < 0.01)
