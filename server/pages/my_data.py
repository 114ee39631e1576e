"""What is kept of the viewer: to see, to take along, to have erased."""

import logging

import msgspec
from starlette.responses import Response

from rooms.errors import RoomError
from rooms.people import erasure
from server import errors, forms
from server.auth import COOKIE
from server.context import Here
from server.erased import note
from server.i18n import N_

log = logging.getLogger(__name__)

KINDS = {
    "account": N_("Name, address and language"),
    "roles": N_("Roles"),
    "sign_ins": N_("Where you signed in"),
    "api_tokens": N_("Tokens of the API"),
    "classes": N_("Classes you teach"),
    "lessons": N_("Lessons you gave"),
    "corrections": N_("Corrections you made"),
    "invitations": N_("Invitations you sent to companies"),
    "invitation_words": N_("What you wrote in invitations"),
    "registrations": N_("Classes you registered"),
    "webinars_made": N_("Webinars you made"),
    "webinars_led": N_("Webinars you led"),
    "webinars_presented": N_("Webinars you presented"),
    "preparation": N_("Hours of preparation you told"),
    "conduct": N_("Your certificate and code of conduct"),
    "webinars_watched": N_("When you were in a webinar by yourself"),
    "webinar_corrections": N_("Corrections of who was in a webinar by herself"),
    "webinar_results": N_("That you were in a webinar by yourself"),
    "tours": N_("Tours you made"),
    "tour_history": N_("What you did with tours"),
    "uploads": N_("Films you sent"),
    "answers": N_("Answers you gave to questions"),
    "exports": N_("Exports you made"),
    "deputies": N_("Holidays and who stood in"),
    "mails": N_("Mails to you"),
    "mails_stopped": N_("Mails you stopped"),
    "calendar_feeds": N_("Calendars you take along"),
}


async def show(here: Here) -> Response:
    """`GET /account/data`."""
    return await _page(here)


async def _page(here: Here, error: RoomError | None = None) -> Response:
    async with here.transaction() as conn:
        found = await erasure.of_person(conn, here.person.person_id)
    return here.page(
        "account/data.html",
        422 if error else 200,
        kinds=[(here._(words), len(found[kind])) for kind, words in KINDS.items() if kind in found],
        email=here.person.email,
        error=errors.sentence(here.language, error.code, error.params) if error else "",
    )


async def file(here: Here) -> Response:
    """`GET /account/data.json`: all of it."""
    async with here.transaction() as conn:
        found = await erasure.of_person(conn, here.person.person_id)
    body = msgspec.json.format(msgspec.json.encode({"version": 1, **found}))
    headers = {
        "Content-Disposition": 'attachment; filename="my-data.json"',
        "Cache-Control": "private, no-store",
    }
    return Response(body, media_type="application/json", headers=headers)


async def erase(here: Here) -> Response:
    """`POST /account/erase`: her mail address typed once more says that she means it."""
    typed = forms.line(await here.form(), "email").strip().lower()
    person_id = here.person.person_id
    if typed != here.person.email or here.person.kind != "browser":
        return here.go("/account/data", said="erase_address")
    try:
        async with here.transaction() as conn:
            await erasure.erase(conn, person_id, here.now)
    except RoomError as problem:
        return await _page(here, problem)
    await note(here.storage, person_id, here.now)
    log.info("person %s had herself erased", person_id)
    response = here.go("/", said="erased")
    response.delete_cookie(COOKIE, path="/")
    return response
