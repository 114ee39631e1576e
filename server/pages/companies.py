"""The office's companies: those that ask, and those that are in."""

from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.errors import Refused
from rooms.people import companies, programmes, regions, roles
from server import errors, forms, mail
from server.context import Here
from server.database import Connection

# What the list of regions sends for a company of no region in particular.
WHOLE = "whole"


async def index(here: Here) -> Response:
    """`GET /programme/companies`."""
    return await _page(here)


async def _page(here: Here, code: str = "", field: str = "") -> Response:
    async with here.transaction() as conn:
        every_region = await regions.every(conn, here.scope)
        every = await companies.every(conn, here.scope)
        editors = {
            each.id: await roles.editors(conn, here.scope, each.id)
            for each in every
            if each.state == "asked"
        }
    return here.page(
        "programme/companies.html",
        422 if code else 200,
        asked=[each for each in every if each.state == "asked"],
        others=[each for each in every if each.state != "asked"],
        editors=editors,
        regions=[(str(region.id), region.name) for region in every_region],
        whole=WHOLE,
        error=errors.sentence(here.language, code, {}) if code else "",
        wrong_field=field,
    )


async def _region(here: Here, conn: Connection, form: FormData) -> UUID | None:
    """The region chosen, None for the whole programme; where there is none nothing is asked.

    Raises `Refused` `region_missing` when there are regions and none was chosen.
    """
    chosen = forms.uuid(form, "region")
    is_chosen = chosen is not None or forms.line(form, "region") == WHOLE
    if not is_chosen and await regions.every(conn, here.scope):
        raise Refused("region_missing")
    return chosen


async def create(here: Here) -> Response:
    """`POST /programme/companies`: one the office adds itself."""
    form = await here.form()
    name = forms.line(form, "name")[:80]
    if not name:
        return await _page(here, "company_name", "name")
    place = forms.line(form, "place")[:80]
    try:
        async with here.transaction() as conn:
            region_id = await _region(here, conn, form)
            await companies.create(conn, here.scope, name=name, place=place, region_id=region_id)
    except Refused as problem:
        return await _page(here, problem.code, "region")
    return here.go("/programme/companies", "company_kept")


async def place(here: Here) -> Response:
    """`POST /programme/companies/{id}/region`: who looks at its tours from now on."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            await companies.by_id(conn, here.scope, here.id())
            region_id = await _region(here, conn, form)
            await companies.place(conn, here.scope, here.id(), region_id)
    except Refused as problem:
        return await _page(here, problem.code, f"region-{here.id()}")
    return here.go("/programme/companies", "company_kept")


async def accept(here: Here) -> Response:
    """`POST /programme/companies/{id}/accept`: with the region whose coordinators review it."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            await companies.by_id(conn, here.scope, here.id())
            region_id = await _region(here, conn, form)
            await _accept(here, conn, region_id)
    except Refused as problem:
        return await _page(here, problem.code, f"region-{here.id()}")
    return here.go("/programme/companies", "company_accepted")


async def _accept(here: Here, conn: Connection, region_id: UUID | None) -> None:
    await companies.accept(conn, here.scope, here.id(), region_id)
    company = await companies.by_id(conn, here.scope, here.id())
    programme = await programmes.by_id(conn, here.scope.programme_id)
    for editor in await roles.editors(conn, here.scope, company.id):
        await mail.tell(
            conn,
            editor,
            "company_accepted",
            programme_id=programme.id,
            company=company.name,
            programme=programme.name,
            link=f"{here.settings.url}/studio",
        )


async def refuse(here: Here) -> Response:
    """`POST /programme/companies/{id}/refuse`: with a reason, if the office gives one."""
    reason = forms.line(await here.form(), "reason")[:500]
    async with here.transaction() as conn:
        await companies.refuse(conn, here.scope, here.id())
        company = await companies.by_id(conn, here.scope, here.id())
        programme = await programmes.by_id(conn, here.scope.programme_id)
        for editor in await roles.editors(conn, here.scope, company.id):
            await mail.tell(
                conn,
                editor,
                "company_refused",
                programme_id=programme.id,
                company=company.name,
                programme=programme.name,
                reason=reason,
            )
        await roles.end_of_company(conn, here.scope, company.id, here.now)
    return here.go("/programme/companies", "company_refused")
