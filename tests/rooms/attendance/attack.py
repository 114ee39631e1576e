"""A reader who wants to know what was blanked: an exact search over all whole numbers that agree
with every published figure of a set of tables. Knows nothing of how the blanks were chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rooms.attendance.blanking import Blanked
from rooms.attendance.tables import Table

# A sum that must be nought: (variable, +1 or -1), ….
Sum = tuple[tuple[int, int], ...]


class Impossible(Exception):
    """These bounds agree with nothing."""


@dataclass
class Reader:
    """What is published of one measure, as variables with bounds and sums that are nought."""

    names: dict[tuple[str, ...], int] = field(default_factory=dict)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)

    def variable(self, name: tuple[str, ...], value: int, is_told: bool, most: int) -> int:
        if name not in self.names:
            self.names[name] = len(self.low)
            self.low.append(value if is_told else 0)
            self.high.append(value if is_told else most)
        return self.names[name]

    def span(self, name: tuple[str, ...]) -> tuple[int, int]:
        """The least and the most that a figure can be."""
        at = self.names[name]
        low, high = self._narrow(self.low, self.high)
        return self._end(at, low, high, upwards=False), self._end(at, low, high, upwards=True)

    def _end(self, at: int, low: Sequence[int], high: Sequence[int], *, upwards: bool) -> int:
        """By halving: whatever lies between two possible ends is possible too."""
        near, far = (low[at], high[at]) if upwards else (high[at], low[at])
        while not self._can_reach(at, low, high, far, upwards=upwards):
            far += -1 if upwards else 1
            assert far != near + (-1 if upwards else 1)
        return far

    def _can_reach(
        self, at: int, low: Sequence[int], high: Sequence[int], value: int, *, upwards: bool
    ) -> bool:
        least, most = list(low), list(high)
        if upwards:
            least[at] = value
        else:
            most[at] = value
        return self._is_possible(least, most)

    def _is_possible(self, low: Sequence[int], high: Sequence[int]) -> bool:
        try:
            least, most = self._narrow(low, high)
        except Impossible:
            return False
        open_ones = [at for at in range(len(least)) if least[at] < most[at]]
        if not open_ones:
            return True
        at = min(open_ones, key=lambda one: most[one] - least[one])
        for value in range(least[at], most[at] + 1):
            tried_low, tried_high = list(least), list(most)
            tried_low[at] = tried_high[at] = value
            if self._is_possible(tried_low, tried_high):
                return True
        return False

    def _narrow(self, low: Sequence[int], high: Sequence[int]) -> tuple[list[int], list[int]]:
        least, most, is_changed = list(low), list(high), True
        while is_changed:
            is_changed = False
            for parts in self.sums:
                lows = sum(least[at] if sign > 0 else -most[at] for at, sign in parts)
                highs = sum(most[at] if sign > 0 else -least[at] for at, sign in parts)
                if lows > 0 or highs < 0:
                    raise Impossible
                for at, sign in parts:
                    room = most[at] - least[at]
                    if sign > 0:
                        new_low = max(least[at], most[at] - highs)
                        new_high = min(most[at], least[at] - lows)
                    else:
                        new_low = max(least[at], most[at] + lows)
                        new_high = min(most[at], least[at] + highs)
                    if new_low > new_high:
                        raise Impossible
                    if new_high - new_low < room:
                        least[at], most[at], is_changed = new_low, new_high, True
                        break
                if is_changed:
                    break
        return least, most


def reader_of(tables: Sequence[Table], blanked: Blanked, measure: str) -> Reader:
    """What a reader of the published tables has to go by."""
    reader = Reader()
    whole = tables[0].whole[measure]
    most = whole if not blanked.hides_whole else whole + 50
    grand = reader.variable(("whole",), whole, not blanked.hides_whole, most)
    rows = {
        key: reader.variable(
            ("row", key), figures[measure],
            not blanked.hides_whole and key not in blanked.rows, most,
        )
        for key, figures in tables[0].rows.items()
    }  # fmt: skip
    reader.sums.append((*((at, 1) for at in rows.values()), (grand, -1)))
    for table in tables:
        _add(reader, table, blanked, measure, rows, grand, most)
    return reader


def _add(
    reader: Reader, table: Table, blanked: Blanked, measure: str, rows: dict[str, int],
    grand: int, most: int,
) -> None:  # fmt: skip
    blanks = blanked.tables[table.name]
    columns = {
        key: reader.variable(
            (table.name, "column", key), figures[measure],
            not blanks.is_withheld and key not in blanks.columns, most,
        )
        for key, figures in table.columns.items()
    }  # fmt: skip
    reader.sums.append((*((at, 1) for at in columns.values()), (grand, -1)))
    cells = {
        (row, column): reader.variable(
            (table.name, row, column), table.cell((row, column))[measure],
            (row, column) in table.voids
            or (not blanks.is_withheld and (row, column) not in blanks.cells), most,
        )
        for row in rows
        for column in columns
    }  # fmt: skip
    for row, at in rows.items():
        reader.sums.append((*((cells[row, one], 1) for one in columns), (at, -1)))
    for column, at in columns.items():
        reader.sums.append((*((cells[one, column], 1) for one in rows), (at, -1)))
