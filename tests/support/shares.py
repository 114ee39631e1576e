"""The test files, loaded by several workers side by side before each collects all of them."""

import contextlib
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_share(number: int, count: int) -> None:
    """Loads every `count`th test file, from `number` on.

    pytest compiles a test file when it is loaded, and keeps what it compiled. Workers that begin
    at the same file find nothing kept by another. What cannot be loaded is told when it is
    collected.
    """
    files = sorted(ROOT.glob("tests/**/test_*.py"))
    for file in [one for one in files if "bench" not in one.parts][number::count]:
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)
