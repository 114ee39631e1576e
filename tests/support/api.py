"""Tokens of a programme's people, and clients that carry them."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx

from rooms.connection import Connection
from rooms.people import api_tokens, classes
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import teacher_scope
from tests.support.tours import Desk, a_desk, a_published_tour


@dataclass(frozen=True)
class Office:
    """A programme with a token for each of its people, a published tour and a class."""

    desk: Desk
    editor: str
    reviewer: str
    teacher: str
    tour_id: UUID
    video_id: UUID
    class_id: UUID


async def a_token(conn: Connection, programme: Programme, person: Person) -> str:
    """A bearer token of the person in the programme."""
    token = secrets.token_urlsafe(24)
    await api_tokens.put(conn, people.scope_of(programme), person.id, token, "test")
    return token


async def an_office(conn: Connection, slug: str = "jetstream") -> Office:
    """Everything the API works on, in a programme of its own."""
    desk = await a_desk(conn, slug)
    school = await people.a_school(conn, desk.programme, region=desk.region)
    teacher = await people.a_teacher(conn, desk.programme, school)
    school_class = await classes.create(
        conn,
        teacher_scope(desk.programme, teacher, school),
        school.id,
        "3B",
        "havo",
        3,
        "",
        28,
        datetime.now(UTC),
    )
    tour_id = await a_published_tour(conn, desk)
    return Office(
        desk=desk,
        editor=await a_token(conn, desk.programme, desk.editor),
        reviewer=await a_token(conn, desk.programme, desk.coordinator),
        teacher=await a_token(conn, desk.programme, teacher),
        tour_id=tour_id,
        video_id=await conn.fetchval("select video_id from tours where id = $1", tour_id),
        class_id=school_class.id,
    )


def caller(house: House, token: str) -> httpx.AsyncClient:
    """A program that carries the token and speaks English."""
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    return house.client(headers=headers)
