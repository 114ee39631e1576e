"""Jinja2, once per language, with the few words every template may use."""

import hashlib
import json
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_group_symbol

from server import kept_words
from server.i18n import CATALOGUES, LANGUAGES

WEB = Path(__file__).parent.parent / "web"
STATIC = WEB / "static"


@lru_cache
def _fingerprint(path: str, changed: float) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


def asset(path: str) -> str:
    """The address of a static file that changes with its content, so that it may be kept."""
    file = STATIC / path
    return f"/static/{path}?v={_fingerprint(path, file.stat().st_mtime)}"


def import_map() -> str:
    """The import map of the browser libraries, as it stands in every page that has scripts."""
    manifest = STATIC / "vendor" / "manifest.json"
    if not manifest.exists():
        return json.dumps({"imports": {}})
    return json.dumps({"imports": json.loads(manifest.read_text())["imports"]})


def clock(seconds: float) -> str:
    """4:05, or 1:04:05 from an hour on."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


_group_symbol = lru_cache(get_group_symbol)


def number(language: str, value: float) -> str:
    """A number in the reader's language. Whole ones, of which tables and pictures are full, a
    hundred times as fast as by its rules."""
    if value == int(value):
        return f"{int(value):,}".replace(",", _group_symbol(language))
    return format_decimal(value, locale=language)


def _environment(language: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        CATALOGUES[language], newstyle=True
    )
    environment.globals.update(asset=asset, import_map=import_map(), language=language)
    environment.globals.update(kept_line=partial(kept_words.line, language))
    environment.filters.update(_filters(language))
    return environment


def _filters(language: str) -> dict[str, Any]:
    def day(value: date | datetime, zone: str = "UTC") -> str:
        value = value.astimezone(ZoneInfo(zone)) if isinstance(value, datetime) else value
        return format_date(value, "EEEE d MMMM y", locale=language)

    def short_day(value: date | datetime, zone: str = "UTC") -> str:
        value = value.astimezone(ZoneInfo(zone)) if isinstance(value, datetime) else value
        return format_date(value, "d MMM y", locale=language)

    def time(value: datetime, zone: str = "UTC") -> str:
        return format_time(value, "HH:mm", tzinfo=ZoneInfo(zone), locale=language)

    def moment(value: datetime, zone: str = "UTC") -> str:
        return format_datetime(value, "d MMM y HH:mm", tzinfo=ZoneInfo(zone), locale=language)

    return {
        "day": day,
        "short_day": short_day,
        "time": time,
        "moment": moment,
        "number": partial(number, language),
        "clock": clock,
    }


ENVIRONMENTS = {language: _environment(language) for language in LANGUAGES}


def render(name: str, language: str, **values: Any) -> str:
    """Renders `web/templates/<name>` in the reader's language."""
    return ENVIRONMENTS[language].get_template(name).render(**values)
