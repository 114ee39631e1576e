"""Teachers who say they belong to a school, before somebody of the region says so too."""

from starlette.responses import Response

from rooms.agenda import session_classes
from rooms.attendance import kpi_rows
from rooms.people import persons, programmes, roles, schools
from rooms.people.persons import Person
from rooms.people.schools import School
from rooms.scope import Scope
from server import mail
from server.context import Here
from server.database import Connection


async def become(
    here: Here, conn: Connection, scope: Scope, person: Person, school: School
) -> None:
    """Makes somebody a teacher at a school: confirmed when her mail's domain is the school's.

    Else she may start all the same, and those who can confirm her are asked by mail.
    """
    is_known = school.knows(person.email)
    role_id = await roles.give(
        conn, scope, person.id, "teacher", school_id=school.id, is_confirmed=is_known
    )
    if await roles.is_confirmed(conn, scope, role_id):
        if begun := await session_classes.confirm_teacher(
            conn, scope, person.id, school.id, here.now
        ):
            await kpi_rows.keep(conn, begun, here.now)
        return
    for coordinator in await roles.who_confirms(conn, scope, school.id):
        await mail.tell(
            conn,
            coordinator,
            "teacher_asks",
            programme_id=scope.programme_id,
            once_key=f"teacher_asks:{role_id}:{coordinator.id}",
            who=person.email,
            school=school.name,
            link=f"{here.settings.url}/teachers/confirm",
        )


async def index(here: Here) -> Response:
    """`GET /teachers/confirm`: those of the coordinator's regions, oldest first."""
    async with here.transaction() as conn:
        waiting = await roles.unconfirmed(conn, here.scope)
        programme = await programmes.by_id(conn, here.scope.programme_id)
        unlisted = await schools.unplaced(conn, here.scope)
    return here.page(
        "teachers/confirm.html", waiting=waiting, zone=programme.zone, unlisted=unlisted
    )


async def confirm(here: Here) -> Response:
    """`POST /teachers/confirm/{id}`: what she has shown so far counts from now on."""
    async with here.transaction() as conn:
        await roles.confirm(conn, here.scope, here.id())
        held = await roles.by_id(conn, here.scope, here.id())
        if begun := await session_classes.confirm_teacher(
            conn, here.scope, held.person_id, held.school_id, here.now
        ):
            await kpi_rows.keep(conn, begun, here.now)
        programme = await programmes.by_id(conn, here.scope.programme_id)
        await mail.tell(
            conn,
            await persons.by_id(conn, held.person_id),
            "teacher_confirmed",
            programme_id=programme.id,
            once_key=f"teacher_confirmed:{held.id}",
            school=held.part,
            programme=programme.name,
            link=f"{here.settings.url}/classes",
        )
    return here.go("/teachers/confirm", "teacher_confirmed")


async def turn_away(here: Here) -> Response:
    """`POST /teachers/confirm/{id}/no`."""
    async with here.transaction() as conn:
        await roles.turn_away(conn, here.scope, here.id(), here.now)
    return here.go("/teachers/confirm", "teacher_turned_away")
