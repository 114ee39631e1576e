"""What live processes count, for Prometheus: in total, and per room by the room's id alone.

A live process names its own counters; a name that ends in `_total` counts up since it started.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from media.live.messages import Counted

# Told from the start, also while nothing happens: an alarm needs the zero.
ALWAYS = dict.fromkeys(
    ("received_total", "received_bytes_total", "sent_total", "sent_bytes_total",
     "send_lost_total", "nack_total", "rtx_total", "pli_total", "switches_total"),
    0.0,
)  # fmt: skip
Samples = Iterable[tuple[tuple[str, ...], str, float]]


class _Told(Collector):
    """Families made of what was counted just now. `told`: live process → its counters."""

    def __init__(self, told: Mapping[str, Counted]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        started = GaugeMetricFamily(
            "porthole_live_started_seconds", "When a live process started.", labels=("live",)
        )
        for live, counted in self._told.items():
            started.add_metric((live,), counted.started_at / 1000)
        yield started
        yield from _families("porthole_live", ("live",), self._of_processes())
        yield from _families("porthole_live_room", ("live", "room"), self._of_rooms())

    def _of_processes(self) -> Samples:
        for live, counted in self._told.items():
            for name, value in (ALWAYS | counted.process).items():
                yield (live,), name, value

    def _of_rooms(self) -> Samples:
        for live, counted in self._told.items():
            for room, counts in counted.rooms.items():
                for name, value in (ALWAYS | counts).items():
                    yield (live, str(room)), name, value


def _families(prefix: str, labels: tuple[str, ...], samples: Samples) -> Iterator[Metric]:
    found: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    for values, told, value in samples:
        name = re.sub(r"[^a-z0-9_]", "_", told.lower())
        if name not in found:
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            words = f"As the live process counts it: {name}."
            found[name] = kind(f"{prefix}_{name}", words, labels=labels)
        found[name].add_metric(values, value)
    yield from found.values()


def text(told: Mapping[str, Counted]) -> bytes:
    """What was counted as Prometheus reads it."""
    registry = CollectorRegistry()
    registry.register(_Told(told))
    return generate_latest(registry)
