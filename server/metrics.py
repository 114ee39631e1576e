"""`/metrics` for Prometheus: how busy the process and the installation are, never who.

Labels are the patterns of our own addresses, methods, statuses and kinds of job: nothing in them
names a person, a class, a school or a device.
"""

import hmac
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rooms.attendance.beat_collector import Collector
from rooms.errors import NotThere
from server import live_metrics
from server.context import Here
from server.database import Connection
from server.jobs import KINDS
from server.live_rooms import live_of
from server.room_hub import RoomHub

# A seat whose device said something so lately is taken: beats come every two seconds.
LIVE_WITHIN_S = 15
DURATIONS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@dataclass(slots=True)
class Metrics:
    """What one process counts, in a registry of its own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    durations: Histogram = field(init=False)
    uploaded: Counter = field(init=False)
    beats: Gauge = field(init=False)
    jobs: Gauge = field(init=False)
    seats: Gauge = field(init=False)
    pool: Gauge = field(init=False)
    database: Gauge = field(init=False)
    sockets: Gauge = field(init=False)
    live: Gauge = field(init=False)

    def __post_init__(self) -> None:
        """Makes each with its words."""
        to = self.registry
        labels = ("method", "route", "status")
        self.requests = Counter("porthole_requests", "Answers given.", labels, registry=to)
        self.durations = Histogram(
            "porthole_request_seconds",
            "From the request to the last byte of its answer.",
            ("method", "route"),
            buckets=DURATIONS_S,
            registry=to,
        )
        self.uploaded = Counter("porthole_upload_bytes", "Bytes of uploads received.", registry=to)
        self.beats = Gauge(
            "porthole_beats_flushed", "Beats written since the process began.", registry=to
        )
        self.jobs = Gauge("porthole_jobs_waiting", "Jobs in the queue.", ("kind",), registry=to)
        self.seats = Gauge("porthole_seats_live", "Devices taking part now.", registry=to)
        self.pool = Gauge(
            "porthole_pool_connections", "Connections of this process.", ("state",), registry=to
        )
        self.database = Gauge("porthole_database_bytes", "Size of the database.", registry=to)
        self.sockets = Gauge(
            "porthole_room_sockets", "Pages in rooms, by this process.", registry=to
        )
        self.live = Gauge("porthole_live_processes", "Live processes that answer.", registry=to)


class Counting:
    """Counts every answer under the pattern of its address; `patterns`: endpoint → pattern."""

    def __init__(self, app: ASGIApp, metrics: Metrics, patterns: Mapping[Any, str]) -> None:
        self.app = app
        self.metrics = metrics
        self.patterns = patterns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; a socket or a lifespan is not counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, self._receiving(scope, receive), seen)
        finally:
            method, route = _method(scope), self._route(scope)
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.durations.labels(method, route).observe(time.perf_counter() - started)

    def _receiving(self, scope: Scope, receive: Receive) -> Receive:
        if not scope["path"].startswith("/uploads/"):
            return receive

        async def counted() -> Message:
            message = await receive()
            self.metrics.uploaded.inc(len(message.get("body", b"")))
            return message

        return counted

    def _route(self, scope: Scope) -> str:
        if scope["path"].startswith("/static/"):
            return "/static"
        # an address nobody serves must not make a label of whatever a stranger types
        return self.patterns.get(scope.get("endpoint"), "none")


def _method(scope: Scope) -> str:
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return scope["method"] if scope["method"] in known else "other"


async def show(here: Here) -> Response:
    """`GET /metrics`: for this machine's own Prometheus, or with the bearer token."""
    if not _may_read(here):
        raise NotThere
    metrics: Metrics = here.floor.rooms["metrics"]
    beats: Collector = here.floor.rooms["beats"]
    metrics.beats.set(beats.flushed)
    pool = here.floor.pool
    metrics.pool.labels("open").set(pool.get_size())
    metrics.pool.labels("idle").set(pool.get_idle_size())
    metrics.pool.labels("most").set(pool.get_max_size())
    async with here.transaction() as conn:
        await _look_into(conn, metrics)
    hub: RoomHub = here.floor.rooms["hub"]
    metrics.sockets.set(hub.count_pages())
    told = await live_of(here).stats()
    metrics.live.set(len(told))
    text = generate_latest(metrics.registry) + live_metrics.text(told)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _may_read(here: Here) -> bool:
    """With a token set, only with it; else only from this machine, and not through a proxy."""
    token = here.settings.metrics_token
    if token is not None:
        given = here.request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    client = here.request.client
    is_forwarded = any(name in here.request.headers for name in FORWARDED)
    return client is not None and client.host in {"127.0.0.1", "::1"} and not is_forwarded


async def _look_into(conn: Connection, metrics: Metrics) -> None:
    waiting = await conn.fetch(
        "select entrypoint, count(*) as jobs from pgqueuer where status = 'queued' group by 1"
    )
    _set_kinds(metrics.jobs, KINDS, {row["entrypoint"]: row["jobs"] for row in waiting})
    metrics.seats.set(
        await conn.fetchval(
            """
            select count(distinct seat_id) from visits
            where ended_at is null and seen_until > now() - make_interval(secs => $1)
            """,
            LIVE_WITHIN_S,
        )
    )
    metrics.database.set(await conn.fetchval("select pg_database_size(current_database())"))


def _set_kinds(gauge: Gauge, kinds: Iterable[str], found: Mapping[str, int]) -> None:
    """Every kind is told, also when none waits: an alarm needs the zero."""
    for kind in {*kinds, *found}:
        gauge.labels(kind).set(found.get(kind, 0))
