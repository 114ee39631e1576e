"""Mapping files: what a list of another country means, and what is wrong in such a file."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.errors import Refused
from rooms.people import registry_mapping
from rooms.people.registry_files import RowError, parse_schools
from rooms.people.registry_mapping import ListMapping, read

DOCS = Path(__file__).parents[3] / "docs" / "mappings"


def example(name: str) -> ListMapping:
    return read((DOCS / name).read_bytes())


def test_a_danish_list_is_read_by_its_mapping() -> None:
    text = (
        "INST_NR;INST_NAVN;POSTDISTRIKT;INST_TYPE;STATUS;LUKKEDATO;FUSIONERET MED\n"
        "101001;Ørestrand Gymnasium;Ærøby;Gymnasium;Aktiv;;\n"
        "101002;Gammel Skole;Ærøby;Folkeskole;Nedlagt;31-07-2025;101003\n"
        "101003;Ny Skole;Ærøby;Folkeskole;Aktiv;;\n"
    ).encode("cp1252")
    one, closed, _ = parse_schools(text, example("dk.toml")).rows
    assert (one.key, one.name, one.levels) == (
        ("DK", "instnr", "101001"), "Ørestrand Gymnasium", ("vwo",)
    )  # fmt: skip
    assert (closed.is_open, str(closed.closed_on), closed.successor) == (
        False, "2025-07-31", "101003",
    )  # fmt: skip


def test_a_breton_list_is_read_by_its_mapping() -> None:
    text = (
        "numero_uai,nom_etablissement,nom_commune,type_etablissement,etat,departement\n"
        '0290999b,"Lycée de la Grève, site nord",Brest,Lycée,Ouvert,Finistère\n'
    )
    (row,) = parse_schools(text, example("fr-bre.toml")).rows
    assert row.key == ("FR", "uai", "0290999B")
    assert (row.name, row.region) == ("Lycée de la Grève, site nord", "Finistère")
    wrong = parse_schools(text.replace("0290999b", "290999"), example("fr-bre.toml"))
    assert wrong.errors == (RowError(2, "numero_uai", "code_form", "290999"),)


def test_an_encoding_that_the_mapping_does_not_allow_is_refused() -> None:
    text = 'country = "DK"\nscheme = "x"\nencodings = ["utf-8"]\n' + SMALL
    found = parse_schools("CODE;NAME\n1;Ærø\n".encode("cp1252"), read(text))
    assert found.errors == (RowError(1, "", "list_encoding"),)


SMALL = '[code]\ncolumns = ["CODE"]\n[columns]\nname = ["NAME"]\n'
HEAD = 'country = "DK"\nscheme = "x"\n'


@pytest.mark.parametrize(
    ("text", "code", "line", "key"),
    [
        ("country = \n", "mapping_not_toml", 1, None),
        ("country = " + "[" * 50_000, "mapping_not_toml", 1, None),
        (HEAD + "\n[code\n", "mapping_not_toml", 4, None),
        (HEAD + 'colour = "red"\n' + SMALL, "mapping_key_unknown", 3, "colour"),
        (HEAD + SMALL + 'naam = ["X"]\n', "mapping_key_unknown", 7, "naam"),
        (HEAD + SMALL + '[levels]\nlower = ["X"]\n', "mapping_key_unknown", 8, "lower"),
        ('scheme = "x"\n' + SMALL, "mapping_key_missing", 1, "country"),
        (HEAD + '[columns]\nname = ["N"]\n', "mapping_key_missing", 1, "code"),
        (HEAD + '[code]\ncolumns = ["C"]\n[columns]\n', "mapping_key_missing", 5, "name"),
        ('country = "Denmark"\nscheme = "x"\n' + SMALL, "mapping_value", 1, "country"),
        (HEAD + SMALL.replace('["NAME"]', '"NAME"'), "mapping_value", 6, "name"),
        (HEAD + SMALL.replace("[columns]", 'shapes = ["9a"]\n[columns]'), "mapping_value", 5,
         "shapes"),
        (HEAD + 'encodings = ["klingon"]\n' + SMALL, "mapping_encoding", 3, "klingon"),
        (HEAD + SMALL + '[levels]\npo = ["A"]\nmbo = ["a"]\n', "mapping_word_twice", 9, "a"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(text: str, code: str, line: int, key: str | None) -> None:
    with pytest.raises(Refused) as refused:
        read(text)
    told = (refused.value.code, refused.value.params["line"], refused.value.params.get("key"))
    assert told == (code, line, key)


@given(st.one_of(st.text(), st.binary(), st.text("[]=\"'abcodeluns \n")))
def test_no_mapping_does_worse_than_refuse(source: str | bytes) -> None:
    with suppress(Refused):
        read(source)


def test_ours_are_good() -> None:
    for name in ("nl-duo", "any"):
        assert registry_mapping.shipped(name).columns["code"]
