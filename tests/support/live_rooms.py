"""Builders for live rooms: an open room of a world, its presenter, a class that takes part."""

from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.live import rooms
from rooms.live.rooms import Room
from rooms.people.companies import Company
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from rooms.scope import Grant, Scope
from tests.support.lessons import World


def editor_scope(programme: Programme, editor: Person, company: Company) -> Scope:
    """The scope of somebody who edits for a company."""
    return Scope(programme.id, editor.id, (Grant("editor", company_id=company.id),))


def presenter_of(world: World) -> Scope:
    """The world's editor, who presents in her company's rooms."""
    return editor_scope(world.programme, world.editor, world.company)


def moderator_of(world: World, person_id: UUID | None = None) -> Scope:
    """Somebody who coordinates the whole programme."""
    return Scope(world.programme.id, person_id, (Grant("coordinator"),))


async def a_room(
    conn: Connection, world: World, now: datetime, title: str = "Live from the yard"
) -> Room:
    """An open room of the world's company."""
    return await rooms.open_room(conn, presenter_of(world), title, None, now)
