"""How far a blanked figure can be moved while every sum that is told stays. No I/O."""

from collections import deque
from collections.abc import Mapping

Place = tuple[str, str]


class Flow:
    """What is blanked of one measure as a network between rows and columns.

    From a row to a column a blanked cell can be raised, from the column to the row it can be
    lowered. What comes back to where it began changes no sum.
    """

    def __init__(self) -> None:
        self._room: dict[tuple[str, str], dict[tuple[str, str], int]] = {}

    def add(self, place: Place, raised: int, lowered: int) -> None:
        """A cell, and how far it could be moved if there were no sums."""
        row, column = ("row", place[0]), ("column", place[1])
        self._room.setdefault(row, {})[column] = raised
        self._room.setdefault(column, {})[row] = lowered

    def room(self, place: Place) -> tuple[int, int]:
        """How far a blanked cell can be raised and lowered while all sums stay."""
        row, column = ("row", place[0]), ("column", place[1])
        raised, lowered = self._room[row][column], self._room[column][row]
        up = min(raised, self._most(column, row, place))
        return up, min(lowered, self._most(row, column, place))

    def _most(self, source: tuple[str, str], sink: tuple[str, str], without: Place) -> int:
        """The maximum flow from one node to the other, not by the cell itself."""
        left = {node: dict(ends) for node, ends in self._room.items()}
        row, column = ("row", without[0]), ("column", without[1])
        del left[row][column], left[column][row]
        total = 0
        while path := _shortest(left, source, sink):
            amount = min(left[one][after] for one, after in path)
            for one, after in path:
                left[one][after] -= amount
                left[after][one] += amount
            total += amount
        return total


def _shortest(
    left: Mapping[tuple[str, str], Mapping[tuple[str, str], int]],
    source: tuple[str, str],
    sink: tuple[str, str],
) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """The edges of a shortest way with room left; none when there is none."""
    came_from = {source: source}
    waiting = deque([source])
    while waiting and sink not in came_from:
        node = waiting.popleft()
        for after, room in left[node].items():
            if room > 0 and after not in came_from:
                came_from[after] = node
                waiting.append(after)
    if sink not in came_from:
        return []
    path, node = [], sink
    while node != source:
        path.append((came_from[node], node))
        node = came_from[node]
    return path
