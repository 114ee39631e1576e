"""Dutch and English: catalogues, and which of them a reader gets."""

import gettext
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from server.kept_files import FOLDER, kept

LOCALES = Path(__file__).parent.parent / "web" / "locales"
LANGUAGES = ("nl", "en")
SOURCE = "en"


def _mark(text: str) -> str:
    """Marks a sentence for translation where it is written; it is translated where it is shown."""
    return text


N_ = _mark


def load(language: str) -> gettext.NullTranslations:
    """Reads `web/locales/<language>.po` and the parts beside it; English is the source itself.

    As one catalogue: a page asks for two hundred sentences, and each would be looked for in part
    after part. To read the parts takes a process 0.1 s, so that what came of them is kept.
    """
    made = kept(FOLDER / f"{language}.mo", _sources(language), lambda: _mo(language))
    return gettext.GNUTranslations(BytesIO(made))


def _sources(language: str) -> list[Path]:
    return [*catalogue_files(language), Path(__file__)]


def _mo(language: str) -> bytes:
    whole = Catalog(locale=language)
    for path in catalogue_files(language):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    whole[message.id] = message
    binary = BytesIO()
    write_mo(binary, whole)
    return binary.getvalue()


def catalogue_files(language: str) -> list[Path]:
    """The catalogue's files, in a stable order."""
    return sorted([*LOCALES.glob(f"{language}.po"), *LOCALES.glob(f"{language}/*.po")])


CATALOGUES = {language: load(language) for language in LANGUAGES}


def choose(own: str | None, cookie: str | None, accept_language: str) -> str:
    """The reader's language: the person's setting, else the cookie, else the browser's wish."""
    for wish in (own, cookie, *_wishes(accept_language)):
        if wish in LANGUAGES:
            return wish
    return SOURCE


def _wishes(accept_language: str) -> Iterable[str]:
    parts = (part.strip().split(";q=") for part in accept_language.split(",") if part.strip())
    weighed = [(_weight(part[1:]), part[0].split("-")[0].lower()) for part in parts]
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _weight(rest: list[str]) -> float:
    try:
        return float(rest[0]) if rest else 1.0
    except ValueError:
        return 0.0


def translate(language: str, text: str) -> str:
    """The sentence in the reader's language; itself where it has no twin."""
    return CATALOGUES[language].gettext(text) if text else ""
