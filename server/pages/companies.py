"""The office's companies: those that ask, and those that are in."""

from starlette.responses import Response

from rooms.people import companies, programmes, roles
from server import errors, forms, mail
from server.context import Here


async def index(here: Here) -> Response:
    """`GET /programme/companies`."""
    return await _page(here)


async def _page(here: Here, error: str = "") -> Response:
    async with here.transaction() as conn:
        every = await companies.every(conn, here.scope)
        editors = {
            each.id: await roles.editors(conn, here.scope, each.id)
            for each in every
            if each.state == "asked"
        }
    return here.page(
        "programme/companies.html",
        422 if error else 200,
        asked=[each for each in every if each.state == "asked"],
        others=[each for each in every if each.state != "asked"],
        editors=editors,
        error=error,
    )


async def create(here: Here) -> Response:
    """`POST /programme/companies`: one the office adds itself."""
    form = await here.form()
    name = forms.line(form, "name")[:80]
    if not name:
        return await _page(here, errors.sentence(here.language, "company_name", {}))
    async with here.transaction() as conn:
        await companies.create(conn, here.scope, name=name, place=forms.line(form, "place")[:80])
    return here.go("/programme/companies", "company_kept")


async def accept(here: Here) -> Response:
    """`POST /programme/companies/{id}/accept`."""
    async with here.transaction() as conn:
        await companies.accept(conn, here.scope, here.id())
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
    return here.go("/programme/companies", "company_accepted")


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
