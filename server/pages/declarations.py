"""Rights and portraits, the checklist, and asking for review."""

from datetime import timedelta

from starlette.responses import Response

from rooms.errors import RoomError
from rooms.tours import reviews, tours
from server import forms, tour_mail
from server.context import Here
from server.pages import tour_words
from server.pages.studio import part_page, said, told

# A declaration is looked at again after some years: people leave, music contracts end.
LONGEST_DAYS = 10 * 366


async def show(here: Here) -> Response:
    """`/studio/tours/{id}/declaration`: what is declared, by whom, until when."""
    return await _page(here)


async def save(here: Here) -> Response:
    """`POST …/declaration`: this person declares, now."""
    form = await here.form()
    until = forms.day(form, "until")
    if not forms.line(form, "agreed"):
        return await _page(here, "declaration_unticked")
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        today = tour.local_date(here.now)
        is_good = until is not None and today < until <= today + timedelta(days=LONGEST_DAYS)
        if until is not None and is_good:
            await tours.declare(conn, here.scope, tour.id, until, here.now)
    if not is_good:
        return await _page(here, "declaration_date")
    return here.go(f"/studio/tours/{tour.id}", said="saved")


async def _page(here: Here, code: str = "") -> Response:
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        declared_by = await tours.declared_by(conn, here.scope, tour.id)
    today = tour.local_date(here.now)
    return part_page(
        here,
        "studio/declaration.html",
        tour,
        "declaration",
        422 if code else 200,
        declared_by=declared_by,
        error=said(here, RoomError(code)) if code else "",
        is_date_wrong=code == "declaration_date",
        suggested=tour.rights_until or today.replace(year=today.year + 2, day=min(today.day, 28)),
    )


async def review(here: Here) -> Response:
    """`/studio/tours/{id}/review`: the checklist and the request."""
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        history = await reviews.history(conn, here.scope, tour.id)
    checks = tour_words.options(here.language, tour_words.CHECKS)
    return part_page(
        here, "studio/review.html", tour, "review", checks=checks, history=told(here, history)
    )


async def ask(here: Here) -> Response:
    """`POST …/review`: keeps the ticks; with `act=ask` it goes to the coordinator."""
    form = await here.form()
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        await tours.tick(conn, here.scope, tour.id, forms.many(form, "checks"))
    if forms.line(form, "act") != "ask":
        return here.go(f"/studio/tours/{tour.id}/review", said="saved")
    async with here.transaction() as conn:
        await reviews.ask(conn, here.scope, tour.id, here.now)
        await tour_mail.review_asked(conn, here.settings.url, tour.programme_id, tour.id, here.now)
    return here.go(f"/studio/tours/{tour.id}", said="review_asked")


async def withdraw(here: Here) -> Response:
    """`POST …/review/withdraw`: the company takes it back to change it."""
    async with here.transaction() as conn:
        tour = await reviews.withdraw(conn, here.scope, here.id(), here.now)
    return here.go(f"/studio/tours/{tour.id}", said="review_withdrawn")


async def unpublish(here: Here) -> Response:
    """`POST …/review/unpublish`: the company takes its published tour off."""
    async with here.transaction() as conn:
        tour = await reviews.unpublish_own(conn, here.scope, here.id(), here.now)
    return here.go(f"/studio/tours/{tour.id}", said="tour_unpublished")
