"""The office's persons: who has which role, and inviting one more by mail."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.agenda import session_classes
from rooms.attendance import kpi_rows
from rooms.errors import NotThere, Refused, RoomError
from rooms.live import standing
from rooms.people import (
    companies,
    persons,
    programmes,
    regions,
    roles,
    schools,
    sign_in_mails,
)
from server import errors, forms, mail
from server.arrival import link_to
from server.context import Here
from server.database import Connection
from server.i18n import translate
from server.pages.role_words import FIRST_PAGE, GIVEN, NEEDS_COMPANY, ROLES
from server.pages.room_studio import take_off


@dataclass(frozen=True, slots=True)
class Wish:
    """A role to give: to whom, which, and for which part of the programme."""

    email: str
    role: str
    region_id: UUID | None
    company_id: UUID | None
    school_id: UUID | None


async def index(here: Here) -> Response:
    """`GET /programme/persons`."""
    return await _page(here, {}, {})


async def _page(here: Here, told: dict[str, str], problems: dict[str, RoomError]) -> Response:
    async with here.transaction() as conn:
        values = await _values(here, conn)
    words = {
        name: errors.sentence(here.language, error.code, error.params)
        for name, error in problems.items()
    }
    return here.page(
        "programme/persons.html",
        422 if words else 200,
        problems=words,
        told={**dict.fromkeys(("email", "role", "region", "company", "school"), ""), **told},
        **values,
    )


async def _values(here: Here, conn: Connection) -> dict[str, Any]:
    every = await companies.every(conn, here.scope)
    return {
        "roles": await roles.every(conn, here.scope),
        "words": {role: here._(text) for role, text in ROLES.items()},
        "given": [(role, here._(ROLES[role])) for role in GIVEN],
        "regions": [(str(r.id), r.name) for r in await regions.every(conn, here.scope)],
        "companies": [(str(c.id), c.name) for c in every if c.state in {"asked", "active"}],
    }


async def invite(here: Here) -> Response:
    """`POST /programme/persons`: gives the role and mails a link to begin with."""
    form = await here.form()
    told = {
        name: forms.line(form, name) for name in ("email", "role", "region", "company", "school")
    }
    async with here.transaction() as conn:
        wish, problems = await _wish(here, conn, form, told)
        if wish is not None:
            await _give(here, conn, wish)
    if wish is None:
        return await _page(here, told, problems)
    return here.go("/programme/persons", "role_given")


async def _wish(
    here: Here, conn: Connection, form: FormData, told: dict[str, str]
) -> tuple[Wish | None, dict[str, RoomError]]:
    problems: dict[str, RoomError] = {}
    role, company_id, school_id = told["role"], None, None
    try:
        told["email"] = persons.checked_email(told["email"])
    except Refused as error:
        problems["email"] = error
    if role not in GIVEN:
        problems["role"] = Refused("bad_form")
    if role in NEEDS_COMPANY:
        company_id = forms.uuid(form, "company")
        if company_id is None:
            problems["company"] = Refused("part_missing")
    if role == "teacher":
        found = await schools.search(conn, here.scope, told["school"])
        school_id = found[0].id if len(found) == 1 else None
        if school_id is None:
            problems["school"] = Refused("school_choose" if found else "school_unknown")
    region_id = forms.uuid(form, "region") if role in {"coordinator", "facilitator"} else None
    if problems:
        return None, problems
    return Wish(told["email"], role, region_id, company_id, school_id), {}


async def _give(here: Here, conn: Connection, wish: Wish) -> None:
    """The role is there at once; the link of the mail only spares her the first code."""
    person = await persons.find_or_create(conn, wish.email, language=here.language)
    await roles.give(
        conn,
        here.scope,
        person.id,
        wish.role,
        region_id=wish.region_id,
        company_id=wish.company_id,
        school_id=wish.school_id,
    )
    if begun := await session_classes.confirm_teacher(
        conn, here.scope, person.id, wish.school_id, here.now
    ):
        await kpi_rows.keep(conn, begun, here.now)
    programme = await programmes.by_id(conn, here.scope.programme_id)
    asked = await sign_in_mails.ask(
        conn,
        email=person.email,
        secret=here.settings.secret,
        now=here.now,
        purpose="invite",
        next_path=FIRST_PAGE.get(wish.role, "/"),
        lasts=sign_in_mails.INVITE_LASTS,
    )
    await mail.tell(
        conn,
        person,
        "invite",
        programme_id=programme.id,
        by=here.person.name or here.person.email,
        programme=programme.name,
        role=translate(person.language, ROLES[wish.role]),
        link=link_to(here, asked.link_token),
        sign_in=f"{here.settings.url}/sign-in",
    )


async def end(here: Here) -> Response:
    """`POST /programme/persons/{id}/end`: takes one role away, and what it opened on stages."""
    async with here.transaction() as conn:
        held = await roles.by_id(conn, here.scope, here.id())
        if held.person_id == here.person.person_id and held.role in {"bureau", "operator"}:
            raise Refused("role_own")
        if held.role == "operator":
            raise NotThere("role")
        await roles.end(conn, here.scope, held.id, here.now)
        lost = await standing.lost_rooms(conn, here.scope, held.person_id)
    for room, off in lost:
        await take_off(here, room, off)
    return here.go("/programme/persons", "role_ended")
