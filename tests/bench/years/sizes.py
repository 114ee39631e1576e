"""How much of everything a scale means; scale 1 is a national programme."""

from dataclasses import dataclass

YEARS = 5
REGIONS = (
    "Groningen",
    "Friesland",
    "Drenthe",
    "Overijssel",
    "Flevoland",
    "Gelderland",
    "Utrecht",
    "Noord-Holland",
    "Zuid-Holland",
    "Zeeland",
    "Noord-Brabant",
    "Limburg",
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """`classes`, `tours_shown`, `webinars` and `lessons` are of a school year; `visits` is of all
    years whose visits are still there. A webinar has up to `classes_each` classes."""

    schools: int
    companies: int
    tours: int
    classes: int
    tours_shown: int
    webinars: int
    lessons: int
    requests: int
    visits: int
    classes_each: int = 45

    @staticmethod
    def of(scale: float) -> "Sizes":
        """At least a few of everything, however small the scale."""

        def some(whole: int, least: int) -> int:
            return max(least, round(whole * scale))

        return Sizes(
            schools=some(1_500, 4),
            companies=some(2_000, 3),
            tours=some(400, 3),
            classes=some(2_400, 6),
            tours_shown=some(2_400, 6),
            webinars=some(400, 1),
            lessons=some(200, 1),
            requests=some(300, 3),
            visits=some(2_000_000, 0),
        )

    @property
    def parts(self) -> tuple[int, int]:
        """Session classes of a whole year: of tours, and live."""
        each = min(self.classes_each, (self.classes + 1) / 2)
        return self.tours_shown, round(self.webinars * each) + self.lessons
