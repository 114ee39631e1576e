"""The systemd units: each is well formed, and starts what the Procfile and `make run` start."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.config import read

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy").glob("*.service"))


def started(unit: Path) -> str:
    found = re.search(r"^ExecStart=/opt/porthole/.venv/bin/(.*)$", unit.read_text(), re.M)
    assert found is not None
    return found[1]


def test_web_and_worker_are_those_of_the_procfile() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    wanted = {line.split(": .venv/bin/")[1] for line in lines if line}
    assert {started(unit) for unit in UNITS} - {"python -m server up"} == wanted


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_reads_them(tmp_path: Path) -> None:
    for unit in UNITS:
        # verify looks for the programs, which are not there on this machine
        text = re.sub(r"/opt/porthole/\S+", "/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.glob("*.service"))],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if ".service" in line]
    assert said == []


def test_the_example_environment_is_one_we_read(tmp_path: Path) -> None:
    lines = (ROOT / "deploy" / "environment.example").read_text().splitlines()[1:]
    told = [line.lstrip("#") for line in lines if re.match(r"#?[A-Z_]+=.", line)]
    environment = dict(line.split("=", 1) for line in told)
    environment["PORTHOLE_SECRET"] = "x" * 32
    assert read({**environment, "PORTHOLE_HOME": str(tmp_path)}).is_secure
