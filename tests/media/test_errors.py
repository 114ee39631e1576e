from __future__ import annotations

import pytest

from media.errors import CODES, FINAL, MediaError, Refused


def test_an_error_carries_its_code_and_parameters() -> None:
    error = Refused("too_long", duration_s=12000.0, limit_s=10800.0)
    assert (error.code, error.params["limit_s"]) == ("too_long", 10800.0)
    assert error.is_final


def test_an_undeclared_code_or_parameter_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="undeclared"):
        MediaError("nonsense")
    with pytest.raises(ValueError, match="undeclared"):
        MediaError("empty", size=3)


def test_final_codes_are_declared() -> None:
    assert set(CODES) >= FINAL
    assert "no_space" not in FINAL
