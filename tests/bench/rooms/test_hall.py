"""`make bench`: a thousand pages in one room, on the cores that database and load share with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench import cost
from tests.bench.rooms.stand import Stand, stand, usable_cores

MEMBERS = 1_000
BURST_S = 10.0
JOINED_P95_S = 1.0
HEARD_P95_S = 0.2
PER_CPU_S = 50_000
MEMBER_BYTES = 60_000
OUTBOX_BYTES = 1024 * 1024
# What the kernel and the transport may hold besides, for a page with a small window.
BESIDE_BYTES = 512 * 1024
# So much the others are told while it sleeps. Another wakes earlier, when more was told than is
# held for it, but before it is let go of (`room_wire.LINGER_S`), and is asked what was held.
ASLEEP_BYTES = 3 * OUTBOX_BYTES // 2
WAKES_AT_BYTES = 5 * OUTBOX_BYTES // 8
EVENTS, EVERY_S = 100, 0.25
REST_S = 10.0


@dataclass(frozen=True)
class Hall:
    """What was measured of one full room."""

    members: int
    burst_s: float
    joined_s: list[float]
    failed: list[str]
    member_bytes: float
    heard_s: dict[str, float]
    deliveries: int
    events: int
    cpu_s: float
    seconds: float  # in which the deliveries and the CPU above were counted
    rest_share: float  # of a core, while nothing happens but beats
    asleep_octets: int
    asleep_p95_s: float
    by_port_per_cpu_s: float = 0.0  # where it was asked for

    @property
    def all_per_cpu_s(self) -> float:
        """Frames in a second of CPU, pings and all that the process does besides included."""
        return self.deliveries / self.cpu_s

    @property
    def per_cpu_s(self) -> float:
        """Events brought to a page in a second of CPU, without what beats cost all the time."""
        own_s = self.cpu_s - self.rest_share * self.seconds
        return per_cpu_s(self.events, self.members, own_s)

    def joined_at(self, share: float) -> float:
        """A share of the pages was in within this."""
        return self.joined_s[int(share * (len(self.joined_s) - 1))]


def per_cpu_s(events: int, members: int, own_s: float) -> float:
    """`own_s`: CPU, without what beats cost all the time."""
    return events * members / max(own_s, 1e-6)


async def test_a_thousand_in_one_room(server_dsn: str, tmp_path: Path) -> None:
    found = await measured(server_dsn, tmp_path, MEMBERS, BURST_S, EVENTS, REST_S)
    by_port = await by_port_per_cpu_s(server_dsn, tmp_path)
    found = replace(found, by_port_per_cpu_s=by_port)
    write(found)
    assert found.failed == []
    assert found.joined_at(0.95) <= JOINED_P95_S
    assert found.heard_s["0.95"] <= HEARD_P95_S
    assert found.per_cpu_s >= PER_CPU_S
    assert found.member_bytes <= MEMBER_BYTES
    assert found.asleep_octets <= OUTBOX_BYTES + BESIDE_BYTES
    assert found.asleep_p95_s <= HEARD_P95_S


async def measured(
    server_dsn: str,
    home: Path,
    members: int,
    burst_s: float,
    events: int,
    rest_s: float,
    asleep_octets: int = ASLEEP_BYTES,
    wakes_at: int = WAKES_AT_BYTES,
) -> Hall:
    """Comes in, hears, rests; then two stop reading."""
    async with stand(server_dsn, home, members + 3) as room:
        first = await room.join(1, 0.0)  # what is loaded at the first page is no member's
        assert first["failed"] == []
        await room.ask("lead", cookie=room.leader)
        empty = room.resident
        came = await room.join(members, burst_s)
        member_bytes = (room.resident - empty) / members
        resting = await _resting(room, rest_s)
        before = room.cpu_s
        heard = await room.ask("tell", rounds=events, every_s=EVERY_S)
        cpu_s = room.cpu_s - before
        slept = await room.ask("sleep", tokens=room.tokens, octets=asleep_octets, wakes_at=wakes_at)
        assert (await room.ask("rest", seconds=0.0))["here"] == len(came["took_s"]) + 1
    return Hall(
        members, burst_s, came["took_s"], came["failed"], member_bytes, heard["late_s"],
        heard["deliveries"], events, cpu_s, heard["seconds"], resting, slept["octets"],
        slept["late_s"],
    )  # fmt: skip


async def by_port_per_cpu_s(server_dsn: str, home: Path) -> float:
    """Deliveries in a second of CPU where pages come straight to the port."""
    async with stand(server_dsn, home, MEMBERS + 1, is_by_port=True) as room:
        await room.join(1, 0.0)
        await room.ask("lead", cookie=room.leader)
        await room.join(MEMBERS, BURST_S)
        resting, before = await _resting(room, REST_S), room.cpu_s
        heard = await room.ask("tell", rounds=EVENTS, every_s=EVERY_S)
        own_s = room.cpu_s - before - resting * heard["seconds"]
    return per_cpu_s(EVENTS, MEMBERS, own_s)


async def _resting(room: Stand, seconds: float) -> float:
    before = room.cpu_s
    await room.ask("rest", seconds=seconds)
    return (room.cpu_s - before) / seconds


def write(found: Hall) -> Path:
    """Keeps the figures beside the promises."""
    heads = ["promise", "measured", "promised"]
    rows = [
        [f"into the room, {found.members} in {found.burst_s:.0f} s, p95",
         f"{found.joined_at(0.95):.2f} s", f"≤ {JOINED_P95_S:.0f} s"],
        ["the slowest", f"{found.joined_at(1.0):.2f} s", ""],
        ["did not come in", str(len(found.failed)), "0"],
        ["one event to all, p50", f"{found.heard_s['0.5'] * 1e3:.0f} ms", ""],
        ["p95", f"{found.heard_s['0.95'] * 1e3:.0f} ms", f"≤ {HEARD_P95_S * 1e3:.0f} ms"],
        ["deliveries per second of CPU", f"{found.per_cpu_s:,.0f}", f"≥ {PER_CPU_S:,}"],
        ["the same without a proxy, by its port", f"{found.by_port_per_cpu_s:,.0f}", ""],
        ["frames per second of CPU, all else included", f"{found.all_per_cpu_s:,.0f}", ""],
        ["memory per member", f"{found.member_bytes / 1e3:.0f} kB", f"≤ {MEMBER_BYTES // 1000} kB"],
        ["CPU while only beats come", f"{found.rest_share:.0%} of a core", ""],
        ["a page that never reads: held for it until it was closed",
         f"{found.asleep_octets / 1024:.0f} KiB",
         f"≤ {OUTBOX_BYTES // 1024} KiB and what the kernel holds"],
        ["others meanwhile, p95", f"{found.asleep_p95_s * 1e3:.0f} ms",
         f"≤ {HEARD_P95_S * 1e3:.0f} ms"],
    ]  # fmt: skip
    note = (
        f"One web process, its PostgreSQL and the {found.members} pages share "
        f"{usable_cores()} cores. An event is a poll of the largest size, shown or hidden by the "
        "moderator: from her press to each page, the commit included. "
        "Deliveries are such events at a page, and the CPU they took beyond what the web process "
        "uses while only beats come; below them all frames and all CPU of that time. Pages come by "
        "the unix socket at which nginx asks on the same machine (deploy/nginx.conf): the load is "
        "in the place of nginx, whose own CPU is in none of the figures."
    )
    return cost.write("rooms", "A thousand in one room", note, cost.table(heads, rows))
