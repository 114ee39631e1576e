"""Every sentence a reader sees has its Dutch twin; no twin stands without its sentence.

`python -m tests.house.translations` lists what is missing and exits 1.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2.ext
from babel.messages.extract import extract, extract_python
from babel.messages.pofile import read_po

from server.i18n import LANGUAGES, SOURCE, catalogue_files

ROOT = Path(__file__).parent.parent.parent
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
Message = str | tuple[str, ...]


def used() -> dict[str, str]:
    """Every sentence in templates and code, and where it stands first."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "web" / "templates").rglob("*")):
        if path.suffix in {".html", ".txt", ".xml"}:
            _collect(found, path, _in_template(path))
    for folder in ("server", "workers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            _collect(found, path, _in_python(path))
    return found


def _collect(found: dict[str, str], path: Path, messages: Iterator[Message]) -> None:
    for message in messages:
        text = message if isinstance(message, str) else message[0]
        if text:
            found.setdefault(text, str(path.relative_to(ROOT)))


def _in_template(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        options = {"extensions": "jinja2.ext.do", "trimmed": "true", "silent": "false"}
        for _, _, message, _ in jinja2.ext.babel_extract(file, tuple(KEYWORDS), (), options):
            yield _first(message)


def _in_python(path: Path) -> Iterator[Message]:
    file = io.BytesIO(path.read_bytes())
    for _, message, _, _ in extract(extract_python, file, keywords=KEYWORDS):  # type: ignore[arg-type]
        yield _first(message)


def _first(message: str | tuple[str | None, ...] | None) -> Message:
    if isinstance(message, tuple):
        return tuple(part for part in message if part is not None)
    return message or ""


def translated(language: str) -> dict[str, str]:
    """Every sentence that has a twin in `language`, and the catalogue it stands in."""
    found: dict[str, str] = {}
    for path in catalogue_files(language):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                strings = message.string if isinstance(message.string, tuple) else (message.string,)
                if message.id and all(strings) and not message.fuzzy:
                    key = message.id if isinstance(message.id, str) else message.id[0]
                    found[key] = path.name
    return found


def told_apart(language: str) -> list[str]:
    """Sentences that two catalogues say differently: a reader gets the one that is read last."""
    said: dict[object, set[object]] = {}
    for path in catalogue_files(language):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                said.setdefault(message.id, set()).add(message.string)
    return [
        f"{language}: {sentence!r} has more than one twin"
        for sentence, twins in said.items()
        if sentence and len(twins) > 1
    ]


def complaints() -> list[str]:
    """What is missing or left over, one line each."""
    sentences = used()
    lines = []
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        twins = translated(language)
        lines += told_apart(language)
        lines += [
            f"{language}: no twin for {text!r} ({where})"
            for text, where in sentences.items()
            if text not in twins
        ]
        lines += [
            f"{language}: nobody says {text!r} ({where})"
            for text, where in twins.items()
            if text not in sentences
        ]
    return lines


if __name__ == "__main__":
    found = complaints()
    print("\n".join(found) or "Every sentence has its twin.")
    sys.exit(1 if found else 0)
