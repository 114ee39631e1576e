"""A colleague's way into a class by the link she was sent, known here or not.

Whoever is new proves her work mail first, which makes her a teacher at the class's school, and
comes back to the same page with one button: a mail scanner that looks uses nothing up.
"""

from uuid import UUID

from starlette.responses import Response

from rooms.errors import NotThere, Refused
from rooms.people import classes, persons, schools, sign_ins
from rooms.people.classes import Invite
from rooms.people.persons import Person
from rooms.people.sign_in_mails import Proof
from rooms.scope import Grant, Scope
from server import errors, forms
from server.arrival import Arrival, ask_by_mail, to_code_page
from server.context import Here
from server.database import Connection
from server.pages import teachers


async def show(here: Here) -> Response:
    """`GET /classes/invited/{token}`: one button, or, for nobody we know, one field."""
    return await _page(here)


async def _page(here: Here, code: str = "", email: str = "", status: int = 200) -> Response:
    async with here.transaction() as conn:
        invite = await classes.invitation(conn, _token(here), here.now)
    problem = errors.sentence(here.language, code, {}) if code else ""
    return here.page("classes/invited.html", status, invite=invite, email=email, problem=problem)


def _token(here: Here) -> str:
    """The link's token; a classroom screen takes part in nothing."""
    if here.viewer is not None and here.viewer.kind == "classroom":
        raise NotThere("invite")
    return str(here.request.path_params["token"])


async def accept(here: Here) -> Response:
    """`POST /classes/invited/{token}`: takes part, or asks for the mail of whoever is new."""
    token = _token(here)
    if here.viewer is None:
        return await _ask_mail(here, token)
    me = here.person
    async with here.transaction() as conn:
        invite = await classes.invitation(conn, token, here.now)
        scope = await _teacher(here, conn, invite, await persons.by_id(conn, me.person_id))
        class_id = await classes.accept(conn, scope, token, here.now)
        if me.sign_in_id is not None and me.scope.programme_id != invite.programme_id:
            await sign_ins.move_to(conn, me.sign_in_id, invite.programme_id)
    return here.go(f"/classes/{class_id}", said="class_joined")


async def _teacher(here: Here, conn: Connection, invite: Invite, person: Person) -> Scope:
    """Makes her a teacher at the class's school, as whoever shows a tour there becomes one."""
    scope = Scope(invite.programme_id, person.id, (Grant("teacher", school_id=invite.school_id),))
    school = await schools.by_id(conn, scope, invite.school_id)
    await teachers.become(here, conn, scope, person, school)
    return scope


async def _ask_mail(here: Here, token: str) -> Response:
    typed = forms.line(await here.form(), "email")
    async with here.transaction() as conn:
        await classes.invitation(conn, token, here.now)
    try:
        email = persons.checked_email(typed)
    except Refused as error:
        return await _page(here, error.code, typed, 422)
    details = {"token": token, "language": here.language}
    if not await ask_by_mail(here, email, "colleague", details=details):
        return await _page(here, "throttled", email, 429)
    return to_code_page(here, email)


async def finish(here: Here, conn: Connection, proof: Proof) -> Arrival | None:
    """The mail is hers: she is a teacher at the school now, and looks at the invitation again."""
    token = str(proof.details["token"])
    invite = await classes.invitation(conn, token, here.now)
    language = str(proof.details["language"])
    person = await persons.find_or_create(conn, proof.email, language=language)
    await _teacher(here, conn, invite, person)
    programme_id: UUID = invite.programme_id
    return Arrival(person.id, f"/classes/invited/{token}", programme_id)
