from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.errors import Refused
from rooms.people.codes import (
    ALPHABET,
    hash_mail_code,
    hash_token,
    new_class_code,
    new_link_token,
    new_mail_code,
    new_screen_number,
    new_seat_token,
    parse_class_code,
    parse_mail_code,
    school_year_at,
    school_year_on,
    shown_class_code,
)

AMSTERDAM = "Europe/Amsterdam"


def test_no_character_can_be_mistaken_for_another() -> None:
    assert not set(ALPHABET) & set("0O1IL")
    assert len(set(ALPHABET)) == len(ALPHABET) == 31


def test_new_codes_are_six_characters_and_not_the_same() -> None:
    codes = {new_class_code() for _ in range(500)}
    assert len(codes) > 490
    assert all(len(code) == 6 and set(code) <= set(ALPHABET) for code in codes)
    assert {character for code in codes for character in code} == set(ALPHABET)


@pytest.mark.parametrize(
    "typed",
    [
        "K7M2HX",
        "k7m2hx",
        " K7M 2HX ",
        "k7m-2hx",
        "K7M\u20132HX",
        "k 7 m 2 h x",
        "K7M\u00a02HX\n",
        "\uff2b\uff17\uff2d\uff12\uff28\uff38",
        "\u041a7\u041c2\u041d\u0425",
        "\u03ba7\u039c2\u0397\u03a7",
        "\u200bK7M2HX\ufeff",
    ],
)
def test_a_code_is_understood_however_it_is_typed(typed: str) -> None:
    assert parse_class_code(typed) == "K7M2HX"


@given(st.text(ALPHABET, min_size=6, max_size=6))
def test_a_shown_code_leads_back_to_itself(code: str) -> None:
    assert parse_class_code(shown_class_code(code)) == code
    assert parse_class_code(shown_class_code(code).lower()) == code


@pytest.mark.parametrize(
    ("typed", "code", "params"),
    [
        ("", "class_code_empty", {}),
        ("  - ", "class_code_empty", {}),
        ("K7M2H", "class_code_length", {"length": 5, "expected": 6}),
        ("K7M2HXX", "class_code_length", {"length": 7, "expected": 6}),
        ("K7M20X", "class_code_character", {"character": "0"}),
        ("k7m2lx", "class_code_character", {"character": "L"}),
        ("K7M2H!", "class_code_character", {"character": "!"}),
    ],
)
def test_a_wrong_code_is_refused_by_what_is_wrong(
    typed: str, code: str, params: dict[str, object]
) -> None:
    with pytest.raises(Refused) as refused:
        parse_class_code(typed)
    assert (refused.value.code, dict(refused.value.params)) == (code, params)


@given(st.text())
def test_nothing_typed_can_do_worse_than_be_refused(typed: str) -> None:
    for parse in (parse_class_code, parse_mail_code):
        with suppress(Refused):
            assert len(parse(typed)) == 6


def test_tokens_are_long_new_and_fit_for_a_url() -> None:
    for make, length in ((new_link_token, 22), (new_seat_token, 43)):
        tokens = {make() for _ in range(100)}
        assert len(tokens) == 100
        assert all(
            len(t) == length and t.replace("-", "").replace("_", "").isalnum() for t in tokens
        )


def test_a_token_is_stored_as_its_hash() -> None:
    assert hash_token("abc").hex().startswith("ba7816bf8f01cfea")


def test_a_mail_code_is_six_digits_and_typed_as_one_likes() -> None:
    assert all(parse_mail_code(new_mail_code()) for _ in range(100))
    assert parse_mail_code(" 012 345 ") == "012345"
    assert parse_mail_code("012-345") == "012345"
    assert parse_mail_code("\uff10\uff11\uff12\uff13\uff14\uff15") == "012345"
    for typed in ("", "12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666"):
        with pytest.raises(Refused):
            parse_mail_code(typed)


def test_a_mail_code_is_kept_under_a_key_and_for_one_address() -> None:
    kept = hash_mail_code("012345", "Anna@school.test", b"key")
    assert kept == hash_mail_code("012345", "anna@school.test", b"key")
    assert kept != hash_mail_code("012345", "bert@school.test", b"key")
    assert kept != hash_mail_code("012345", "anna@school.test", b"other")


def test_a_screen_number_is_two_digits() -> None:
    assert all(10 <= int(new_screen_number()) <= 99 for _ in range(200))


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (datetime(2026, 7, 31, 21, 59, 59, tzinfo=UTC), "2025/26"),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), "2026/27"),
        (datetime(2026, 1, 15, tzinfo=UTC), "2025/26"),
        (datetime(1999, 9, 1, tzinfo=UTC), "1999/00"),
    ],
)
def test_the_school_year_turns_at_local_midnight(moment: datetime, name: str) -> None:
    assert school_year_at(moment, AMSTERDAM).name == name


def test_a_school_year_knows_its_edges() -> None:
    year = school_year_on(date(2026, 3, 10), AMSTERDAM)
    assert (year.first_day, year.last_day) == (date(2025, 8, 1), date(2026, 7, 31))
    assert year.ends_at == datetime(2026, 7, 31, 22, 0, tzinfo=UTC)
    assert school_year_at(year.ends_at, AMSTERDAM).starts_at == year.ends_at


def test_elsewhere_a_school_year_starts_in_another_month() -> None:
    assert school_year_on(date(2026, 3, 10), "Europe/Madrid", 9).first_day == date(2025, 9, 1)
    assert school_year_on(date(2026, 3, 10), "Africa/Johannesburg", 1).name == "2026"
