"""Where the real samples lie, when the folder stands beside the checkout."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "samples"


def sample(name: str) -> Path:
    """A real sample by its name in the folder; the test is skipped, and says why, without it."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the real sample {name} is not beside the checkout")
    return path
