"""Jinja2, once per language, with the few words every template may use."""

import hashlib
import html
import json
import re
from collections.abc import Container, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_group_symbol
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

from server import kept_words
from server.i18n import CATALOGUES, LANGUAGES
from server.kept_files import FOLDER, keep, read

WEB = Path(__file__).parent.parent / "web"
STATIC = WEB / "static"
NUL = "\0"
SENTENCE_END = re.compile(r"(?<=[.!?]) ")
# Of each way to write one, in a language; numbers in any.
DAYS_KEPT = 2_000
NUMBERS_KEPT = 10_000


@lru_cache
def _fingerprint(path: str, changed: float) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


_file = lru_cache(STATIC.joinpath)


def asset(path: str) -> str:
    """The address of a static file that changes with its content, so that it may be kept."""
    return f"/static/{path}?v={_fingerprint(path, _file(path).stat().st_mtime)}"


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
    if type(value) is int or value == int(value):
        return _whole(language, int(value))
    return format_decimal(value, locale=language)


@lru_cache(maxsize=NUMBERS_KEPT)
def _whole(language: str, value: int) -> str:
    return f"{value:,}".replace(",", _group_symbol(language))


def option_tags(
    options: Iterable[tuple[object, object]], chosen: str = "", withheld: Container[object] = ()
) -> str:
    """The choices of a list, each (value, words): made here, since there may be thousands.

    `withheld`: values that cannot be chosen now.
    """
    choices = list(options)
    values = [str(value) for value, _ in choices]
    marks = [" selected" if value == chosen else "" for value in values]
    if withheld:
        for at, (value, _) in enumerate(choices):
            if value in withheld:
                marks[at] = " hidden disabled"
    lines = zip(_inside(values), marks, _inside([words for _, words in choices]), strict=True)
    return "".join(
        [f'<option value="{value}"{mark}>{words}</option>' for value, mark, words in lines]
    )


def apart(texts: Sequence[str]) -> tuple[list[str], str]:
    """(what each says by itself, the sentences with which all of them end): so that a page of
    definitions says once what holds for each. Something of each stays its own."""
    said = [SENTENCE_END.split(text) for text in texts]
    most = min((len(one) - 1 for one in said), default=0) if len(said) > 1 else 0
    shared = 0
    while shared < most and len({one[-shared - 1] for one in said}) == 1:
        shared += 1
    own = [" ".join(one[: len(one) - shared]) for one in said]
    return own, " ".join(said[0][len(said[0]) - shared :]) if shared else ""


def _inside(texts: list[Any]) -> list[str]:
    """Texts as a page may hold them; what a template said itself is that already. All at once:
    none holds a NUL."""
    if all(type(text) is str for text in texts):
        return html.escape(NUL.join(texts)).split(NUL) if texts else []
    return [str(one) if hasattr(one, "__html__") else html.escape(str(one)) for one in texts]


class Compiled(jinja2.BytecodeCache):
    """What Jinja2 made of the templates, for the next process: to compile one takes 20 ms.

    By language: what a filter says of a constant is worked out with it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by = f"{jinja2.__version__} {Path(__file__).stat().st_mtime_ns}"

    def get_source_checksum(self, source: str) -> str:
        """Of the template and of what reads it."""
        return super().get_source_checksum(self._by + source)

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Fills the bucket with what is kept."""
        found = read(self._folder / bucket.key)
        if found is not None:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keeps what is in the bucket."""
        keep(self._folder / bucket.key, bucket.bytecode_to_string())


_has_marks = re.compile("[&<>'\"]").search


def in_page(value: object) -> str:
    """What a template says, as it may stand in a page. A long list says thousands of words, nearly
    all without a mark of HTML's, and `escape` would make an object of its own of each."""
    if type(value) is Markup or (type(value) is str and not _has_marks(value)):
        return value
    return escape(value)


class _Written(CodeGenerator):
    """Templates as Python that say everything through `in_page`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.in_page(")


class _Environment(jinja2.Environment):
    code_generator_class = _Written
    in_page = staticmethod(in_page)


def _environment(language: str) -> jinja2.Environment:
    environment = _Environment(
        loader=jinja2.FileSystemLoader(WEB / "templates"),
        bytecode_cache=Compiled(FOLDER / "templates" / language),
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
    # The same days and hours stand in a list again and again, and by its rules each takes as long
    # as a whole row.
    kept = lru_cache(maxsize=DAYS_KEPT)

    @kept
    def day(value: date | datetime, zone: str = "UTC") -> str:
        return format_date(_local(value, zone), "EEEE d MMMM y", locale=language)

    @kept
    def short_day(value: date | datetime, zone: str = "UTC") -> str:
        return format_date(_local(value, zone), "d MMM y", locale=language)

    @kept
    def time(value: datetime, zone: str = "UTC") -> str:
        return format_time(value, "HH:mm", tzinfo=ZoneInfo(zone), locale=language)

    @kept
    def moment(value: datetime, zone: str = "UTC") -> str:
        return format_datetime(value, "d MMM y HH:mm", tzinfo=ZoneInfo(zone), locale=language)

    return {
        "day": day,
        "short_day": short_day,
        "time": time,
        "moment": moment,
        "number": partial(number, language),
        "clock": clock,
        "option_tags": option_tags,
        "apart": apart,
    }


def _local(value: date | datetime, zone: str) -> date:
    return value.astimezone(ZoneInfo(zone)) if isinstance(value, datetime) else value


ENVIRONMENTS = {language: _environment(language) for language in LANGUAGES}


def render(name: str, language: str, **values: Any) -> str:
    """Renders `web/templates/<name>` in the reader's language."""
    return ENVIRONMENTS[language].get_template(name).render(**values)
