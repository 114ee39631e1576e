"""What can go wrong among people: one family, each error with a stable code.

A code is a promise to the outside (API, tests, translations) and never changes its meaning.
The sentence a person reads is made at the edge, from `code` and `params`, in that person's
language, so `params` carries plain values only and never personal data: it ends up in logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Param = str | int | float | bool | None | tuple[str, ...]
Params = Mapping[str, Param]


class RoomError(Exception):
    """Any domain error: a stable `code` and the values its sentence needs."""

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code)
        self.code = code
        self.params: Params = MappingProxyType(params)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({shown})" if shown else self.code


class NotThere(RoomError):
    """The thing does not exist, or is not yours: the two must look the same from outside."""

    def __init__(self, noun: str = "") -> None:
        super().__init__("not_there", **({"noun": noun} if noun else {}))


class Refused(RoomError):
    """The request is understood and may not, or cannot, be done as it stands."""


class Conflict(RoomError):
    """The world has moved on: taken already, changed meanwhile, not in the right state."""
