import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.errors import Refused
from rooms.people import registry_files
from rooms.people.registry_files import RowError, SchoolRow, parse_schools
from tests.support.samples import sample

SECONDARY = (
    "PROVINCIE;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;PLAATSNAAM;ONDERWIJSSTRUCTUUR\r\n"
    "Utrecht;16SW;16SW03;Coöperatief Lyceum Çelebi – één & twee €;'s-GRAVENTEST;HAVO/VWO\r\n"
    'Utrecht;99AA;99AA00;"Scholengemeenschap ""De Brug""; hoofdgebouw";TESTDORP;"VMBO;HAVO"\r\n'
    'Utrecht;00AB;00AB00;"Meerregelige\nSchoolnaam";TESTSTAD;PRO\r\n'
    "Utrecht;99AC;99AC12;  Spaties voor en achter  ;TESTVEEN;\r\n"
)


def errors(text: str) -> list[tuple[int, str, str, str]]:
    found = parse_schools(text)
    assert not found.rows
    return [(e.line, e.column, e.code, e.value) for e in found.errors]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_duos_form_is_read_in_any_encoding(encoding: str) -> None:
    rows = parse_schools(SECONDARY.encode(encoding)).rows
    assert rows[0] == SchoolRow(
        country="NL",
        scheme="brin",
        code="16SW03",
        name="Coöperatief Lyceum Çelebi – één & twee €",
        place="'s-GRAVENTEST",
        levels=("havo", "vwo"),
        line=2,
        region="Utrecht",
    )
    assert [row.code for row in rows] == ["16SW03", "99AA00", "00AB00", "99AC12"]
    assert [row.line for row in rows] == [2, 3, 4, 6]
    assert rows[1].name == 'Scholengemeenschap "De Brug"; hoofdgebouw'
    assert rows[1].levels == ("vmbo", "havo")
    assert rows[2].name == "Meerregelige Schoolnaam"
    assert (rows[3].name, rows[3].levels) == ("Spaties voor en achter", ())


@pytest.mark.parametrize(
    "text",
    [
        "BRIN NUMMER;VESTIGINGSNUMMER;VESTIGINGSNAAM;PLAATSNAAM\n16SW;03;Metameer;Boxmeer\n",
        "Brin_nummer,Vestigingsnummer,Naam,Plaats\n16sw,3,Metameer,Boxmeer\n",
        '"BRIN-NUMMER","VESTIGINGSNUMMER","INSTELLINGSNAAM","PLAATSNAAM"\r\n'
        '"16SW","16SW03","Metameer","Boxmeer"\r\n',
        "\ufeffBRIN NUMMER\tVESTIGINGSCODE\tVESTIGINGSNAAM\tPLAATS\n"
        "16SW\t16SW03\tMetameer\tBoxmeer",
        "\n\nINSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;PLAATSNAAM;X\n\n;;;;\n"
        "16SW;16SW03;Metameer;Boxmeer\n",
    ],
)
def test_every_years_spelling_gives_the_same_school(text: str) -> None:
    (row,) = parse_schools(text).rows
    assert (row.country, row.scheme, row.code) == ("NL", "brin", "16SW03")
    assert (row.name, row.place) == ("Metameer", "Boxmeer")


def test_a_sites_own_name_goes_before_its_institutions() -> None:
    text = "BRIN;VESTIGING;INSTELLINGSNAAM;VESTIGINGSNAAM\n16SW;03;Board;Site\n"
    assert parse_schools(text).rows[0].name == "Site"


def test_other_countries_bring_their_own_codes() -> None:
    text = "country;scheme;code;name;place;levels\nfr;UAI;0290064b;Lycée Kérichen;Brest;\n"
    (row,) = parse_schools(text).rows
    assert (row.country, row.scheme, row.code) == ("FR", "uai", "0290064B")


def test_a_level_word_we_do_not_know_is_shown_and_not_guessed() -> None:
    text = "BRIN;VESTIGING;NAAM;NIVEAU\n16SW;03;X;BRUGJAAR/HAVO/ATH/GYM/BRUGJAAR\n"
    (row,) = parse_schools(text).rows
    assert (row.levels, row.unknown_levels) == (("havo", "vwo"), ("BRUGJAAR",))


def test_a_missing_column_is_named() -> None:
    assert errors("INSTELLINGSCODE;VESTIGINGSNAAM\n16SW;Metameer\n") == [
        (1, "VESTIGINGSCODE", "column_missing", "")
    ]
    assert errors("a;b\n1;2\n")[0] == (1, "INSTELLINGSCODE", "column_missing", "")
    assert errors("country;code;name\nFR;1;x\n") == [(1, "SCHEME", "column_missing", "")]


def test_one_wrong_line_keeps_all_out_and_every_wrong_line_is_told() -> None:
    text = (
        "Brin;Vestiging;Naam\n"
        "16SW;03;Good\n"
        "16S;03;Short\n"
        "16SW;3A;Letters\n"
        "16SW;99AA03;Stray\n"
        "16SW;;Nothing\n"
        '16SW;04;"two\nlines"\n'
        "16SW;05;\n"
        "16SW;3;Again\n"
        "16SW;06;Much;too;much\n"
    )
    assert errors(text) == [
        (3, "Brin", "before_form", "16S"),
        (4, "Vestiging", "code_form", "3A"),
        (5, "Vestiging", "site_of_another", "99AA03"),
        (6, "Vestiging", "cell_empty", ""),
        (9, "Naam", "cell_empty", ""),
        (10, "Vestiging", "school_twice", "16SW03 (2)"),
        (11, "", "too_many_cells", "too"),
    ]


def test_a_list_without_rows_says_so() -> None:
    assert errors("BRIN;VESTIGING;NAAM\n") == [(1, "", "no_rows", "")]
    assert errors("")[0][2] == "column_missing"


def test_a_quote_that_never_closes_is_named_by_its_line() -> None:
    assert errors('BRIN;VESTIGING;NAAM\n16SW;03;"open\n16SW;04;x\n') == [
        (2, "", "quotes_not_closed", "")
    ]


def test_a_wrong_file_does_not_fill_the_page() -> None:
    text = "BRIN;VESTIGING;NAAM\n" + "?;?;?\n" * 5000
    assert len(parse_schools(text).errors) == registry_files.MAX_ERRORS


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_files, "MAX_ROWS", 3)
    rows = "".join(f"16SW;{n};Site\n" for n in range(4))
    assert errors("BRIN;VESTIGING;NAAM\n" + rows) == [(5, "", "too_many_rows", "")]
    monkeypatch.setattr(registry_files, "MAX_BYTES", 10)
    with pytest.raises(Refused) as refused:
        parse_schools("BRIN;VESTIGING;NAAM\n")
    assert refused.value.code == "list_too_big"


@given(st.one_of(st.text(), st.binary(), st.text("16SWNAM;,\"'\n\r\t ")))
def test_no_list_does_worse_than_errors(source: str | bytes) -> None:
    with suppress(Refused):
        found = parse_schools(source)
        assert bool(found.rows) != bool(found.errors)


@pytest.mark.parametrize(
    "name", ["csv/duo-vo-cp1252-semicolon.csv", "csv/duo-vo-utf8-bom-comma-quoted.csv"]
)
def test_the_real_samples_give_seven_schools(name: str) -> None:
    found = parse_schools(sample(name).read_bytes())
    assert found.errors == ()
    assert len(found.rows) == 7
    assert (found.rows[0].code, found.rows[0].place) == ("16SW03", "BOXMEER")
    assert found.rows[3].name == "Coöperatief Lyceum Çelebi – één & twee €"


def test_the_real_sample_without_site_codes_is_refused() -> None:
    found = parse_schools(sample("csv/duo-vo-missing-code-column.csv").read_bytes())
    assert found.errors == (RowError(1, "VESTIGINGSCODE", "column_missing"),)


def test_the_formula_names_are_imported_as_data() -> None:
    found = parse_schools(sample("csv/formula-injection-names.csv").read_bytes())
    assert found.errors == ()
    assert len(found.rows) == 24
    assert found.rows[1].name == "=cmd|' /C calc'!A0"


DAMAGED = "INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;PLAATSNAAM\n16SW;16SW03;Metameer;Boxmeer\n"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (DAMAGED.encode() + b"99AA;99AA00;De\0 Brug;Testdorp\n", (3, "", "nul_byte", "")),
        (DAMAGED + "99AA;99AA00;De\0 Brug;Testdorp\n", (3, "", "nul_byte", "")),
        (DAMAGED + "99AA;99AA00;De Br\n", (3, "", "too_few_cells", "De Br")),
        (DAMAGED + "99AA;99AA00;<b>De Brug</b>;T\n", (3, "", "cell_html", "<b>De Brug</b>")),
        (DAMAGED + "99AA;99AA00;" + "x" * 200_000 + ";T\n", (3, "", "cell_too_long", "")),
        ("<!DOCTYPE html>\n<title>Niet gevonden</title>", (1, "", "list_is_html", "")),
        (DAMAGED.replace("PLAATSNAAM", "STATUS"), (2, "STATUS", "status_unknown", "Boxmeer")),
        (DAMAGED.replace("PLAATSNAAM", "OPENINGSDATUM").replace("Boxmeer", "31-2-2020"),
         (2, "OPENINGSDATUM", "day_form", "31-2-2020")),
    ],
)  # fmt: skip
def test_damage_is_told_with_its_line(source: str | bytes, told: tuple[int, str, str, str]) -> None:
    found = parse_schools(source)
    assert [(e.line, e.column, e.code, e.value) for e in found.errors] == [told]


def test_a_school_below_is_read_as_data() -> None:
    """A smaller-than sign is no HTML."""
    (row,) = parse_schools(DAMAGED.replace("Metameer", "Klas < 3 & meer")).rows
    assert row.name == "Klas < 3 & meer"


def naughty() -> list[str]:
    lines = sample("csv/blns.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("column", range(4))
def test_naughty_strings_in_every_field_do_no_worse_than_errors(column: int) -> None:
    for word in naughty():
        cells = ["16SW", "16SW03", "Metameer", "Boxmeer"]
        cells[column] = word
        text = io.StringIO()
        csv.writer(text, delimiter=";").writerow(cells)
        found = parse_schools((DAMAGED.splitlines()[0] + "\n" + text.getvalue()).encode())
        assert bool(found.rows) != bool(found.errors)
        if found.rows and column == 2:
            assert found.rows[0].name == " ".join(word.split())
        assert all(error.line == 2 for error in found.errors)
