"""“Show this to my class”, “Register a class”: from a tour's or webinar's page to a running
session or to the registration, known here or not.

Whoever is new tells her mail, school and class once; they wait with the code that is mailed,
and with the right code she has person, role and class in one transaction, and the session with
them; a webinar's form then asks the rest.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from rooms.agenda import registrations, sessions, webinars
from rooms.errors import NotThere, Refused, RoomError
from rooms.people import classes, codes, persons, programmes, schools, sign_ins
from rooms.people.classes import Class, Draft
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from rooms.people.schools import School
from rooms.people.sign_in_mails import Proof
from rooms.scope import Grant, Scope
from rooms.tours import catalogue
from server import errors
from server.arrival import Arrival, ask_by_mail, to_code_page
from server.context import Here
from server.database import Connection
from server.pages import teachers
from server.pages.tour_words import LEVELS

# The form's fields in their order on the page, and the field a refusal of the class belongs to.
FIELDS = (
    "email",
    "class_id",
    "school",
    "school_q",
    "school_place",
    "class_name",
    "level",
    "grade",
)
FIELD_OF = {"class_name": "class_name", "class_level": "level", "class_grade": "grade"}


@dataclass(slots=True)
class Told:
    """What stands in the form so far, as typed."""

    email: str = ""
    class_id: str = ""
    school: str = ""
    school_q: str = ""
    school_name: str = ""
    school_place: str = ""
    class_name: str = ""
    level: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """What she wants her class to see. `kind`: tour or webinar; `key`: its slug, or its id."""

    kind: str
    key: str
    title: str
    language: str
    company: str


@dataclass(slots=True)
class View:
    """The page's ground: the goal, who looks, what she may choose from, what is not right yet."""

    programme: Programme
    scope: Scope
    goal: Goal
    classes: list[Class] = field(default_factory=list)
    schools: list[School] = field(default_factory=list)
    problems: dict[str, RoomError] = field(default_factory=dict)


async def form(here: Here) -> Response:
    """`GET /p/{programme}/tours/{slug}/show`, `GET /p/{programme}/webinars/{id}/register`."""
    async with here.transaction() as conn:
        view = await _view(here, conn)
    first = str(view.classes[0].id) if view.classes else ""
    only = str(view.schools[0].id) if len(view.schools) == 1 else ""
    return _page(here, view, Told(class_id=first, school=only))


async def _view(here: Here, conn: Connection) -> View:
    if here.viewer is not None and here.viewer.kind == "classroom":
        raise NotThere
    programme = await programmes.by_slug(conn, here.request.path_params["programme"])
    scope = here.scope_in(programme.id)
    view = View(programme, scope, await _goal(here, conn, scope))
    if here.viewer is not None:
        own = _scope(programme.id, here.viewer.person_id)
        view.classes = _this_year(await classes.mine(conn, own), programme, here)
        view.schools = await schools.of_person(conn, own, here.viewer.person_id)
    return view


async def _goal(here: Here, conn: Connection, scope: Scope) -> Goal:
    slug = here.request.path_params.get("slug")
    if slug is None:
        return await _webinar(here, conn, scope, here.id())
    found = await catalogue.one(conn, scope, slug, here.language)
    return Goal("tour", slug, found.text.title, found.text.language, found.tour.company_name)


async def _webinar(here: Here, conn: Connection, scope: Scope, webinar_id: UUID) -> Goal:
    """A webinar a class can still be registered for; raises `NotThere`."""
    webinar = await webinars.find(conn, scope, webinar_id)
    if not webinar.is_coming or webinar.audience not in registrations.FOR_CLASSES:
        raise NotThere("webinar")
    text = webinar.text(here.language)
    return Goal("webinar", str(webinar.id), text.title, text.language, webinar.company_name)


def _this_year(own: list[Class], programme: Programme, here: Here) -> list[Class]:
    year = codes.school_year_at(here.now, programme.zone, programme.school_year_starts)
    return [each for each in own if each.school_year == year.first_day.year]


def _scope(programme_id: UUID, person_id: UUID) -> Scope:
    """Hers as a teacher of this programme, whichever programme she is signed in to."""
    return Scope(programme_id, person_id, (Grant("teacher"),))


def _page(here: Here, view: View, told: Told, status: int = 200) -> Response:
    problems = [
        (name, errors.sentence(here.language, view.problems[name].code, view.problems[name].params))
        for name in FIELDS
        if name in view.problems
    ]
    return here.page(
        "show/form.html",
        422 if problems and status == 200 else status,
        view=view,
        told=told,
        problems=problems,
        level_words=LEVELS,
        levels_of=_levels_of(view.programme, view.schools),
    )


def _levels_of(programme: Programme, found: list[School]) -> dict[str, list[str]]:
    """Which levels a class can have, by school."""
    return {str(one.id): classes.offered(programme.levels, one.levels) for one in found}


async def send(here: Here) -> Response:
    """`POST /p/{programme}/tours/{slug}/show`: mails the code, or shows at once."""
    told = _told(await here.form())
    async with here.transaction() as conn:
        view = await _view(here, conn)
        school = await _school(conn, view, told)
    draft = _draft(here, view, told)
    if view.problems:
        return _page(here, view, told)
    if here.viewer is not None:
        return await _show_at_once(here, view, told, school, draft)
    assert draft is not None
    return await _mail_code(here, view, told, school, draft)


def _told(form: FormData) -> Told:
    names = Told.__dataclass_fields__
    told = Told(**{name: str(form.get(name, "")).strip()[:200] for name in names})
    if form.get("do") == "search":
        told.school = ""
    return told


def _is_own_class(view: View, told: Told) -> bool:
    return any(str(each.id) == told.class_id for each in view.classes)


async def _school(conn: Connection, view: View, told: Told) -> School | None:
    """The school meant; where that is not clear, the ones to choose from are in `view.schools`."""
    if _is_own_class(view, told):
        return None
    chosen = await _chosen(conn, view, told)
    if chosen is not None:
        view.schools = [chosen, *(own for own in view.schools if own.id != chosen.id)]
        return chosen
    if told.school_name:
        if not told.school_place:
            view.problems["school_place"] = Refused("school_place_missing")
        return None
    if told.school_q:
        view.schools = await schools.search(conn, view.scope, told.school_q)
    elif not view.schools and "@" in told.email:
        view.schools = await schools.by_mail_domain(conn, view.scope, told.email)
    if len(view.schools) == 1:
        told.school = str(view.schools[0].id)
        return view.schools[0]
    if view.schools:
        view.problems["school"] = Refused("school_choose")
    else:
        code = "school_unknown" if told.school_q else "school_missing"
        view.problems["school_q"] = Refused(code)
    return None


async def _chosen(conn: Connection, view: View, told: Told) -> School | None:
    own = next((each for each in view.schools if str(each.id) == told.school), None)
    if own is not None:
        return own
    try:
        return await schools.by_id(conn, view.scope, UUID(told.school))
    except (ValueError, NotThere):
        return None


def _draft(here: Here, view: View, told: Told) -> Draft | None:
    """The class as told, and the mail put right; what cannot be is noted in `view.problems`."""
    if here.viewer is None:
        try:
            told.email = persons.checked_email(told.email)
        except Refused as error:
            view.problems["email"] = error
    if _is_own_class(view, told):
        return None
    grade = int(told.grade[:5]) if told.grade.isdecimal() else None
    draft = Draft(told.class_name, told.level, grade)
    try:
        return classes.checked(draft, list(view.programme.levels))
    except Refused as error:
        view.problems[FIELD_OF.get(error.code, "class_name")] = error
        return None


async def _mail_code(
    here: Here, view: View, told: Told, school: School | None, draft: Draft
) -> Response:
    details = {
        "programme_id": str(view.programme.id),
        "kind": view.goal.kind,
        "key": view.goal.key,
        "school_id": str(school.id) if school else "",
        "school_name": told.school_name,
        "school_place": told.school_place,
        "draft": asdict(draft),
        "language": here.language,
    }
    purpose = "show" if view.goal.kind == "tour" else "register"
    if not await ask_by_mail(here, told.email, purpose, details=details, tour=view.goal.title):
        view.problems["email"] = Refused("throttled")
        return _page(here, view, told, 429)
    return to_code_page(here, told.email)


async def _show_at_once(
    here: Here, view: View, told: Told, school: School | None, draft: Draft | None
) -> Response:
    me = here.person
    async with here.transaction() as conn:
        scope = _scope(view.programme.id, me.person_id)
        if draft is not None:
            school = school or await _unlisted(conn, scope, told.school_name, told.school_place)
            person = await persons.by_id(conn, me.person_id)
            class_id = await _class_of(here, conn, scope, person, school, draft)
        else:
            class_id = UUID(told.class_id)
        path = await _reach(here, conn, scope, view.goal, class_id)
        if me.sign_in_id is not None and me.scope.programme_id != view.programme.id:
            await sign_ins.move_to(conn, me.sign_in_id, view.programme.id)
    return here.go(path)


async def _reach(here: Here, conn: Connection, scope: Scope, goal: Goal, class_id: UUID) -> str:
    """Where she goes with her class: its session runs, or the webinar's form is left."""
    if goal.kind == "webinar":
        return f"/webinars/{goal.key}/register?class={class_id}"
    tour = (await catalogue.one(conn, scope, goal.key, here.language)).tour
    session = await sessions.show_now(conn, scope, tour.id, class_id, here.now)
    return f"/sessions/{session.id}"


async def finish(here: Here, conn: Connection, proof: Proof) -> Arrival | None:
    """The mail is hers: person, role and class are made from what she told before."""
    told: Mapping[str, Any] = proof.details
    programme_id = UUID(told["programme_id"])
    person = await persons.find_or_create(conn, proof.email, language=told["language"])
    scope = _scope(programme_id, person.id)
    if told["school_id"]:
        school = await schools.by_id(conn, scope, UUID(told["school_id"]))
    else:
        school = await _unlisted(conn, scope, told["school_name"], told["school_place"])
    class_id = await _class_of(here, conn, scope, person, school, Draft(**told["draft"]))
    goal = Goal(told["kind"], told["key"], "", "", "")
    path = await _reach(here, conn, scope, goal, class_id)
    return Arrival(person.id, path, programme_id)


async def _unlisted(conn: Connection, scope: Scope, name: str, place: str) -> School:
    programme = await programmes.by_id(conn, scope.programme_id)
    return await schools.put_unlisted(conn, country=programme.country, name=name, place=place)


async def _class_of(
    here: Here, conn: Connection, scope: Scope, person: Person, school: School, draft: Draft
) -> UUID:
    """Her class of that name at the school, made with her role when it is new."""
    await teachers.become(here, conn, scope, person, school)
    programme = await programmes.by_id(conn, scope.programme_id)
    own = _this_year(await classes.mine(conn, scope), programme, here)
    for each in own:
        if each.school_id == school.id and each.name.casefold() == draft.name.casefold():
            return each.id
    made = await classes.create(
        conn,
        scope,
        school.id,
        draft.name,
        draft.level,
        draft.grade,
        draft.subject,
        draft.pupils,
        here.now,
    )
    return made.id


async def search_schools(here: Here) -> Response:
    """`GET /schools/search?programme=&q=`: schools of a programme whose catalogue she may see."""
    query = here.request.query_params
    async with here.transaction() as conn:
        programme = await programmes.by_slug(conn, query.get("programme", ""))
        scope = here.scope_in(programme.id)
        if not catalogue.may_enter(scope, programme):
            raise NotThere("programme")
        found = await schools.search(conn, scope, query.get("q", "")[:100])
    levels_of = _levels_of(programme, found)
    return JSONResponse(
        {
            "schools": [
                {
                    "id": str(each.id),
                    "name": each.name,
                    "place": each.place,
                    "code": each.code,
                    "levels": levels_of[str(each.id)],
                }
                for each in found
            ]
        }
    )
