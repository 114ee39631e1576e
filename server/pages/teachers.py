"""Teachers who say they belong to a school, before somebody of the region says so too."""

from starlette.responses import Response

from rooms.people import persons, programmes, roles, schools
from server import mail
from server.context import Here


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
    """`POST /teachers/confirm/{id}`."""
    async with here.transaction() as conn:
        await roles.confirm(conn, here.scope, here.id())
        held = await roles.by_id(conn, here.scope, here.id())
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
