"""Counted tries, per address and per mail: the brake on guessing.

A key is an HMAC of what is counted, in an unlogged table of one-minute buckets: nothing personal
is kept, and `sweep` leaves nothing older than an hour. The address is the one uvicorn tells,
which heeds forwarding headers of trusted proxies only.
"""

import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection

from server.config import Settings
from server.database import Connection


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in any `within`, which is an hour or less."""

    most: int
    within: timedelta


TEN_MINUTES = timedelta(minutes=10)
LIMITS: dict[str, Limit] = {
    # Wrong passwords and wrong codes from mails.
    "sign_in_mail": Limit(10, TEN_MINUTES),
    "sign_in_address": Limit(30, TEN_MINUTES),
    # Mails asked for. A staff room signs in together from one address.
    "ask_mail": Limit(5, timedelta(minutes=30)),
    "ask_address": Limit(60, timedelta(minutes=30)),
    # Wrong class codes. Minutes are counted whole, so that one more makes ten and one in full.
    "class_code_address": Limit(20, timedelta(minutes=11)),
    "class_code_all": Limit(300, timedelta(minutes=2)),
    "class_code_same": Limit(1, timedelta(minutes=11)),
    # Screens that wait for a teacher: every classroom of a school may be one.
    "screens": Limit(120, TEN_MINUTES),
    # Trials of a network, three for each press: a school's ICT people try from one address.
    "trials": Limit(120, TEN_MINUTES),
}
KEPT = timedelta(hours=1)


def address_of(connection: HTTPConnection) -> str:
    """The client's address, an IPv6 one as its /64: the part a customer is given."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _key(settings: Settings, kind: str, key: str) -> bytes:
    return hmac.digest(settings.secret, f"throttle\n{kind}\n{key}".encode(), "sha256")


def _bucket(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


async def count(conn: Connection, settings: Settings, kind: str, key: str, now: datetime) -> None:
    """Counts one try. Commit it whatever becomes of the request."""
    await conn.execute(
        """
        insert into throttles as t (key, bucket, count) values ($1, $2, 1)
        on conflict (key, bucket) do update set count = t.count + 1
        """,
        _key(settings, kind, key),
        _bucket(now),
    )


async def counted(conn: Connection, settings: Settings, kind: str, key: str, now: datetime) -> int:
    """How many tries within the limit's time."""
    tries: int = await conn.fetchval(
        "select coalesce(sum(count), 0)::int from throttles where key = $1 and bucket > $2",
        _key(settings, kind, key),
        now - LIMITS[kind].within,
    )
    return tries


async def is_over(conn: Connection, settings: Settings, kind: str, key: str, now: datetime) -> bool:
    """Whether as many tries were counted as are allowed: the next one is refused."""
    return await counted(conn, settings, kind, key, now) >= LIMITS[kind].most


async def take(conn: Connection, settings: Settings, kind: str, key: str, now: datetime) -> bool:
    """Counts a try before it is made; False when it is one too many.

    Counting first leaves no gap between looking and counting for parallel tries to slip through.
    """
    await count(conn, settings, kind, key, now)
    return await counted(conn, settings, kind, key, now) <= LIMITS[kind].most


async def give_back(
    conn: Connection, settings: Settings, kind: str, key: str, now: datetime
) -> None:
    """Takes one try back that turned out right; `now` is the moment it was counted at."""
    await conn.execute(
        "update throttles set count = count - 1 where key = $1 and bucket = $2 and count > 0",
        _key(settings, kind, key),
        _bucket(now),
    )


async def sweep(conn: Connection, now: datetime) -> int:
    """Deletes what is older than an hour; returns how many buckets."""
    done = await conn.execute("delete from throttles where bucket < $1", now - KEPT)
    return int(done.removeprefix("DELETE "))
