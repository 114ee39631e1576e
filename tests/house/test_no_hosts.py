"""No committed file names a package registry or a folder of the machine it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Spelled with a mark inside, so that this file does not name them either.
REGISTRIES = tuple(
    name.replace("|", "")
    for name in ("pypi|.org", "python|hosted.org", "npm|js.org", "yarn|pkg.com")
)
HOME_FOLDERS = tuple(name.replace("|", "") for name in ("/ro|ot/", "/home/|dev", "/wo|rk/"))
# The temporary folder followed by a name; prose may speak of the folder alone.
TEMPORARY = re.compile(r"/[t]mp/\w+")
LOCKS = ("requirements.lock", "requirements-dev.lock", "web/package-lock.json", "deploy/locks")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def findings(text: str) -> list[str]:
    named = [name for name in (*REGISTRIES, *HOME_FOLDERS) if name in text]
    return named + TEMPORARY.findall(text)


@pytest.mark.parametrize(
    "text",
    [
        "see https://files.python" + "hosted.org/x",
        "resolved: https://registry.npm" + "js.org/a",
        "cd /wo" + "rk/main",
        "open('/tm" + "p/out.png')",
    ],
)
def test_the_net_catches_what_it_is_for(text: str) -> None:
    assert findings(text)


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    found = {str(path.relative_to(ROOT)): findings(text_of(path)) for path in tracked()}
    assert {name: what for name, what in found.items() if what} == {}


def test_the_locks_name_no_host_at_all() -> None:
    files = [path for lock in LOCKS for path in _files(ROOT / lock)]
    assert len(files) >= 6
    assert [path.name for path in files if "://" in text_of(path)] == []


def test_every_locked_python_package_has_a_hash() -> None:
    for path in (*ROOT.glob("requirements*.lock"), *(ROOT / "deploy" / "locks").iterdir()):
        entries = re.split(r"\n(?=\S)", text_of(path).strip())
        assert [entry for entry in entries if "==" in entry and "--hash=" not in entry] == []


def _files(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else [path]
