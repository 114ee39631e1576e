"""A person's agenda, and calendars to subscribe to: hers by a secret address, a programme's."""

import hashlib
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from rooms.agenda import calendar, feeds, webinars
from rooms.agenda.calendar import Entry
from rooms.agenda.feeds import Planned, Sitting
from rooms.errors import NotThere
from rooms.people import persons, programmes
from rooms.people.programmes import Programme
from rooms.scope import Scope
from server import mail, sealed
from server.agenda_words import webinar_entry, when
from server.config import Settings
from server.context import Here
from server.database import Connection
from server.i18n import LANGUAGES, N_, SOURCE, translate

MY_AGENDA = N_("%(name)s: my agenda")
WEBINARS = N_("%(name)s: webinars")
WATCHES = N_("%(class_name)s watches “%(title)s”")
# What the secret in an address is for.
FEED = "calendar feed"
# A calendar that asks every minute gets the same answer for five.
KEPT_S = 300


async def show(here: Here) -> Response:
    """`GET /calendar`: what comes, and the address to subscribe to."""
    async with here.transaction() as conn:
        found = await feeds.sittings(conn, here.scope, here.now)
        planned = await feeds.planned(conn, here.scope, here.now)
        feed = await feeds.open_one(conn, here.scope)
        programme = await programmes.by_id(conn, here.scope.programme_id)
    return here.page(
        "calendar/show.html",
        coming=_coming(here, found, planned),
        address=_address(here.settings, feed.id) if feed else "",
        feed=feed,
        zone=programme.zone,
        public=_public_address(here, programme) if programme.is_public else "",
    )


def _coming(here: Here, found: list[Sitting], planned: list[Planned]) -> list[dict[str, Any]]:
    """Webinars and planned tours of from now on, in one list by time."""
    lines = [
        {
            "at": one.webinar.starts_at,
            "title": one.webinar.text(here.language).title,
            "when": when(
                here.language, one.webinar.starts_at, one.webinar.ends_at, one.webinar.zone
            ),
            "classes": one.class_names,
            "link": one.webinar.path,
            "is_on": one.webinar.state == "live",
        }
        for one in found
        if one.is_in and one.webinar.ends_at > here.now and one.webinar.ended_at is None
    ]
    lines += [
        {
            "at": one.starts_at,
            "title": one.title,
            "when": _when_planned(here, one),
            "classes": (one.class_name,),
            "link": f"/sessions/{one.session_id}",
            "is_on": False,
        }
        for one in planned
        if one.is_ahead(here.now)
    ]
    return sorted(lines, key=lambda line: line["at"])


def _when_planned(here: Here, one: Planned) -> str:
    if one.span is None:
        return when(here.language, one.starts_at, None, one.zone)
    return when(here.language, *one.span, one.zone)


async def renew(here: Here) -> Response:
    """`POST /calendar/feed`: an address, or a new one in place of the old."""
    async with here.transaction() as conn:
        await feeds.renew(conn, here.scope, here.now)
    return here.go("/calendar#feed", "calendar_address")


async def revoke(here: Here) -> Response:
    """`POST /calendar/feed/revoke`."""
    async with here.transaction() as conn:
        await feeds.revoke(conn, here.scope, here.now)
    return here.go("/calendar#feed", "calendar_revoked")


def _address(settings: Settings, feed_id: UUID) -> str:
    return f"{settings.url}/calendar/feeds/{sealed.seal(settings, FEED, feed_id)}.ics"


def _public_address(here: Here, programme: Programme) -> str:
    return f"{here.settings.url}/p/{programme.slug}/webinars.ics?language={here.language}"


# --- for calendars ------------------------------------------------------------------------------


async def own_feed(here: Here) -> Response:
    """`GET /calendar/feeds/{token}.ics`: the secret in the address is the permission."""
    [feed_id] = sealed.unseal(here.settings, FEED, str(here.request.path_params["token"]), 1)
    async with here.transaction() as conn:
        feed = await feeds.find(conn, feed_id)
        scope = Scope(feed.programme_id, feed.person_id)
        person = await persons.by_id(conn, feed.person_id)
        programme = await programmes.by_id(conn, feed.programme_id)
        found = await feeds.sittings(conn, scope, here.now)
        planned = await feeds.planned(conn, scope, here.now)
    language = person.language
    entries = [_entry(here.settings, one, language) for one in found]
    entries += [_planned_entry(here.settings, one, language) for one in planned]
    name = translate(language, MY_AGENDA) % {"name": programme.name}
    return _calendar(here.request, calendar.feed(name, entries), "private")


def _entry(settings: Settings, one: Sitting, language: str) -> Entry:
    entry = webinar_entry(settings, one.webinar, language, one.sequence)
    return entry if one.is_in else entry.cancelled()


def _planned_entry(settings: Settings, one: Planned, language: str) -> Entry:
    starts, ends = one.span or one.days
    title = translate(language, WATCHES)
    link = f"{settings.url}/sessions/{one.session_id}"
    return Entry(
        uid=f"session-{one.session_id}@{mail.host_of(settings)}",
        sequence=0,
        starts=starts,
        ends=ends,
        title=title % {"class_name": one.class_name, "title": one.title},
        changed_at=one.changed_at,
        words=link,
        link=link,
    )


async def public_feed(here: Here) -> Response:
    """`GET /p/{programme}/webinars.ics`: what any visitor reads in the list."""
    async with here.transaction() as conn:
        programme = await _public_programme(here, conn)
        found = await feeds.public(conn, programme.id, here.now)
    language = _language(here.request, programme)
    entries = [webinar_entry(here.settings, one, language) for one in found]
    name = translate(language, WEBINARS) % {"name": programme.name}
    return _calendar(here.request, calendar.feed(name, entries), "public")


async def _public_programme(here: Here, conn: Connection) -> Programme:
    programme = await programmes.by_slug(conn, str(here.request.path_params["programme"]))
    if not programme.is_public:
        raise NotThere("programme")
    return programme


def _language(request: Request, programme: Programme) -> str:
    """What the address says: a calendar's server has no language of its own."""
    wishes = (request.query_params.get("language", ""), *programme.languages, SOURCE)
    return next(wish for wish in wishes if wish in LANGUAGES)


async def one_webinar(here: Here) -> Response:
    """`GET /p/{programme}/webinars/{id}/webinar.ics`: one entry to take along from its page."""
    async with here.transaction() as conn:
        programme = await programmes.by_slug(conn, str(here.request.path_params["programme"]))
        scope = here.scope_in(programme.id)
        webinar = await webinars.find(conn, scope, here.id())
    if webinar.announced_at is None:
        raise NotThere("webinar")
    text = calendar.as_file(webinar_entry(here.settings, webinar, here.language))
    return _calendar(here.request, text, "private", as_file=True)


def _calendar(request: Request, text: str, who: str, *, as_file: bool = False) -> Response:
    """The text, or 304 when the calendar has just this already. `who`: may keep it on the way."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"{who}, max-age={KEPT_S}"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if as_file:
        headers["content-disposition"] = 'attachment; filename="webinar.ics"'
    return Response(text.encode(), media_type="text/calendar; charset=utf-8", headers=headers)
