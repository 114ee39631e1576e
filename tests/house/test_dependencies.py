"""Each library we chose has its line of reasons."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_dependency_says_why() -> None:
    told = set(re.findall(r"[@\w./-]+", _first_cells((ROOT / "docs/dependencies.md").read_text())))
    assert chosen() - told == set()


def chosen() -> set[str]:
    """What `pyproject.toml` and `web/package.json` name, without versions and extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    libraries = json.loads((ROOT / "web/package.json").read_text())
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {
        *(re.split(r"[\[<>=;, ]", one, maxsplit=1)[0] for one in named),
        *libraries["dependencies"],
        *libraries["devDependencies"],
    }


def _first_cells(page: str) -> str:
    return "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| "))
