"""Registering for a webinar: a class in under a minute, or a teacher herself."""

from datetime import time
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.agenda import plans_b, registrations, webinar_states, webinars
from rooms.agenda.registrations import Registration, Wish
from rooms.agenda.webinar_states import Verb
from rooms.agenda.webinars import Webinar
from rooms.errors import Refused, RoomError
from rooms.people import classes, programmes
from rooms.people.classes import Class
from rooms.people.codes import school_year_at
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.pages import tour_words, webinar_words
from server.pages.classes import whole
from server.pages.webinars import shown

HERSELF = "me"


async def form(here: Here) -> Response:
    """`GET /webinars/{id}/register`: her class, how many, on what; the rest may stay as it is."""
    return await _page(here)


async def _page(here: Here, problem: RoomError | None = None) -> Response:
    typed = await here.form() if problem else None
    async with here.transaction() as conn:
        webinar = await _registrable(here, conn)
        own = await _classes(here, conn)
        mine = await registrations.mine(conn, here.scope, webinar.id)
        tours = await plans_b.of(conn, webinar) if webinar.company_id else []
    known = {_key(one): one for one in mine if one.state != "cancelled"}
    first = here.request.query_params.get("class", "") or _first(own, known, webinar)
    return here.page(
        "webinars/register.html",
        422 if problem else 200,
        one=shown(here, webinar),
        choices=_choices(here, webinar, own, known),
        typed=_typed(typed) if typed else _kept(own, known.get(first), first),
        is_changed=first in known,
        plans_b=[(str(tour_id), title) for tour_id, title in tours],
        devices=tour_words.options(here.language, webinar_words.DEVICES),
        needs=tour_words.options(here.language, webinar_words.NEEDS),
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


async def _registrable(here: Here, conn: Connection) -> Webinar:
    webinar = await webinars.find(conn, here.scope, here.id())
    webinar_states.move(webinar.state, Verb.REGISTER, webinars.actors(here.scope, webinar))
    return webinar


async def _classes(here: Here, conn: Connection) -> list[Class]:
    programme = await programmes.by_id(conn, here.scope.programme_id)
    year = school_year_at(here.now, programme.zone, programme.school_year_starts)
    own = await classes.mine(conn, here.scope)
    return [one for one in own if one.school_year == year.first_day.year]


def _key(registration: Registration) -> str:
    return str(registration.class_id or HERSELF)


def _choices(
    here: Here, webinar: Webinar, own: list[Class], known: dict[str, Registration]
) -> list[tuple[str, str]]:
    """Whom she can register, what is registered already marked as that."""
    found = [(str(one.id), f"{one.name}, {one.school}") for one in own]
    if webinar.audience not in registrations.FOR_CLASSES:
        found = []
    if webinar.audience in registrations.FOR_TEACHERS:
        found.append((HERSELF, here._("Myself")))
    words = here._("registered")
    return [(key, f"{name} ({words})" if key in known else name) for key, name in found]


def _first(own: list[Class], known: dict[str, Registration], webinar: Webinar) -> str:
    """The class that is not registered yet; where there is nothing to choose, herself."""
    if webinar.audience not in registrations.FOR_CLASSES:
        return HERSELF
    left = [str(one.id) for one in own if str(one.id) not in known]
    return next(iter([*left, *(str(one.id) for one in own)]), "")


def _kept(own: list[Class], registration: Registration | None, first: str) -> dict[str, object]:
    if registration is None:
        pupils = next((one.pupils for one in own if str(one.id) == first), None)
        return {"class_id": first, "expected": pupils or "", "devices": "one", "needs": []}
    return {
        "class_id": first,
        "expected": registration.expected,
        "devices": registration.devices,
        "needs": list(registration.needs),
        "lesson_from": _shown(registration.lesson_from),
        "lesson_until": _shown(registration.lesson_until),
        "plan_b": str(registration.plan_b_tour_id or ""),
    }


def _shown(at: time | None) -> str:
    return f"{at:%H:%M}" if at else ""


def _typed(form: FormData) -> dict[str, object]:
    return {**{name: forms.line(form, name) for name in form}, "needs": forms.many(form, "needs")}


async def send(here: Here) -> Response:
    """`POST /webinars/{id}/register`: registers, or changes what was said."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            await _registrable(here, conn)
            made = await registrations.register(conn, here.scope, here.id(), _wish(form), here.now)
            webinar = await webinars.by_id(conn, here.scope, made.webinar_id)
    except RoomError as problem:
        if problem.code not in {"webinar_full"} and not isinstance(problem, Refused):
            raise
        return await _page(here, problem)
    return here.go(webinar.path, said="registered" if made.is_in else "registered_waiting")


def _wish(form: FormData) -> Wish:
    is_herself = forms.line(form, "class_id") == HERSELF
    class_id: UUID | None = forms.uuid(form, "class_id")
    if class_id is None and not is_herself:
        raise Refused("plan_class")
    return Wish(
        class_id=class_id,
        expected=1 if is_herself else _number(forms.line(form, "expected")),
        devices=forms.line(form, "devices") or "one",
        needs=forms.many(form, "needs"),
        lesson_from=_time(forms.line(form, "lesson_from")),
        lesson_until=_time(forms.line(form, "lesson_until")),
        plan_b_tour_id=forms.uuid(form, "plan_b"),
    )


def _number(typed: str) -> int:
    return whole(typed) or 0


def _time(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed).replace(second=0, tzinfo=None) if typed else None
    except ValueError:
        raise Refused("lesson_times") from None


async def cancel(here: Here) -> Response:
    """`POST /registrations/{id}/cancel`: gives the places back."""
    async with here.transaction() as conn:
        found = await registrations.mine_by_id(conn, here.scope, here.id())
        webinar = await webinars.by_id(conn, here.scope, found.webinar_id)
        await registrations.cancel(conn, here.scope, found.id, here.now)
    return here.go(webinar.path, said="registration_cancelled")
