"""Words that templates get from us are written as safely as those they write themselves."""

import sys
from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup, escape

from server import templates

HOSTILE = '"><b>R&D</b>'
SAFE = "&quot;&gt;&lt;b&gt;R&amp;D&lt;/b&gt;"


def test_choices_stand_in_a_page_as_words_only() -> None:
    choices = [("a", HOSTILE), (HOSTILE, "named"), (3, "three")]
    assert templates.option_tags(choices, "3", ["a"]) == (
        f'<option value="a" hidden disabled>{SAFE}</option>'
        f'<option value="{SAFE}">named</option>'
        '<option value="3" selected>three</option>'
    )
    assert templates.option_tags([]) == ""


def test_what_a_template_wrote_is_not_escaped_again() -> None:
    page = templates.ENVIRONMENTS["en"].from_string(
        "{% set words = _('A & B') %}{{ [(1, words), (2, typed)] | option_tags | safe }}"
    )
    assert page.render(typed=HOSTILE) == (
        f'<option value="1">A & B</option><option value="2">{SAFE}</option>'
    )


class Marked:
    """Something that says itself how it stands in a page."""

    def __html__(self) -> str:
        return "<i>&</i>"


@pytest.mark.parametrize(
    "value",
    [
        HOSTILE,
        "'",
        '"',
        "<",
        ">",
        "&",
        "plain",
        "",
        3,
        2.5,
        None,
        True,
        Path("/a<b"),
        b"<",
        Marked(),
    ],
)
def test_whatever_is_said_stands_in_a_page_as_escaped(value: object) -> None:
    page = templates.ENVIRONMENTS["en"].from_string(
        "{% macro said(one) %}{{ one }}{% endmacro %}"
        "{{ value }}|{{ said(value) }}|{{ value | string }}|{{ value | safe }}"
    )
    safe = escape(value)
    assert page.render(value=value).split("|") == [
        safe,
        safe,
        escape(str(value)),
        Markup(value),
    ]
    assert "environment.in_page(" in str(
        templates.ENVIRONMENTS["en"].compile("{{ value }}", raw=True)
    )


def test_what_is_not_there_says_nothing() -> None:
    page = templates.ENVIRONMENTS["en"].from_string("{{ missing }}")
    with pytest.raises(jinja2.UndefinedError):
        page.render()


def test_what_all_definitions_end_with_is_said_once() -> None:
    rule = "Told by teachers. Nothing is estimated."
    own, rest = templates.apart([f"Schools. In a region. {rule}", f"Classes. {rule}"])
    assert (own, rest) == (["Schools. In a region.", "Classes."], rule)
    assert templates.apart(["One. Two.", "One. Three."]) == (["One. Two.", "One. Three."], "")
    assert templates.apart(["Same.", "Same."]) == (["Same.", "Same."], "")
    assert templates.apart([rule]) == ([rule], "")
    assert templates.apart([]) == ([], "")


def test_a_template_is_compiled_once_for_all_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    compiled: list[str] = []
    page.write_text("{{ 1234 | number }}")
    compile_it = jinja2.Environment.compile

    def counted(environment: jinja2.Environment, source: str, name: str, file: str) -> object:
        compiled.append(name)
        return compile_it(environment, source, name, file)

    monkeypatch.setattr(jinja2.Environment, "compile", counted)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # whatever the machine is told

    def shown(language: str) -> str:
        environment = templates.ENVIRONMENTS[language].overlay(
            loader=jinja2.FileSystemLoader(tmp_path),
            bytecode_cache=templates.Compiled(tmp_path / "kept" / language),
        )
        return environment.get_template("page.html").render()

    assert (shown("en"), shown("nl")) == ("1,234", "1.234")
    assert (shown("en"), shown("nl")) == ("1,234", "1.234")
    assert compiled == ["page.html"] * 2, "once in each language"
    page.write_text("changed")
    assert (shown("en"), shown("nl")) == ("changed", "changed")
