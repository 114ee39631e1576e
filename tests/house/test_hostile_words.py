"""Hostile words in every text field of every form: no fault, shown as they are, run nowhere."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.house.test_egress import Found
from tests.support.databases import fresh_database
from tests.support.floor import Clock, House, house
from tests.support.pages import VISITS, Visit, cookies
from tests.support.samples import FOLDER
from tests.support.whole import Whole, a_whole

# Each for another way in which a page, a query, a number or a cell can stumble.
WORDS = (
    "<script>document.title='taken'</script>",
    '"><img src=x onerror="document.title=\'taken\'">',
    "' onfocus='document.title=1' autofocus='",
    "{{ 7 * 7 }}{% for x in y %}",
    "%(name)s %s %d {0} {name} ${x}",
    "'; drop table tours; --",
    "\\' or 1=1 --",
    "nul\x00here",
    "line\r\nSet-Cookie: porthole=taken",
    "=1+1\t@sum",
    "\u202eevil\u202c \u200b\ufeff\u00ad",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4\U000e0067\U000e0062\U000e007f",
    "Z\u0351\u032b\u0343a\u0321\u0321l\u0348g\u0358o\u0334",
    "\ufffe\uffff\ud7ff\ue000",
    "９９９ ٣ Ⅷ ½ ı İ ß",
    "99999999999999999999999999",
    "-1",
    "NaN",
    "1e309",
    "0x7f",
    "../../../../etc/passwd",
    "javascript:document.title='taken'",
    "//elsewhere.example/",
    "//[",
    "a" * 5000,
    "\u00e9" * 300,
    " \t \u3000 ",
    "&lt;b&gt; &amp;amp; &#x27;",
    "<!-- --><![CDATA[ ]]><svg/onload=alert(1)>",
    "jo@example.org\nbcc: all@example.org",
)
FROM_THE_LIST = 10
TYPED = {"text", "search", "email", "tel", "url", ""}
# Fields of figures take them half of the time, so that the words beside them are stored.
FIGURES = {"date": "2027-03-01", "time": "10:15", "number": "3", "numeric": "3"}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[\w-]{20,}")


@dataclass
class Form:
    """A form as the page has it: `fixed` is sent as it stands, `typed` are the fields to fill."""

    action: str
    method: str
    fixed: list[tuple[str, str]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Every form of a page, the words in its fields, and its title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.values: dict[str, str] = {}
        self._is_open = False
        self._area: str | None = None
        self._select: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name = told.get("name", "")
        if tag == "form":
            self.forms.append(Form(told.get("action", ""), told.get("method", "get")))
            self._is_open = True
        elif not self._is_open:
            return
        elif tag == "textarea":
            self._area, self.values[name] = name, ""
            self.forms[-1].typed.append(name)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and told.get("value"):
            self.forms[-1].fixed.append((self._select, told["value"]))
            self._select = None
        elif tag == "input":
            self._input(name, told)

    def _input(self, name: str, told: dict[str, str]) -> None:
        form, kind = self.forms[-1], told.get("type", "")
        figure = FIGURES.get(kind) or FIGURES.get(told.get("inputmode", ""))
        if figure:
            form.figures[name] = figure
        elif kind in TYPED:
            form.typed.append(name)
            self.values[name] = told.get("value", "")
        elif kind in {"hidden", "checkbox", "radio"}:
            is_known = kind == "radio" and name in dict(form.fixed)
            if not is_known:
                form.fixed.append((name, told.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_open = False
        if tag == "textarea":
            self._area = None


@dataclass
class Scribble:
    """A house whose pages somebody writes on."""

    house: House
    world: Whole
    jars: dict[str, dict[str, str]]
    seen: set[tuple[str, str]] = field(default_factory=set)

    async def get(self, visit: Visit) -> httpx.Response:
        async with self.client(visit.who) as client:
            return await client.get(visit.path(self.world), headers={"accept": "text/html"})

    def client(self, who: str) -> httpx.AsyncClient:
        return self.house.client(cookies=self.jars[who], headers={"accept-language": "en"})


@pytest.fixture(scope="module")
async def scribble(
    server_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scribble]:
    home = tmp_path_factory.mktemp("words")
    async with fresh_database(server_dsn) as dsn, house(dsn, home, Clock(), is_demo=True) as made:
        async with made.pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", made.settings, made.clock())
            jars = await cookies(conn, world)
        yield Scribble(made, world, jars)


def words() -> list[str]:
    """Ours, and some of a well-known list where it stands beside the checkout."""
    listed = FOLDER / "csv" / "blns.txt"
    if not listed.exists():
        return list(WORDS)
    lines = [line for line in listed.read_text().splitlines() if line and line[0] != "#"]
    return [*WORDS, *lines[:: len(lines) // FROM_THE_LIST]]


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
async def test_forms_take_any_words(scribble: Scribble, visit: Visit) -> None:
    page = await scribble.get(visit)
    if not page.headers.get("content-type", "").startswith("text/html"):
        return
    for form in Forms(page.text).forms:
        key = (ID.sub("", form.action), ",".join([*form.typed, *form.figures]))
        if (form.typed or form.figures) and key not in scribble.seen:
            scribble.seen.add(key)
            for number, word in enumerate(words()):
                await _sent(scribble, visit, form, word, is_plain=number % 2 == 0)


async def _sent(scribble: Scribble, visit: Visit, form: Form, word: str, *, is_plain: bool) -> None:
    async with scribble.client(visit.who) as client:
        told = _fields(form, word) | (form.figures if is_plain else {})
        if form.method == "get":
            answer = await client.get(form.action, params=told)
        else:
            answer = await client.post(form.action, data=told)
        assert answer.status_code < 500, (form.action, word, answer.text[-500:])
        if answer.is_redirect:
            place = answer.headers["location"]
            assert place[:1] == "/" and place[:2] != "//", (form.action, word, place)
            assert "porthole=taken" not in str(answer.headers)
            answer = await client.get(place)
        assert answer.status_code < 500, (form.action, word, answer.text[-500:])
        _is_quiet(answer, word)
        if answer.status_code == 422 and word.strip():
            _is_kept(answer, form, word)


def _fields(form: Form, word: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in form.fixed:
        told.setdefault(name, []).append(value)
    return {**told, **dict.fromkeys([*form.typed, *form.figures], word)}


def _is_quiet(answer: httpx.Response, word: str) -> None:
    """Nothing of the word has become a tag or a handler."""
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert Found(answer.text).inline == [], word


def _is_kept(answer: httpx.Response, form: Form, word: str) -> None:
    """What was typed still stands in the form, to be put right: whole, or its beginning."""
    values = Forms(answer.text).values
    shown = {name: _plain(values[name]) for name in form.typed if name in values}
    wrong = {name: text for name, text in shown.items() if not _plain(word).startswith(text)}
    assert wrong == {}, (form.action, word)


def _plain(text: str) -> str:
    """Blanks aside, and without the one character no text column takes."""
    return " ".join(text.replace("\0", "").split()).casefold()


@pytest.mark.parametrize("path", [
    "/p/%00/tours", "/p/zilver/tours/%00", "/p/zilver/tours?words=%00", "/sign-in?next=%00",
    "/schools/search?programme=zilver&q=%00", "/j/%00", "/sign-in/link/%00", "/screen/%00",
    "/mail/stop/%ff%fe", "/attendance/confirm/%C3%A9", "/p/%ED%A0%80/tours", "/%00",
    "/videos/%00/x/y",
    "/sign-in?next=//[", "/attendance?since=0000-00-00&school=x&level=%F0%9F%98%80",
    "/attendance?by=%22&sector=%3C&sitting=x&outcome=%F0%9F&page=9999999", "/needs?kind=%22",
    "/attendance/sessions/x", "/needs/schools?reached=%00&page=-1",
])  # fmt: skip
async def test_addresses_nobody_would_type(scribble: Scribble, path: str) -> None:
    for who in ("anonymous", "teacher", "bureau"):
        async with scribble.client(who) as client:
            assert (await client.get(path)).status_code < 500


async def test_afterwards_every_page_still_opens(scribble: Scribble) -> None:
    """The words are in the rows now: lists, mails and reports show them, and run none of them."""
    for visit in VISITS:
        answer = await scribble.get(visit)
        assert answer.status_code < 500, visit.name
        _is_quiet(answer, visit.name)
    rows = await scribble.house.pool.fetch("select subject, text_body, html_body from mails")
    assert rows
    for row in rows:
        assert "\n" not in row["subject"]
        assert "<script>" not in row["html_body"] and "<img src=x" not in row["html_body"]
    kept = {row["name"] for row in await scribble.house.pool.fetch("select name from classes")}
    assert WORDS[4] in kept, "a class may be called anything"
