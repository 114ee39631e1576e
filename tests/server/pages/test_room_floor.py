"""The pages beside the stage: a teacher's queue on her phone, a moderator's desk."""

from uuid import UUID

import httpx
import pytest

from tests.server.pages.test_rooms import as_editor, as_teacher, class_of, opens, takes_part
from tests.support.floor import House
from tests.support.lessons import World, a_world


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def in_room(
    house: House, world: World, *names: str
) -> tuple[httpx.AsyncClient, httpx.AsyncClient, str, list[UUID]]:
    """The editor, the teacher, the room and her classes in it."""
    editor, teacher = await as_editor(house, world), await as_teacher(house, world)
    room = await opens(editor)
    made = [await class_of(house, world, name) for name in names]
    return editor, teacher, room, [await takes_part(teacher, room, one) for one in made]


async def test_her_class_page_leads_her_phone_to_the_queue(app_house: House, world: World) -> None:
    _, teacher, room, (part,) = await in_room(app_house, world, "3B")
    page = (await teacher.get(room)).text
    assert f'href="{room}/queue"' in page and "room-queue-qr" in page
    queue = (await teacher.get(f"{room}/queue")).text
    assert f'data-part="{part}"' in queue and "Questions of class 3B" in queue


async def test_a_queue_is_there_for_its_teacher_alone(app_house: House, world: World) -> None:
    editor, teacher, room, _ = await in_room(app_house, world)
    assert (await teacher.get(f"{room}/queue")).status_code == 404, "no class of hers is in"
    assert (await editor.get(f"{room}/queue")).status_code == 404
    stranger = await app_house.client().get(f"{room}/queue")
    assert stranger.headers["location"].startswith("/sign-in")


async def test_who_opened_the_room_moderates_it(app_house: House, world: World) -> None:
    editor, _, room, _ = await in_room(app_house, world, "3B", "4C")
    assert "Running order" in (await editor.get(f"{room}/desk")).text
    assert f'href="{room}/desk"' in (await editor.get(f"{room}/studio")).text


async def test_a_teacher_moderates_while_hers_is_the_only_class(
    app_house: House, world: World
) -> None:
    _, teacher, room, _ = await in_room(app_house, world, "3B")
    assert f'href="{room}/desk"' in (await teacher.get(room)).text
    assert (await teacher.get(f"{room}/desk")).status_code == 200
    await takes_part(teacher, room, await class_of(app_house, world, "4C"))
    moved = await teacher.get(f"{room}/desk")
    assert (moved.status_code, moved.headers["location"]) == (303, room)
    assert "a moderator runs the session" in (await teacher.get(room)).text
    assert f'href="{room}/desk"' not in (await teacher.get(room)).text


async def test_a_closed_room_has_no_desk_and_no_queue(app_house: House, world: World) -> None:
    editor, teacher, room, _ = await in_room(app_house, world, "3B")
    await editor.post(f"{room}/close")
    assert (await teacher.get(f"{room}/queue")).headers["location"] == room
    assert (await editor.get(f"{room}/desk")).status_code == 404
