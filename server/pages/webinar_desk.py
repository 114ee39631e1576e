"""The desk of those who make and lead webinars: words and times, people, registrations, its day."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from media.errors import LiveError
from rooms.agenda import (
    captioners,
    objectives,
    registrations,
    webinar_doors,
    webinar_presenters,
    webinar_states,
    webinars,
)
from rooms.agenda.objectives import Aim
from rooms.agenda.webinar_presenters import Presenter
from rooms.agenda.webinar_states import State, Verb
from rooms.agenda.webinar_texts import Text
from rooms.agenda.webinars import Webinar, Wish
from rooms.attendance import keeping
from rooms.errors import NotThere, Refused, RoomError
from rooms.live import rooms
from rooms.live.rooms import Room
from rooms.people import companies, persons, programmes, regions, sign_ins
from rooms.scope import Scope
from rooms.tours import choices
from server import agenda_mails, errors, forms
from server.context import Here
from server.database import Connection
from server.live_rooms import live_of
from server.pages import tour_words, webinar_words
from server.pages.classes import whole
from server.pages.webinars import registration_words, shown

Move = Callable[[Connection, Scope, UUID, datetime], Awaitable[Webinar]]
# What the desk's buttons do, and what is said afterwards.
MOVES: dict[str, tuple[Move, str]] = {
    "announce": (webinar_doors.announce, "webinar_announced"),
    "open": (webinar_doors.open_doors, "webinar_opened"),
    "go_live": (webinar_doors.go_live, "webinar_live"),
    "end": (webinar_doors.end, "webinar_ended"),
    "archive": (webinar_doors.archive, "webinar_archived"),
}


# --- the desk -----------------------------------------------------------------------------------


async def show(here: Here) -> Response:
    """`GET /webinars/{id}`: for who works on it; for anybody else it is not there."""
    return await desk_page(here)


async def desk_page(here: Here, problem: RoomError | None = None) -> Response:
    """The desk, with what was not right."""
    async with here.transaction() as conn:
        webinar = await worked_on(here, conn)
        people = await webinar_presenters.of_webinar(conn, here.scope, webinar.id)
        found = await registrations.of_webinar(conn, here.scope, webinar.id)
        typing = await captioners.of_webinar(conn, here.scope, webinar.id)
        typed_before = await captioners.earlier(conn, here.scope, webinar)
        leaders = [await persons.by_id(conn, one) for one in webinar.moderator_ids]
    form = await here.form() if problem else None
    actors = webinars.actors(here.scope, webinar)
    leads = webinars.leads(here.scope, webinar)
    return here.page(
        "webinars/desk.html",
        422 if problem else 200,
        one=shown(here, webinar),
        may={verb.value for verb in webinar_states.verbs(webinar.state, actors)},
        leads=leads,
        is_office=webinars.is_office(here.scope, webinar.region_id),
        presenters=people,
        captioners=typing,
        typed_before=typed_before,
        caption_languages=[(code, here._(words)) for code, words in tour_words.LANGUAGES.items()],
        need_captions=sum("captions" in one.needs for one in found if one.state == "in"),
        leaders=leaders,
        found=[one for one in found if one.state != "cancelled"] if leads else [],
        registration_words=registration_words(here),
        device_words={code: here._(words) for code, words in webinar_words.DEVICES.items()},
        need_words={code: here._(words) for code, words in webinar_words.NEEDS.items()},
        next_day=webinar.day + timedelta(days=7),
        opens_at=webinar.starts_at - webinar_states.DOORS_OPEN_BEFORE,
        may_try=here.now >= webinar.starts_at - webinar_states.TRIED_BEFORE,
        is_barred=_is_barred(here, webinar, people),
        typed={name: forms.line(form, name) for name in form} if form else {},
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


def _is_barred(here: Here, webinar: Webinar, people: Sequence[Presenter]) -> bool:
    """Whether she would be on the stage, but may not meet pupils yet; beforehand she may try it."""
    if not webinar.has_pupils or webinar.state not in (State.OPEN, State.LIVE):
        return False
    mine = [one for one in people if one.person_id == here.person.person_id]
    leads = webinars.leads(here.scope, webinar)
    return not leads and any(not one.may_meet_pupils for one in mine)


async def worked_on(here: Here, conn: Connection) -> Webinar:
    """The webinar of the address, when she works on it; raises `NotThere`."""
    webinar = await webinars.find(conn, here.scope, here.id())
    if not webinars.works_on(here.scope, webinar):
        raise NotThere("webinar")
    return webinar


# --- making and changing ------------------------------------------------------------------------


async def new(here: Here) -> Response:
    """`GET /webinars/new`."""
    async with here.transaction() as conn:
        return await _form(here, conn, None)


async def edit(here: Here) -> Response:
    """`GET /webinars/{id}/edit`."""
    async with here.transaction() as conn:
        webinar = await worked_on(here, conn)
        must(here, webinar, Verb.EDIT)
        return await _form(here, conn, webinar)


def must(here: Here, webinar: Webinar, verb: Verb) -> None:
    """Raises as `webinar_states.move` for what she may not do with it now."""
    webinar_states.move(webinar.state, verb, webinars.actors(here.scope, webinar))


async def _form(
    here: Here, conn: Connection, webinar: Webinar | None, problem: RoomError | None = None
) -> Response:
    programme = await programmes.by_id(conn, here.scope.programme_id)
    form = await here.form() if problem else None
    aim = await objectives.of_webinar(conn, here.scope, webinar.id) if webinar else Aim()
    known = await objectives.every(conn, here.scope)
    levels = [code for code in choices.LEVELS if code in programme.levels]
    language = here.language
    return here.page(
        "webinars/form.html",
        422 if problem else 200,
        webinar=webinar,
        typed=_typed(form) if form else _kept(here, webinar, programme.zone),
        languages=[(code, here._(tour_words.LANGUAGES[code])) for code in choices.TEXT_LANGUAGES],
        sectors=tour_words.options(language, tour_words.SECTORS),
        levels=tour_words.options(language, tour_words.LEVELS, levels),
        aim=aim,
        objectives=objectives.choosable(known, aim, language) if _may_aim(here, webinar) else [],
        may_aim=_may_aim(here, webinar),
        audiences=tour_words.options(language, webinar_words.AUDIENCES),
        windows=tour_words.options(language, webinar_words.WINDOWS),
        companies=await companies.active(conn, here.scope),
        regions=await _regions(here, conn),
        is_frozen=webinar is not None and webinar.announced_at is not None,
        text=errors.sentence(language, problem.code, problem.params) if problem else "",
    )  # fmt: skip


async def _regions(here: Here, conn: Connection) -> list[tuple[str, str]]:
    """Where it may stand: her own regions, or any; '' is the whole programme."""
    scope = here.scope
    every = [(str(one.id), one.name) for one in await regions.every(conn, scope)]
    if webinars.is_office(scope, None):
        return [("", here._("The whole programme")), *every]
    own = {
        str(grant.region_id) for grant in scope.grants if grant.role in {"coordinator", "moderator"}
    }
    return [(code, name) for code, name in every if code in own]


def _typed(form: FormData) -> dict[str, Any]:
    lists = {name: forms.many(form, name) for name in ("sectors", "levels")}
    return {**{name: forms.lines(form, name) for name in form}, **lists}


def _kept(here: Here, webinar: Webinar | None, zone: str) -> dict[str, Any]:
    """A webinar as its form's fields hold it; of a new one the beginnings."""
    if webinar is None:
        return {
            "audience": "pupils",
            "original_language": here.language,
            "zone": zone,
            "capacity": "300",
            "window_kind": "actual",
            "sectors": [],
            "levels": [],
        }
    words = {
        f"{name}_{code}": getattr(text, name)
        for code, text in webinar.texts.items()
        for name in ("title", "description", "prepare")
    }
    return {
        **words,
        "audience": webinar.audience,
        "original_language": webinar.original_language,
        "zone": webinar.zone,
        "day": str(webinar.day),
        "from_time": f"{webinar.from_time:%H:%M}",
        "until_time": f"{webinar.until_time:%H:%M}",
        "capacity": str(webinar.capacity),
        "pass_percent": f"{webinar.pass_share * 100:.0f}",
        "window_kind": webinar.window_kind,
        "company_id": str(webinar.company_id or ""),
        "region_id": str(webinar.region_id or ""),
        "sectors": list(webinar.sectors),
        "levels": list(webinar.levels),
    }


async def create(here: Here) -> Response:
    """`POST /webinars`: a new draft."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            wish = await _wish(here, conn, form, None)
            made = await webinars.make(conn, here.scope, wish, here.now)
            await _keep_aim(here, conn, form, made)
    except Refused as problem:
        async with here.transaction() as conn:
            return await _form(here, conn, None, problem)
    return here.go(f"/webinars/{made.id}", said="webinar_made")


async def save(here: Here) -> Response:
    """`POST /webinars/{id}/edit`."""
    form = await here.form()
    async with here.transaction() as conn:
        webinar = await worked_on(here, conn)
    try:
        async with here.transaction() as conn:
            wish = await _wish(here, conn, form, webinar)
            await webinar_doors.change(conn, here.scope, webinar.id, wish, here.now)
            await _keep_aim(here, conn, form, webinar)
    except Refused as problem:
        async with here.transaction() as conn:
            return await _form(here, conn, webinar, problem)
    return here.go(f"/webinars/{webinar.id}", said="saved")


def _may_aim(here: Here, webinar: Webinar | None) -> bool:
    """Who leads it says what it counts under; its company does not."""
    return webinar is None or webinars.leads(here.scope, webinar)


async def _keep_aim(here: Here, conn: Connection, form: FormData, webinar: Webinar) -> None:
    """A form without these fields changes nothing of them."""
    if _may_aim(here, webinar) and "main_sector" in form:
        aim = Aim(forms.uuid(form, "objective"), forms.line(form, "main_sector"))
        await objectives.aim_webinar(conn, here.scope, webinar.id, aim)


async def _wish(here: Here, conn: Connection, form: FormData, webinar: Webinar | None) -> Wish:
    region_id = forms.uuid(form, "region_id")
    allowed = {code for code, _ in await _regions(here, conn)}
    kept = str(webinar.region_id or "") if webinar else None
    if str(region_id or "") not in {*allowed, kept}:
        raise Refused("region_missing")
    texts = {code: _text(form, code) for code in choices.TEXT_LANGUAGES}
    original = forms.line(form, "original_language")
    return Wish(
        texts=texts,
        day=forms.day(form, "day"),
        from_time=_time(forms.line(form, "from_time")),
        until_time=_time(forms.line(form, "until_time")),
        zone=forms.line(form, "zone"),
        kind=webinar.kind if webinar else "webinar",
        audience=forms.line(form, "audience"),
        original_language=original if original in choices.TEXT_LANGUAGES else here.language,
        sectors=forms.many(form, "sectors"),
        levels=forms.many(form, "levels"),
        company_id=forms.uuid(form, "company_id"),
        region_id=region_id,
        capacity=whole(forms.line(form, "capacity")) or 0,
        pass_share=_share(forms.line(form, "pass_percent")),
        window_kind=forms.line(form, "window_kind") or "actual",
        is_listed=webinar.is_listed if webinar else True,
    )


def _text(form: FormData, code: str) -> Text:
    return Text(
        code,
        forms.line(form, f"title_{code}"),
        forms.lines(form, f"description_{code}"),
        forms.lines(form, f"prepare_{code}"),
    )


def _time(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed).replace(second=0, tzinfo=None) if typed else None
    except ValueError:
        raise Refused("webinar_times") from None


def _share(typed: str) -> Decimal | None:
    """A per cent as typed; '' is the programme's own rule."""
    if not typed:
        return None
    percent = whole(typed)
    if percent is None or not 1 <= percent <= 100:
        raise Refused("webinar_rule")
    return Decimal(percent) / 100


# --- its day ------------------------------------------------------------------------------------


async def move(here: Here) -> Response:
    """`POST /webinars/{id}/state`: announce, open, go live, end, archive."""
    wanted = forms.line(await here.form(), "do")
    if wanted not in MOVES:
        raise Refused("bad_form")
    verb, words = MOVES[wanted]
    try:
        async with here.transaction() as conn:
            await worked_on(here, conn)
            webinar = await verb(conn, here.scope, here.id(), here.now)
            await _close(here, conn, webinar)
    except Refused as problem:
        return await desk_page(here, problem)
    await close_stage(here, webinar)
    return here.go(f"/webinars/{webinar.id}", said=words)


async def _close(here: Here, conn: Connection, webinar: Webinar) -> None:
    """With a webinar that is over, each class's attendance stands at once."""
    if webinar.room_id is None or webinar.ended_at != here.now:
        return
    room = await room_of(conn, webinar)
    await keeping.close_room(conn, room, here.now)
    await sign_ins.end_of_session(conn, room.session_id, here.now)


async def close_stage(here: Here, webinar: Webinar) -> None:
    """What is still sent ends with a webinar that has just ended or was cancelled."""
    if webinar.room_id is not None and webinar.ended_at == here.now:
        with contextlib.suppress(LiveError):
            await live_of(here).close(webinar.room_id)


async def cancel(here: Here) -> Response:
    """`POST /webinars/{id}/cancel`: with the reason that everybody is told."""
    reason = forms.line(await here.form(), "reason")
    try:
        async with here.transaction() as conn:
            await worked_on(here, conn)
            webinar = await webinar_doors.cancel(conn, here.scope, here.id(), reason, here.now)
    except Refused as problem:
        return await desk_page(here, problem)
    await close_stage(here, webinar)
    return here.go(f"/webinars/{webinar.id}", said="webinar_cancelled")


async def copy(here: Here) -> Response:
    """`POST /webinars/{id}/copy`: the same on another day, as a draft."""
    day = forms.day(await here.form(), "day")
    try:
        async with here.transaction() as conn:
            await worked_on(here, conn)
            if day is None:
                raise Refused("webinar_times")
            made = await webinar_doors.copy(conn, here.scope, here.id(), day, here.now)
    except Refused as problem:
        return await desk_page(here, problem)
    return here.go(f"/webinars/{made.id}", said="webinar_copied")


async def room_of(conn: Connection, webinar: Webinar) -> Room:
    """The room of one that was announced."""
    assert webinar.room_id is not None
    return await rooms.shown(conn, webinar.programme_id, webinar.room_id)


# --- the list of registrations ------------------------------------------------------------------


async def let_in(here: Here) -> Response:
    """`POST /registrations/{id}/let-in`: from the waiting list; her teachers are told at once."""
    async with here.transaction() as conn:
        webinar = await registrations.let_in(conn, here.scope, here.id(), here.now)
        registration = await registrations.by_id(conn, here.scope, here.id())
        await agenda_mails.tell_let_in(conn, here.settings, webinar, registration)
    return here.go(f"/webinars/{webinar.id}", said="registration_let_in")
