"""What somebody may ask within this process: a burst, then so many a second."""

from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Allowance:
    """`most` at once, then `per_s`. `at`: the moment it was last looked at, in seconds."""

    at: float
    most: float
    per_s: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        """Begins full."""
        self.left = self.most

    def take(self, now: float) -> bool:
        """Whether one more is fine. What is refused costs nothing."""
        self.left = min(self.most, self.left + (now - self.at) * self.per_s)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Allowances:
    """One for each who asks; of too many, who asked longest ago begins anew."""

    def __init__(self, most: float, per_s: float, keeps: int = 10_000) -> None:
        self._most = most
        self._per_s = per_s
        self._keeps = keeps
        self._of: OrderedDict[str, Allowance] = OrderedDict()

    def take(self, who: str, now: float) -> bool:
        """Whether one more of `who` is fine."""
        allowance = self._of.get(who)
        if allowance is None:
            allowance = self._of[who] = Allowance(now, self._most, self._per_s)
            if len(self._of) > self._keeps:
                self._of.popitem(last=False)
        self._of.move_to_end(who)
        return allowance.take(now)
