"""Passwords as they are hashed: nobody learns from the time it takes who has one."""

import pytest

from server import passwords


async def test_a_password_fits_its_own_hash_alone() -> None:
    kept = await passwords.hashed("correct horse battery")
    assert not passwords.is_outdated(kept)
    assert await passwords.fits(kept, "correct horse battery")
    assert not await passwords.fits(kept, "correct horse batterz")


async def test_whoever_is_unknown_costs_as_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """With parameters of another day an unknown address would be told from a known one."""
    tried: list[str] = []
    monkeypatch.setattr(passwords, "_verify", lambda kept, _: bool(tried.append(kept)))
    assert not await passwords.fits(None, "whatever it is")
    [kept] = tried
    assert not passwords.is_outdated(kept)
