"""Each library we chose has its line of reasons."""

import json
import re
import shlex
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_dependency_says_why() -> None:
    assert chosen() - told() == set()


def test_what_comes_from_debian_and_what_set_up_uses_say_why() -> None:
    installed = set(from_debian())
    assert {"chromium", "coturn", "janus"} <= installed
    assert installed - told() == set()
    for lock in (ROOT / "deploy/locks").glob("*.lock"):
        assert any(one.startswith(lock.stem) for one in told()), lock.name


def from_debian() -> list[str]:
    """The packages of each `setup.sh debian PROGRAM PACKAGE...` in what runs tests and benches."""
    lines = [*(ROOT / "Makefile").open(), *(ROOT / ".ci/run").open()]
    calls = [found[1] for line in lines if (found := re.search(r"(?:P\)|\.sh) debian (.+)", line))]
    return [package for call in calls for package in shlex.split(call)[1:]]


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


def told() -> set[str]:
    """What stands in the first column of the page."""
    page = (ROOT / "docs/dependencies.md").read_text()
    return set(re.findall(r"[@\w./-]+", _first_cells(page)))


def _first_cells(page: str) -> str:
    return "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| "))
