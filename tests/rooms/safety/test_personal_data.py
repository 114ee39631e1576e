"""What holds a pupil's question back, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.safety.personal_data import reasons


@pytest.mark.parametrize(
    "text",
    [
        "bel me op 0612345678",
        "06-12 34 56 78",
        "+31 6 12345678 gr",
        "(053) 489 12 34",
        "0 6 1 2 3 4 5 6 7 8",
        "mijn nummer is nul zes een twee drie vier vijf zes zeven acht",
        "nul zes twaalf vierendertig zesenvijftig achtenzeventig",
        "nul zes tweeëntwintig drieëndertig 44 55",
        "zero six one two three four five six seven eight",
        "oh six, double one, two three four five six seven",
        "call twenty one thirty four fifty five 60 70 80",
        "٠٦١٢٣٤٥٦٧٨",
        "０６１２３４５６７８",
        "06\u200b1234\u200b5678",
        "06.1234.5678",
        "nul 6 een 2 drie 4 vijf 6 zeven 8",
    ],
)  # fmt: skip
def test_a_phone_number_holds_back(text: str) -> None:
    assert reasons(text) == ("phone",)


@pytest.mark.parametrize(
    "text",
    [
        "volg @sanne.x",
        "I'm @ sanne_03",
        "mijn snap is sanne03",
        "Insta: sanne",
        "＠sanne",
        "insta sanne.de.vries",
        "add me on snap sanne_v",
    ],
)
def test_a_handle_holds_back(text: str) -> None:
    assert reasons(text) == ("handle",)


@pytest.mark.parametrize(
    "text",
    [
        "mail naar sanne@school.nl",
        "sanne @ school . nl",
        "sanne apenstaartje school punt nl",
        "sanne apestaart school punt nl",
        "sanne (at) school (dot) nl",
        "sanne.v at gmail dot com please",
        "SANNE@SCHOOL.NL",
    ],
)
def test_a_mail_address_holds_back(text: str) -> None:
    assert reasons(text) == ("email",)


def test_all_that_is_found_is_told() -> None:
    assert reasons("0612345678, @sanne of s@x.nl") == ("phone", "handle", "email")


@pytest.mark.parametrize(
    "text",
    [
        "Hoeveel verdient een lasser per maand, 2.500 of 3.000 euro?",
        "Werkt u hier sinds 1998 of 2003?",
        "How many people work here: one hundred, two hundred?",
        "Zijn er drie of vier ploegen, en hoe laat begint de eerste?",
        "What do you do at work?",
        "Wat doet u op een dag? Een, twee of drie dingen?",
        "Kost die robot 1.250.000 euro?",
        "Look at point 3. Is it steel?",
        "Gebruikt u ook TikTok op het werk?",
        "Staat u op insta? Waarom wel of niet?",
        "Verkoopt u op insta. Of in een winkel?",
        "Is dat 5 mm of 10 mm, en waarom?",
        "",
    ],
)
def test_an_ordinary_question_does_not(text: str) -> None:
    assert reasons(text) == ()


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert set(reasons(text)) <= {"phone", "handle", "email"}


@given(
    st.text(alphabet="abcdefgh ?", max_size=40),
    st.lists(st.sampled_from("0123456789"), min_size=9, max_size=12),
    st.sampled_from(["", " ", "-", ".", "  ", "/"]),
)
def test_digits_are_found_whatever_stands_between(
    before: str, digits: list[str], between: str
) -> None:
    assert "phone" in reasons(before + " " + between.join(digits))
