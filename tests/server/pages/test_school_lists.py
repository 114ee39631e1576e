"""Taking lists of schools in, through the real app, as the programme's office does."""

import asyncio
import csv
import io
from dataclasses import dataclass
from html import unescape

import httpx
import pytest

from tests.support.floor import House
from tests.support.lessons import World, a_world
from tests.support.people import a_person, a_region, a_role, sign_in
from tests.support.samples import sample

LIST = (
    "INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;PLAATSNAAM;ONDERWIJSSTRUCTUUR\n"
    "16SW;16SW03;Metameer;Boxmeer;HAVO/VWO\n"
    "99AA;99AA00;De Brug;Testdorp;VMBO\n"
)
DAY = "2026-08-01"


@dataclass
class Office:
    """A programme beside its twin, and its office, signed in."""

    house: House
    world: World
    twin_world: World
    client: httpx.AsyncClient
    twin: httpx.AsyncClient

    async def look(self, **told: str) -> str:
        """Sends a list; returns the address of its page."""
        answer = await self.client.post(
            "/programme/schools/list", data={"text": LIST, "holds_from": DAY, **told}
        )
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


@pytest.fixture
async def office(app_house: House) -> Office:
    clients = []
    async with app_house.pool.acquire() as conn, conn.transaction():
        worlds = [await a_world(conn), await a_world(conn, "twin")]
        for world in worlds:
            person = await a_person(conn, f"office@{world.programme.slug}.example", "Bo Office")
            await a_role(conn, world.programme, person, "bureau")
            clients.append((app_house.client(), person))
    for client, person in clients:
        await sign_in(app_house, client, person)
    return Office(app_house, *worlds, clients[0][0], clients[1][0])


async def test_a_pasted_list_is_looked_at_then_taken_in(office: Office) -> None:
    path = await office.look(region=str(office.world.region.id))
    page = (await office.client.get(path)).text
    assert "2 schools in this list" in page and "New schools: 2" in page
    assert await office.house.pool.fetchval("select count(*) from schools") == 2
    assert path in (await office.client.get("/programme/schools")).text
    for verb in ("", "/apply", "/drop"):
        send = office.twin.post if verb else office.twin.get
        assert (await send(path + verb)).status_code == 404
    assert (await office.client.post(f"{path}/apply")).status_code == 303
    page = (await office.client.get("/programme/schools")).text
    assert "Metameer" in page and "De Brug" in page and path not in page
    assert (await office.client.post(f"{path}/apply")).status_code == 409
    again = (await office.client.get(await office.look())).text
    assert "This list changes nothing." in again and "2 schools stay as they are." in again


async def test_a_list_moves_schools_and_keeps_where_they_were(office: Office) -> None:
    pool, world = office.house.pool, office.world
    path = await office.look(region=str(world.region.id), holds_from="2020-08-01")
    await office.client.post(f"{path}/apply")
    async with pool.acquire() as conn:
        other = await a_region(conn, world.programme, "Oost")
    for _ in range(2):
        path = await office.look(region=str(other.id))
        assert (await office.client.post(f"{path}/apply")).status_code == 303
    rows = await pool.fetch(
        "select region_id, valid_to::text from school_regions p "
        "join schools s on s.id = p.school_id where s.code = '16SW03' order by valid_from"
    )
    assert [tuple(row) for row in rows] == [(world.region.id, DAY), (other.id, None)]


async def test_a_list_with_one_error_changes_nothing_and_names_its_line(office: Office) -> None:
    broken = LIST + "12345;00;Te lang;Nergens;\n"
    told = {"text": broken, "holds_from": DAY}
    looked = await office.client.post("/programme/schools/list", data=told)
    text = unescape(looked.text)
    assert looked.status_code == 422
    assert ">4</div></td>" in text and ">INSTELLINGSCODE</div></td>" in text and "12345" in text
    assert broken.strip() in text, "what was pasted can be mended there"
    for day in ("", "2999-01-01"):
        told = {"text": LIST, "holds_from": day}
        assert (await office.client.post("/programme/schools/list", data=told)).status_code == 422
    assert await office.house.pool.fetchval("select count(*) from registry_lists") == 0


FILES = {
    "csv/duo-vo-cp1252-semicolon.csv": 303,
    "csv/duo-vo-utf8-bom-comma-quoted.csv": 303,
    "csv/duo-vo-missing-code-column.csv": 422,
    "csv/formula-injection-names.csv": 303,
    "bad/is-pdf.mp4": 422,
}


async def test_duos_own_file_is_read(office: Office) -> None:
    for name, status in FILES.items():
        files = {"file": ("vo.csv", sample(name).read_bytes(), "text/csv")}
        data = {"holds_from": DAY, "text": ""}
        looked = await office.client.post("/programme/schools/list", data=data, files=files)
        assert looked.status_code == status, name
        if status == 422:
            assert "VESTIGINGSCODE" in looked.text or "Save it as CSV" in looked.text


async def test_a_wrong_mapping_is_told_with_its_line(office: Office) -> None:
    files = {"mapping": ("dk.toml", b'country = "DK"\nscheme = \n', "text/plain")}
    data = {"holds_from": DAY, "text": LIST}
    looked = await office.client.post("/programme/schools/list", data=data, files=files)
    assert looked.status_code == 422
    assert "Mapping file, line 2: this is not TOML." in looked.text


async def test_naughty_names_are_kept_and_shown_as_they_are(office: Office) -> None:
    lines = sample("csv/blns.txt").read_text().splitlines()
    words = [line for line in lines if line.strip() and line[0] != "#" and len(line) < 200]
    text = io.StringIO()
    out = csv.writer(text, delimiter=";")
    out.writerow(["INSTELLINGSCODE", "VESTIGINGSCODE", "VESTIGINGSNAAM", "PLAATSNAAM"])
    kept = [word for word in words if "<" not in word]
    for number, word in enumerate(kept):
        out.writerow([f"{number:04d}", "00", word, word])
    files = {"file": ("<b>.csv", text.getvalue().encode(), "text/csv")}
    region = str(office.world.region.id)
    told = {"holds_from": DAY, "region": region, "text": ""}
    looked = await office.client.post("/programme/schools/list", data=told, files=files)
    assert looked.status_code == 303, unescape(looked.text)
    path = looked.headers["location"]
    page = (await office.client.get(path)).text
    assert "<b>.csv" in unescape(page) and "<b>.csv" not in page
    assert (await office.client.post(f"{path}/apply")).status_code == 303
    names = {row["name"] for row in await office.house.pool.fetch("select name from schools")}
    assert {" ".join(word.split()) for word in kept} <= names
    for number in (1, 5, 9):
        assert (await office.client.get(f"/programme/schools?page={number}")).status_code == 200


async def test_two_presses_at_once_take_a_list_in_once(office: Office) -> None:
    path = await office.look(region=str(office.world.region.id))
    presses = [office.client.post(f"{path}/apply") for _ in range(2)]
    answers = await asyncio.gather(*presses)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert await office.house.pool.fetchval("select count(*) from registry_versions") == 1


async def test_a_list_needs_its_own_office_until_it_is_decided(office: Office) -> None:
    path = await office.look()
    mine, theirs = [
        (await one.get("/needs?kind=school_list")).text for one in (office.client, office.twin)
    ]
    assert f'href="{path}"' in mine and "A list of schools waits for a yes" in mine
    assert path not in theirs
    # one from the operator's own place speaks to every office
    await office.house.pool.execute("update registry_lists set programme_id = null")
    assert f'href="{path}"' in (await office.twin.get("/needs")).text
    assert (await office.client.post(f"{path}/drop")).status_code == 303
    assert path not in (await office.client.get("/needs")).text


async def test_an_overtaken_list_says_so_and_offers_no_yes(office: Office) -> None:
    first, second = await office.look(), await office.look(text=LIST.replace("De Brug", "Brug"))
    assert (await office.client.post(f"{second}/apply")).status_code == 303
    page = (await office.client.get(first)).text
    assert "The schools have changed since this list was looked at." in page
    assert f"{first}/apply" not in page
    assert (await office.client.post(f"{first}/apply")).status_code == 409
