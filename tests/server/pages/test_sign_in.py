"""Coming in by password and by mail, through the real app."""

import asyncio
from html import unescape

import httpx
import pytest
from argon2 import PasswordHasher

from rooms.people.persons import Person
from server.auth import COOKIE
from tests.support.floor import House
from tests.support.mails import last_mail
from tests.support.people import (
    a_person,
    a_programme,
    a_role,
    a_school,
    sign_in,
)

PASSWORD = "three words and more"


@pytest.fixture
async def noor(app_house: House) -> Person:
    """A teacher with a password."""
    async with app_house.pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        school = await a_school(conn, programme)
        person = await a_person(conn, "noor@school.example", password=PASSWORD)
        await a_role(conn, programme, person, "teacher", school=school)
        return person


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/account")).status_code == 200


async def by_password(
    client: httpx.AsyncClient, email: str, password: str, next_path: str = "/"
) -> httpx.Response:
    told = {"email": email, "password": password, "next": next_path}
    return await client.post("/sign-in", data=told)


async def test_a_password_lets_her_in_to_where_she_was_going(
    app_house: House, noor: Person
) -> None:
    client = app_house.client()
    away = await client.get("/account")
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=/account")
    answer = await by_password(client, " Noor@School.example", PASSWORD, "/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert await is_in(client)


async def test_what_was_asked_for_survives_the_sign_in(app_house: House, noor: Person) -> None:
    client = app_house.client()
    wanted = "/sessions/new?tour=a%26b&words=Caf%C3%A9+nu"
    away = (await client.get(wanted)).headers["location"]
    form = (await client.get(away)).text
    kept = unescape(form.partition('name="next" value="')[2].partition('"')[0])
    assert kept == wanted
    answer = await by_password(client, noor.email, PASSWORD, kept)
    assert answer.headers["location"] == wanted
    strange = (await client.get("/sign-in?next=//evil.example?a=1")).text
    assert 'name="next" value="/"' in strange


async def test_over_https_the_cookie_insists_on_it(
    dsn: str, app_house: House, noor: Person
) -> None:
    app_house.app.state.floor.settings = app_house.settings.__class__(
        **{
            name: getattr(app_house.settings, name)
            for name in app_house.settings.__dataclass_fields__
            if name != "url"
        },
        url="https://testserver",
    )
    answer = await by_password(app_house.client(), noor.email, PASSWORD)
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\nb", "x", ""]
)
async def test_nobody_is_sent_to_another_site(
    app_house: House, noor: Person, elsewhere: str
) -> None:
    answer = await by_password(app_house.client(), noor.email, PASSWORD, elsewhere)
    assert answer.headers["location"] == "/"


async def test_a_strange_and_a_known_address_get_the_same_answer(
    app_house: House, noor: Person
) -> None:
    async with app_house.pool.acquire() as conn:
        await a_person(conn, "nobody@school.example", password=PASSWORD)  # known, but no role
    texts = []
    for email in ("noor@school.example", "zoe@school.example", "nobody@school.example"):
        wrong = "not this" if email.startswith("noor") else PASSWORD
        answer = await by_password(app_house.client(), email, wrong)
        assert answer.status_code == 422
        texts.append(answer.text.replace(email, "X"))
    assert texts[0] == texts[1] == texts[2]


async def test_an_unknown_address_costs_one_verification_too(
    app_house: House, noor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    real = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda self, h, p: (verified.append(h), real(self, h, p))[1]
    )
    for email in (noor.email, "zoe@school.example"):
        await by_password(app_house.client(), email, "not this")
    assert len(verified) == 2


async def test_an_old_hash_is_made_anew(app_house: House, noor: Person) -> None:
    before = await app_house.pool.fetchval("select password_hash from persons")
    await by_password(app_house.client(), noor.email, PASSWORD)
    after = await app_house.pool.fetchval("select password_hash from persons")
    assert before != after and "m=19456,t=2,p=1" in after
    assert (await by_password(app_house.client(), noor.email, PASSWORD)).status_code == 303


async def test_ten_wrong_passwords_close_the_address_for_ten_minutes(
    app_house: House, noor: Person
) -> None:
    client = app_house.client()
    for _ in range(10):
        assert (await by_password(client, noor.email, "wrong")).status_code == 422
    assert (await by_password(client, noor.email, PASSWORD)).status_code == 429
    app_house.clock.move(minutes=11)
    assert (await by_password(client, noor.email, PASSWORD)).status_code == 303


async def test_parallel_guesses_do_not_slip_past_the_limit(app_house: House, noor: Person) -> None:
    answers = await asyncio.gather(
        *(by_password(app_house.client(), noor.email, "wrong") for _ in range(16))
    )
    assert sorted(a.status_code for a in answers) == [422] * 10 + [429] * 6


async def test_right_passwords_do_not_count(app_house: House, noor: Person) -> None:
    for _ in range(12):
        assert (await by_password(app_house.client(), noor.email, PASSWORD)).status_code == 303


async def test_one_network_guesses_thirty_times(app_house: House, noor: Person) -> None:
    client = app_house.client()
    for number in range(30):
        answer = await by_password(client, f"x{number}@school.example", "wrong")
        assert answer.status_code == 422
    assert (await by_password(client, noor.email, PASSWORD)).status_code == 429
    assert await app_house.pool.fetchval("select bool_and(length(key) = 32) from throttles")


async def ask(client: httpx.AsyncClient, email: str, next_path: str = "/") -> httpx.Response:
    return await client.post("/sign-in/mail", data={"email": email, "next": next_path})


async def test_the_code_lets_her_in_once(app_house: House, noor: Person) -> None:
    client = app_house.client()
    asked = await ask(client, noor.email, "/account")
    assert asked.headers["location"] == "/sign-in/code"
    page = await client.get("/sign-in/code")
    assert noor.email in page.text
    mail = await last_mail(app_house)
    typed = f"{mail.code[:3]} {mail.code[3:]}"
    answer = await client.post("/sign-in/code", data={"email": noor.email, "code": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert await is_in(client)
    again = await app_house.client().post(
        "/sign-in/code", data={"email": noor.email, "code": typed}
    )
    assert again.status_code == 422


async def test_the_code_may_be_typed_on_another_device(app_house: House, noor: Person) -> None:
    await ask(app_house.client(), noor.email)
    other = app_house.client()
    assert 'name="email"' in (await other.get("/sign-in/code")).text
    code = (await last_mail(app_house)).code
    await other.post("/sign-in/code", data={"email": noor.email, "code": code})
    assert await is_in(other)


async def test_a_mail_scanner_uses_nothing_up(app_house: House, noor: Person) -> None:
    client = app_house.client()
    await ask(client, noor.email)
    link = (await last_mail(app_house)).link
    scanner = app_house.client()
    for _ in range(3):
        assert (await scanner.get(link)).status_code == 200
        assert (await scanner.head(link)).status_code == 200
    assert not await is_in(scanner)
    assert (await client.get(link)).status_code == 200
    assert (await client.post(link)).status_code == 303
    assert await is_in(client)
    assert (await scanner.get(link)).status_code == 410
    assert (await scanner.post(link)).status_code == 410
    code = (await last_mail(app_house)).code
    used = await scanner.post("/sign-in/code", data={"email": noor.email, "code": code})
    assert used.status_code == 422


async def test_five_wrong_codes_end_the_code_but_not_the_link(
    app_house: House, noor: Person
) -> None:
    client = app_house.client()
    await ask(client, noor.email)
    mail = await last_mail(app_house)
    wrong = "000000" if mail.code != "000000" else "111111"
    for _ in range(5):
        answer = await client.post("/sign-in/code", data={"email": noor.email, "code": wrong})
        assert answer.status_code == 422
    right = await client.post("/sign-in/code", data={"email": noor.email, "code": mail.code})
    assert right.status_code == 422
    assert (await client.post(mail.link)).status_code == 303


async def test_code_and_link_last_thirty_minutes(app_house: House, noor: Person) -> None:
    client = app_house.client()
    await ask(client, noor.email)
    mail = await last_mail(app_house)
    app_house.clock.move(minutes=31)
    late = await client.post("/sign-in/code", data={"email": noor.email, "code": mail.code})
    assert late.status_code == 422
    assert (await client.post(mail.link)).status_code == 410


async def test_an_unknown_address_learns_it_in_the_mail_only(
    app_house: House, noor: Person
) -> None:
    pages = []
    for email in (noor.email, "zoe@school.example"):
        client = app_house.client()
        await ask(client, email)
        page = await client.get("/sign-in/code")
        wrong = await client.post("/sign-in/code", data={"email": email, "code": "000000"})
        pages.append((page.text + wrong.text).replace(email, "X"))
    assert pages[0] == pages[1]
    assert (await last_mail(app_house)).kind == "sign_in_unknown"


async def test_mails_to_one_address_are_limited(app_house: House, noor: Person) -> None:
    answers = [(await ask(app_house.client(), noor.email)).status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]


async def test_a_code_that_is_no_code_is_not_counted(app_house: House, noor: Person) -> None:
    client = app_house.client()
    await ask(client, noor.email)
    for _ in range(6):
        answer = await client.post("/sign-in/code", data={"email": noor.email, "code": "12a"})
        assert "6 digits" in unescape(answer.text)
    code = (await last_mail(app_house)).code
    right = await client.post("/sign-in/code", data={"email": noor.email, "code": code})
    assert right.status_code == 303


async def test_signing_out_ends_it_on_the_server(app_house: House, noor: Person) -> None:
    client = app_house.client()
    token = await sign_in(app_house, client, noor)
    assert (await client.post("/sign-out")).headers["location"] == "/"
    thief = app_house.client(cookies={COOKIE: token})
    assert not await is_in(thief)


async def test_another_site_cannot_sign_her_in(app_house: House, noor: Person) -> None:
    answer = await app_house.client().post(
        "/sign-in",
        data={"email": noor.email, "password": PASSWORD},
        headers={"origin": "https://evil.example"},
    )
    assert answer.status_code == 403


async def test_a_sign_in_slides_on_with_use(app_house: House, noor: Person) -> None:
    client = app_house.client()
    await sign_in(app_house, client, noor)
    await app_house.pool.execute(
        "update sign_ins set seen_at = now() - interval '29 days', "
        "expires_at = now() + interval '1 day'"
    )
    assert await is_in(client)
    left = await app_house.pool.fetchval("select expires_at - now() from sign_ins")
    assert left.days >= 29
    await app_house.pool.execute("update sign_ins set expires_at = now() - interval '1 second'")
    assert not await is_in(client)


async def test_another_persons_sign_in_ends_where_she_signs_in(
    app_house: House, noor: Person
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        other = await a_person(conn, "els@school.example")
    client = app_house.client()
    await sign_in(app_house, client, other)
    await by_password(client, noor.email, PASSWORD)
    assert await is_in(client)
    await by_password(client, noor.email, PASSWORD)
    left = await app_house.pool.fetch("select person_id from sign_ins where ended_at is null")
    assert [row["person_id"] for row in left] == [noor.id], "one device is one sign-in"
