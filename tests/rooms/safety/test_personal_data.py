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


@pytest.mark.parametrize(
    "text",
    [
        "bel me op 489 12 34",
        "Bel maar 4891234",
        "app me 12-34-56-78",
        "mijn nummer is vier acht negen een twee drie vier",
        "call me on four eight nine, one two three four",
        "my number: 489-1234",
        "tel: 0742 5678",
        "489 12 34",
        "vier acht negen een twee drie vier",
        "je kan me whatsapp sturen 48912345",
        "bereikbaar op 74 25 67 89",
        "06, 12, 34, 56, 78",
        "+49 1512 3456789",
    ],
)
def test_a_number_without_its_area_code_holds_back(text: str) -> None:
    assert reasons(text) == ("phone",)


@pytest.mark.parametrize(
    "text",
    [
        "mijn tiktok sannexo",
        "my snapchat jordi voeg me toe",
        "ig: sannevdv",
        "sc = jordi07",
        "volg me, apenstaartje sanne",
        "apestaartje jordi op insta",
        "TikTok: @sannexo",
        "discord is jordi",
    ],
)
def test_an_account_in_other_words_holds_back(text: str) -> None:
    assert reasons(text) == ("handle",)


@pytest.mark.parametrize(
    "text",
    [
        "ik woon op Dorpsstraat 12",
        "Ik woon op de Dorpsstraat 12b, kom je een keer?",
        "wij wonen in de Kerkstraat 5",
        "ik woon Brink 7",
        "Woon ik te ver weg? Ik woon aan de Molenweg.",
        "mijn adres is Molenweg 3",
        "mijn huisadres: Molenweg 3",
        "kom maar langs, Molenweg 3",
        "7511 AB 12",
        "Dorpsstraat 12, 7511AB Enschede",
        "I live at 12 Mill Lane",
        "we live on Church Street",
        "I live at number 7",
        "my address is 4 Mill Lane",
    ],
)
def test_where_somebody_lives_holds_back(text: str) -> None:
    assert reasons(text) == ("address",)


@pytest.mark.parametrize(
    "text",
    [
        "Ik heet Sanne de Vries. Wat doet u?",
        "Hoi, ik ben Jordi van den Berg",
        "mijn naam is Aïcha El Amrani",
        "My name is Tom O'Brien, how old are you?",
        "I am called Anne-Marie Jansen",
    ],
)
def test_a_full_name_holds_back(text: str) -> None:
    assert reasons(text) == ("name",)


def test_all_that_is_found_is_told() -> None:
    told = "0612345678, @sanne of s@x.nl. Ik heet Sanne Vos en ik woon op de Brinklaan 3."
    assert reasons(told) == ("phone", "handle", "email", "address", "name")


ORDINARY = """
Hoeveel verdient een lasser per maand, 2.500 of 3.000 euro?
Werkt u hier sinds 1998 of 2003?
How many people work here: one hundred, two hundred?
Zijn er drie of vier ploegen, en hoe laat begint de eerste?
What do you do at work?
Wat doet u op een dag? Een, twee of drie dingen?
Kost die robot 1.250.000 euro?
Kost het schip 1.250.000.000 euro?
Look at point 3. Is it steel?
Gebruikt u ook TikTok op het werk?
Staat u op insta? Waarom wel of niet?
Verkoopt u op insta. Of in een winkel?
Is dat 5 mm of 10 mm, en waarom?
Waren 2019, 2020 en 2021 slechte jaren voor de fabriek?
Hoeveel was het in 2019, 2020, 2021 en 2022?
Draait de oven op 800, 900, 1000 of 1200 graden?
Waarom heet die machine KUKA KR 210 R2700?
Wat betekent het nummer 4891234 op die machine?
Is machine 48-1234 ouder dan machine 48-1235?
What does serial number 2004512 on the press mean?
Is onderdeel 1234567 van staal of van aluminium?
Hoeveel keer per minuut draait hij, 3000 of 6000?
Was de brand op 12-03-2019 om 14:30?
Begint u om 7:30 en stopt u om 16:15?
Hoe oud moet je zijn, 16 of 18?
Kan ik stage lopen in mijn derde jaar?
Ik woon in Hengelo, mag ik hier later werken?
Ik woon al 12 jaar naast de fabriek, waarom stinkt het soms?
Wij wonen vlakbij 2 fabrieken, welke is van u?
Ik woon ongeveer 5 km verderop, hoor je de pers daar?
Waar woont u zelf?
Ligt uw bedrijf aan de Havenweg 12?
Is de Industrieweg altijd zo druk?
How far do you live from work, 5 or 50 km?
I live in a small village, can I work here too?
Where do you live?
Hoe heet de baas?
Hoe heet u, en wat heeft u gestudeerd?
Ik heet ook Jan, is dat toeval?
Mijn naam is net zo lang als die van de machine
Wie was Nikola Tesla?
Is Jan de Groot de oprichter van het bedrijf?
My name is on the list, may I ask two questions?
Mag je hier bellen op het werk?
Bel je klanten of mailen ze?
Hoeveel telefoons maakt u per dag, 2500?
Hoeveel mensen bellen er per jaar, 120.000?
Do you call customers or do they mail you?
Werkt u met e-mail of met papier?
Staat er een robot at the end of the line?
Kost een lasrobot meer dan 100.000 euro?
Is 1500 kg zwaar voor die kraan?
Gaat er 2000 liter in en 12 kg zout?
Is een motor van 2000 cc groot?
Hoeveel wegen 10, 20, 30, 40 en 50 platen?
Wat is sterker, S235 of S355 staal?
Hoe lang duurt het: één, twee, drie of vier dagen?
Do you work from nine to five, or in shifts of eight hours?
Is the laser 6 kW or 12 kW?
Wat is het grootste getal op die meter, 99999?
Heeft u weleens een vinger verloren?
Is het gevaarlijk als je een hartprobleem hebt?
Waarom is uw logo een @?
Kan de machine 24/7 draaien?
Hoeveel procent is vrouw, 10, 20 of 30%?
Heeft u mijn insta nodig om me aan te nemen?
Mag mijn snap aan tijdens het werk?
Was uw omzet 12,5 miljoen in 2024 en 13,1 in 2025?
"""


@pytest.mark.parametrize("text", ["", *ORDINARY.strip().splitlines()])
def test_an_ordinary_question_passes(text: str) -> None:
    assert reasons(text) == ()


def test_enough_ordinary_questions_are_asked() -> None:
    assert len(ORDINARY.strip().splitlines()) >= 60


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert set(reasons(text)) <= {"phone", "handle", "email", "address", "name"}


@given(
    st.text(alphabet="abcdefgh ?", max_size=40),
    st.lists(st.sampled_from("0123456789"), min_size=9, max_size=12),
    st.sampled_from(["", " ", "-", ".", "  ", "/"]),
)
def test_digits_are_found_whatever_stands_between(
    before: str, digits: list[str], between: str
) -> None:
    assert "phone" in reasons(before + " " + between.join(digits))
