"""Passwords: argon2id in a thread, a few at a time.

An unknown address costs as much time as a known one: something is always verified.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 200

# 19 MiB and two passes: OWASP's second choice, fit for a school's small machine. A hash made
# with other parameters is made anew at the next sign-in.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# The hash of a password that was thrown away. Made at each start it would cost each process a hash.
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$9De73x0UDZKiGoWVTukjtw"
    "$AFfDRiWPI9HZBfW+IfmuEdjIjq1LMDIPV53OhFjPrr8"
)
# Each takes 19 MiB and a core for some 20 ms; more at once would only slow each other.
_AT_ONCE = 4
_turns = asyncio.Semaphore(_AT_ONCE)


async def hashed(password: str) -> str:
    """The hash to store."""
    async with _turns:
        return await asyncio.to_thread(_HASHER.hash, password)


async def fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of this hash; None (nobody, or no password) never fits."""
    async with _turns:
        is_same = await asyncio.to_thread(_verify, password_hash or _NOBODY, password)
    return is_same and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def is_too_weak(password: str, email: str) -> bool:
    """Too short, or her own address."""
    bare = password.strip().lower()
    return not MIN_LENGTH <= len(password) <= MAX_LENGTH or bare in {email, email.partition("@")[0]}
