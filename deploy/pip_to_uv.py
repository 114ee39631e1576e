"""Prints pip's settings as shell assignments for uv, which does not read pip's configuration.

Usage: eval "$(python3 -m pip config list | python3 deploy/pip_to_uv.py)". Written nowhere, so that
no index, certificate or folder of one machine gets into the project. Python 3.11, no packages.
"""

import ast
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# pip's later sources win over its earlier ones.
SECTIONS = ("global", "install", ":env:")


def read(lines: Iterable[str]) -> dict[str, str]:
    """The settings by pip's names, from lines like `global.index-url='...'`."""
    sections: dict[str, dict[str, str]] = {name: {} for name in SECTIONS}
    for line in lines:
        key, _, value = line.strip().partition("=")
        section, _, name = key.partition(".")
        if section in sections and value:
            sections[section][name] = str(ast.literal_eval(value))
    return {name: value for part in sections.values() for name, value in part.items()}


def translate(settings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """uv's variables for pip's settings. Folders of wheels that do not exist are left out."""
    for pip_name, uv_name in (
        ("index-url", "UV_DEFAULT_INDEX"),
        ("cert", "SSL_CERT_FILE"),
        ("timeout", "UV_HTTP_TIMEOUT"),
        ("default-timeout", "UV_HTTP_TIMEOUT"),
        ("proxy", "ALL_PROXY"),
    ):
        if settings.get(pip_name):
            yield uv_name, settings[pip_name]
    if extra := settings.get("extra-index-url", "").split():
        yield "UV_INDEX", " ".join(extra)
        # pip takes the best of all indexes; the hashes in the lock decide what is trusted.
        yield "UV_INDEX_STRATEGY", "unsafe-best-match"
    if links := [link for link in settings.get("find-links", "").split() if _is_there(link)]:
        yield "UV_FIND_LINKS", ",".join(links)
    if hosts := settings.get("trusted-host", "").split():
        yield "UV_INSECURE_HOST", " ".join(hosts)


def _is_there(link: str) -> bool:
    return "://" in link or Path(link).exists()


if __name__ == "__main__":
    for name, value in translate(read(sys.stdin)):
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
