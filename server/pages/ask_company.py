"""A company asks to join a programme; her mail is proved before anything is made."""

from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.errors import NotThere, Refused
from rooms.people import companies, persons, programmes, roles
from rooms.people.programmes import Programme
from rooms.people.sign_in_mails import Proof
from rooms.scope import Scope
from rooms.tours import catalogue
from server import errors, mail
from server.arrival import Arrival, ask_by_mail, to_code_page
from server.context import Here
from server.database import Connection

LENGTHS = {"company": 80, "about": 2000, "place": 80, "name": 80, "email": 254}


async def form(here: Here) -> Response:
    """`GET /p/{programme}/companies/ask`."""
    programme = await _programme(here)
    email = here.viewer.email if here.viewer else ""
    return _page(here, programme, {"email": email, "name": here.viewer.name if here.viewer else ""})


async def _programme(here: Here) -> Programme:
    async with here.transaction() as conn:
        programme = await programmes.by_slug(conn, here.request.path_params["programme"])
    if not catalogue.may_enter(here.scope_in(programme.id), programme):
        raise NotThere("programme")
    return programme


def _page(
    here: Here,
    programme: Programme,
    told: dict[str, str],
    codes: dict[str, str] | None = None,
    status: int = 422,
) -> Response:
    problems = {
        name: errors.sentence(here.language, code, {}) for name, code in (codes or {}).items()
    }
    return here.page(
        "ask_company/form.html",
        status if problems else 200,
        programme=programme,
        told={name: told.get(name, "") for name in LENGTHS},
        problems=problems,
    )


async def send(here: Here) -> Response:
    """`POST /p/{programme}/companies/ask`: mails the code."""
    programme = await _programme(here)
    told = _told(await here.form())
    problems = _problems(told)
    if problems:
        return _page(here, programme, told, problems)
    details = {**told, "programme_id": str(programme.id), "language": here.language}
    is_sent = await ask_by_mail(
        here, told["email"], "company", details=details, programme=programme.name
    )
    if not is_sent:
        return _page(here, programme, told, {"email": "throttled"}, 429)
    return to_code_page(here, told["email"])


def _told(form: FormData) -> dict[str, str]:
    told = {name: str(form.get(name, "")).strip()[:most] for name, most in LENGTHS.items()}
    return {
        name: text if name == "about" else " ".join(text.split()) for name, text in told.items()
    }


def _problems(told: dict[str, str]) -> dict[str, str]:
    problems = {}
    if not told["company"]:
        problems["company"] = "company_name"
    if not told["name"]:
        problems["name"] = "person_name"
    try:
        told["email"] = persons.checked_email(told["email"])
    except Refused as error:
        problems["email"] = error.code
    return problems


async def finish(here: Here, conn: Connection, proof: Proof) -> Arrival | None:
    """The mail is hers: the company is made in state `asked`, with her as its editor."""
    told = proof.details
    programme = await programmes.by_id(conn, UUID(told["programme_id"]))
    scope = Scope(programme.id)
    person = await persons.find_or_create(conn, proof.email, told["name"], told["language"])
    company = await companies.create(
        conn,
        scope,
        name=told["company"],
        about=told["about"],
        place=told["place"],
        state="asked",
    )
    await roles.give(conn, scope, person.id, "editor", company_id=company.id)
    for bureau in await roles.holders(conn, scope, "bureau"):
        await mail.tell(
            conn,
            bureau,
            "company_asks",
            programme_id=scope.programme_id,
            once_key=f"company_asks:{company.id}:{bureau.id}",
            company=company.name,
            programme=programme.name,
            link=f"{here.settings.url}/programme/companies",
        )
    return Arrival(person.id, "/studio", scope.programme_id, "company_asked")
