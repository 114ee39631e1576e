"""Which encoding of a simulcast picture a viewer gets; pure.

What a viewer's line carries is known from two things it reports: the estimate of its browser (REMB)
and its losses. The estimate never grows beyond about 1.5 times what is received, so it cannot tell
whether the next layer up would fit: going up is a trial, and the pause before the next trial
doubles each time one fails. Straight after going up the estimate lies below the new rate and climbs
by some 8 % a second, so an estimate that is too small tells something only if it does not rise.

A trial that fails costs a moment's standstill: the large keyframe it begins with drowns in a line
too thin for it. The line is therefore probed first: what was sent already is sent again beside the
present layer, as much as the next one would take. A probe that fails loses repeats, and hardly any
picture. Repeats cost more than a picture that all share: while many are probed, a layer that never
failed is tried without, and one that did waits for its turn, a minute at most.
"""

from __future__ import annotations

from collections.abc import Sequence

from media.live.messages import Wish

START_BPS = 1_000_000
"""What a line is trusted to carry before anything is known of it."""

FIRST_WAIT_S = 3.0
LONGEST_WAIT_S = 60.0
"""Between two trials: the first is short, each one that fails doubles it."""

_TRIAL_S = 4.0  # as long as this after going up, any doubt sends it back
_HELD_S = 30.0  # after this long a layer is trusted as at the start
_SETTLES_S = 2.0  # a queue drains, reports are of before: nothing tells of the new layer yet
_ROOM_TO_GO_UP = 1.2  # times the present rate that the estimate must reach
_ENOUGH = 0.9  # of the present rate; a little short is what a varying rate looks like
_SHORT_FOR_S = 0.6
_RISES_FOR_S = 1.5  # after each rise; estimates come every 0.2 to 1 s
_ROSE, _FELL = 1.01, 0.97
_LITTLE_LOSS, _TRIAL_LOSS, _MUCH_LOSS = 0.02, 0.08, 0.10
_LOSS_FOR_S = 1.0
_LOSS_KNOWN_S = 5.0  # a report older than this says nothing of now
_SOME_LOSS = 0.04  # with an estimate below the rate: a queue that overflows, whatever rises
# A line a little too thin fills its queue slowly; its report of losses comes after that.
_PROBE_S = 5.0
# Of a layer that never failed: a browser's estimate comes as soon as a queue grows, not full yet.
_FIRST_PROBE_S, _FIRST_PROBE_AFTER_S = 3.0, 1.0
_MANY_REPEATS = 15  # packets asked for again within a second: a keyframe that drowned
_FLOOD = 60  # with an estimate below the rate: the line drowns, on trial or not
_REPEATS_S = 1.0
# A layer stands still when it shows less than this share of a lower layer's pictures, and fewer
# than so many a second. A little more of either is asked before it is gone up to, so that none
# flaps; half the lower layer's rate is a choice encoders make.
_STUTTERS, _STUTTERS_S = 1 / 3, 6
_MOVES, _MOVES_S = 2 / 5, 8
_COME_BACK_S = 3.0  # after a pause the layers of a picture begin one by one, the smallest first


class Choice:
    """For one viewer and one picture. Layers are numbered from the lowest, 0, up."""

    def __init__(self, now: float) -> None:
        self.wish: Wish = "auto"
        self._wish_met: Wish = "auto"  # the one the present layer was started for
        self._layer: int | None = None
        self._changed_at = now
        self._is_trial = False  # the layer was reached by going up
        self._down_at = float("-inf")  # when it went down last
        self._waits_s: dict[int, float] = {}  # before each layer that failed is tried again
        self._estimate_bps: int | None = None
        self._mark_bps = 0.0  # what rising and falling is measured from
        self._rises_until = now
        self._short_since: float | None = None
        self._loss = 0.0
        self._loss_at = float("-inf")
        self._much_loss_since: float | None = None
        self._last_loss_at = float("-inf")  # more than a little
        self._still_at = float("-inf")  # when nothing at all flowed last
        self._tried_at = float("-inf")  # when a probe last ended without going up
        self._probed: int | None = None  # the layer whose rate is being tried out with repeats
        self._probed_since = now
        self._repeats = 0  # packets asked for again in this second of a trial or a probe
        self._repeats_since = now
        self.can_probe = False  # whether this viewer takes repeats
        self.may_probe = True  # whether few enough are probed just now for one more
        self.probe_bps = 0
        """What to send again beside the layer, so that the line shows what it carries."""

    def estimate(self, bps: int, now: float) -> None:
        """What the viewer's browser believes its line carries, all it gets taken together."""
        self._estimate_bps = bps
        if bps >= self._mark_bps * _ROSE:
            self._mark_bps, self._rises_until = bps, now + _RISES_FOR_S
        elif bps < self._mark_bps * _FELL:
            self._mark_bps, self._rises_until = bps, now

    def loss(self, fraction: float, now: float) -> None:
        """The part of the packets, 0 to 1, that was lost since the last report."""
        self._loss, self._loss_at = fraction, now
        if fraction > _LITTLE_LOSS:
            self._last_loss_at = now
        if fraction <= _MUCH_LOSS:
            self._much_loss_since = None
        elif self._much_loss_since is None:
            self._much_loss_since = now

    @property
    def layer(self) -> int | None:
        """The one chosen last; None before the first choice, and for sound alone."""
        return self._layer

    def asked_again(self, packets: int, now: float) -> bool:
        """So many packets did not come, says the viewer, long before its next report of losses.

        Whether that may change the choice at once.
        """
        if now - self._repeats_since > _REPEATS_S:
            self._repeats, self._repeats_since = 0, now
        self._repeats += packets
        is_tried = self._probed is not None or self._is_on_trial(now)
        return self._is_drowning() if is_tried else self._is_flooded(now)

    def _is_drowning(self) -> bool:
        return self._repeats > _MANY_REPEATS

    def _is_flooded(self, now: float) -> bool:
        """What is asked for after a step down was lost before it: that is waited out."""
        is_now = now - self._repeats_since <= _REPEATS_S
        return is_now and self._repeats > _FLOOD and now >= self._down_at + _SETTLES_S

    def _is_on_trial(self, now: float) -> bool:
        return self._is_trial and now - self._changed_at < _TRIAL_S

    def pick(self, rates: Sequence[int], other_bps: int, now: float) -> int | None:
        """The layer to send now; None: no picture, which only the wish for sound alone gives.

        `rates`: present bitrate of each layer, low to high, 0 for one that is not flowing.
        `other_bps`: what else this viewer gets.
        """
        if self.wish == "audio" or not rates:
            self._layer = None
            self._stop_probing()
            return None
        if self._probed is not None and (self._probed >= len(rates) or not self.can_probe):
            self._stop_probing()  # another picture, with fewer layers or in another codec
        flowing = [layer for layer, rate in enumerate(rates) if rate > 0]
        if not flowing:
            self._still_at = now
            self._stop_probing()
            return min(self._layer or 0, len(rates) - 1)
        if self._layer is None or self._wish_met != self.wish:
            self._start(flowing, rates, other_bps, now)
        elif self._layer not in flowing:
            if now - self._still_at > _COME_BACK_S:
                self._give_up(self._layer)  # one that comes and goes is not run after
            self._go_to(_nearest(self._layer, flowing), now)
        elif self.wish == "low":
            self._layer = flowing[0]
        else:
            self._step(self._layer, flowing, rates, other_bps, now)
        return self._layer

    def _start(
        self, flowing: Sequence[int], rates: Sequence[int], other_bps: int, now: float
    ) -> None:
        self._wish_met = self.wish
        self._waits_s = {}
        if self.wish == "high":
            self._try(flowing[-1], now)
        elif self.wish == "low":
            self._go_to(flowing[0], now)
        else:
            known = START_BPS if self._estimate_bps is None else self._estimate_bps
            self._go_to(_highest_in(min(known, START_BPS) - other_bps, flowing, rates), now)

    def _step(
        self, layer: int, flowing: Sequence[int], rates: Sequence[int], other_bps: int, now: float
    ) -> None:
        """Stays, or goes one up, or down as far as needed."""
        room = None if self._estimate_bps is None else self._estimate_bps - other_bps
        if now - self._changed_at > _HELD_S:
            self._waits_s.pop(layer, None)
        lower = [below for below in flowing if below < layer]
        higher = [above for above in flowing if above > layer]
        if lower and self._is_too_much(rates[layer], room, now):
            self._give_up(layer)
            is_short = room is not None and room < rates[layer] * _ENOUGH
            self._go_to(_highest_in(room, lower, rates) if is_short and room else lower[-1], now)
        elif self._probed is not None:
            self._probe(self._probed, layer, rates, room, now)
        elif higher and self._may_try(higher[0], rates[layer], room, now):
            if self.can_probe and self.may_probe:
                self._begin_probe(higher[0], rates[higher[0]] - rates[layer], now)
            elif not self._waits_for_probe(higher[0], now):
                self._try(higher[0], now)

    def _begin_probe(self, wanted: int, more_bps: int, now: float) -> None:
        self._probed, self._probed_since = wanted, now
        self.probe_bps = max(0, more_bps)
        self._rises_until = now + _RISES_FOR_S
        self._repeats = 0

    def _probe(
        self, wanted: int, layer: int, rates: Sequence[int], room: int | None, now: float
    ) -> None:
        """Goes on with the probe, gives the layer up, or goes up."""
        self.probe_bps = max(0, rates[wanted] - rates[layer])
        if not rates[wanted] or self._is_in_doubt(rates[wanted], room, self._probed_since, now):
            self._give_up(wanted)
            self._tried_at = now
            self._stop_probing()
            return
        if now - self._probed_since >= (_PROBE_S if wanted in self._waits_s else _FIRST_PROBE_S):
            self._try(wanted, now)

    def _stop_probing(self) -> None:
        self._probed = None
        self.probe_bps = 0

    def _is_too_much(self, rate: int, room: int | None, now: float) -> bool:
        if self._is_on_trial(now):
            return self._is_in_doubt(rate, room, self._changed_at, now)
        if self._is_flooded(now) and room is not None and room < rate * _ENOUGH:
            return True
        settled_at = max(self._changed_at, self._tried_at) + _SETTLES_S
        if now < settled_at or self._probed is not None:
            return False
        if not self._is_short(rate, room, now):
            self._short_since = None
        elif self._short_since is None:
            self._short_since = now
        if self._short_since is not None and now - self._short_since >= _SHORT_FOR_S:
            return True
        if self._much_loss_since is None or now - self._loss_at > _LOSS_KNOWN_S:
            return False
        return now - max(self._much_loss_since, settled_at) >= _LOSS_FOR_S

    def _is_short(self, rate: int, room: int | None, now: float) -> bool:
        if room is None:
            return False
        if self._loss > _SOME_LOSS and now - self._loss_at <= _LOSS_KNOWN_S:
            return room < rate
        return room < rate * _ENOUGH and now >= self._rises_until

    def _is_in_doubt(self, rate: int, room: int | None, since: float, now: float) -> bool:
        """During a trial or a probe that began at `since`, one bad sign is enough."""
        is_losing = self._loss > _TRIAL_LOSS and self._loss_at > since
        is_too_small = room is not None and room < rate and now >= self._rises_until
        return self._is_drowning() or is_losing or is_too_small

    def _may_try(self, layer: int, rate: int, room: int | None, now: float) -> bool:
        has_room = room is None or room >= rate * _ROOM_TO_GO_UP
        is_probed = self.can_probe and self.may_probe
        first_s = _FIRST_PROBE_AFTER_S if is_probed else FIRST_WAIT_S
        return has_room and self._quiet_s(now) >= self._waits_s.get(layer, first_s)

    def _waits_for_probe(self, layer: int, now: float) -> bool:
        """Where it failed it is not tried without a probe, unless no turn comes for very long."""
        if not self.can_probe or layer not in self._waits_s:
            return False
        return self._quiet_s(now) < self._waits_s[layer] + LONGEST_WAIT_S

    def _quiet_s(self, now: float) -> float:
        return now - max(self._changed_at, self._last_loss_at, self._tried_at)

    def _try(self, layer: int, now: float) -> None:
        self._go_to(layer, now)
        self._is_trial = True
        self._rises_until = now + _RISES_FOR_S  # the estimate gets this long to begin to
        self._repeats = 0

    def _give_up(self, layer: int) -> None:
        wait_s = self._waits_s.get(layer, FIRST_WAIT_S)
        self._waits_s[layer] = min(LONGEST_WAIT_S, wait_s * 2)

    def _go_to(self, layer: int, now: float) -> None:
        if self._layer is not None and layer < self._layer:
            self._down_at = now
            self._repeats = 0
        self._layer = layer
        self._changed_at = now
        self._is_trial = False
        self._short_since = None
        self._stop_probing()


def steady(rates: Sequence[int], pictures_s: Sequence[float], present: int | None) -> list[int]:
    """The rates, with 0 for a layer that hardly shows pictures while a lower one does.

    A presenter's device that has too little power or uplink for its largest picture goes on sending
    one of it now and then, at a high rate: whoever watches that sees a picture stand still.
    `present`: the layer that is watched.
    """
    most, found = 0.0, []
    for layer, (rate, shown_s) in enumerate(zip(rates, pictures_s, strict=True)):
        is_above = present is not None and layer > present
        share, enough_s = (_MOVES, _MOVES_S) if is_above else (_STUTTERS, _STUTTERS_S)
        found.append(rate if shown_s >= min(most * share, enough_s) else 0)
        most = max(most, shown_s)
    return found


def _nearest(layer: int, flowing: Sequence[int]) -> int:
    """The next lower layer that flows, else the lowest."""
    return max((below for below in flowing if below < layer), default=flowing[0])


def _highest_in(room: int, layers: Sequence[int], rates: Sequence[int]) -> int:
    """The highest of these layers whose rate has room, else the lowest of them."""
    return max((layer for layer in layers if rates[layer] <= room), default=layers[0])
