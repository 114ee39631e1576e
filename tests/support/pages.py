"""Every page a person can open, with whom it is for and an object it is about."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from rooms.connection import Connection
from rooms.people import sign_ins
from server import captioning
from server.auth import COOKIE, SEAT_COOKIE
from tests.support.whole import WORKSHEET, Whole


@dataclass(frozen=True)
class Visit:
    """One page: its address as the URL table writes it, `who` opens it, and the names in
    `Whole.at` (or plain words) that fill the address in. `query` is filled in too."""

    address: str
    who: str
    fills: tuple[tuple[str, str], ...] = ()
    query: str = ""

    def path(self, world: Whole) -> str:
        """The address in this programme."""
        path = self.address
        for name, thing in self.fills:
            path = path.replace(f"{{{name}}}", quote(world.at.get(thing, thing)))
        path = path.replace("{programme}", world.at["programme"])
        return path + (f"?{self.query.format(**world.at)}" if self.query else "")

    @property
    def name(self) -> str:
        """Short, for a message or a file name."""
        told = "-".join(thing for _, thing in self.fills)
        words = self.address.strip("/").replace("/", ".").replace("{", "").replace("}", "")
        return f"{words or 'home'}{'-' + told if told else ''}-{self.who}"


def _about(address: str, who: str, query: str = "", **fills: str) -> Visit:
    return Visit(address, who, tuple(fills.items()), query)


_PUBLIC = (
    _about("/", "anonymous"),
    _about("/tours", "anonymous"),
    _about("/p/{programme}", "anonymous"),
    _about("/p/{programme}/tours", "anonymous"),
    _about("/p/{programme}/tours", "anonymous", query="words=nergens&level=havo"),
    _about("/p/{programme}/tours/{slug}", "anonymous", slug="slug"),
    _about("/p/{programme}/tours/{slug}/show", "anonymous", slug="slug"),
    _about("/p/{programme}/companies/ask", "anonymous"),
    _about("/webinars", "anonymous"),
    _about("/p/{programme}/webinars", "anonymous"),
    _about("/p/{programme}/webinars/{id}", "anonymous", id="webinar"),
    _about("/p/{programme}/webinars/{id}/register", "anonymous", id="webinar"),
    _about("/webinars/presenter/{token}", "anonymous", token="presenter link"),
    _about("/webinars/captions/{token}", "anonymous", token="captions link"),
    _about("/rooms/{id}/captions", "captioner", id="captions room"),
    _about("/sign-in", "anonymous"),
    _about("/sign-in/code", "anonymous"),
    _about("/sign-in/link/{token}", "anonymous", token="link"),
    _about("/sign-in/link/{token}", "anonymous", token="over"),
    _about("/mail/stop/{token}", "anonymous", token="stop"),
    _about("/demo/mail", "anonymous"),
    _about("/join", "anonymous"),
    _about("/classes/invited/{token}", "anonymous", token="invite"),
    _about("/j/{token}", "anonymous", token="class link"),
    _about("/screen", "anonymous"),
    _about("/attendance/confirm/{token}", "anonymous", token="confirm"),
    _about("/check", "anonymous"),
    _about("/nothing-here", "anonymous"),
)
_CLASS = (
    _about("/", "teacher"),
    _about("/account", "teacher"),
    _about("/p/{programme}/tours/{slug}/show", "teacher", slug="slug"),
    _about("/calendar", "teacher"),
    _about("/calendar", "far teacher"),
    _about("/thanks/{token}", "anonymous", token="thanks"),
    _about("/webinars/{id}/afterwards", "bureau", id="webinar over"),
    _about("/webinars/{id}/attendees/{person}", "bureau", id="webinar over", person="attendee"),
    _about("/incidents", "safeguarding"),
    _about("/classes", "teacher"),
    _about("/classes", "far teacher"),
    _about("/classes/new", "teacher"),
    _about("/classes/{id}", "teacher", id="class"),
    _about("/classes/invited/{token}", "colleague", token="invite"),
    _about("/sessions/new", "teacher", query="tour={published}"),
    _about("/sessions/{id}", "teacher", id="running"),
    _about("/sessions/{id}", "teacher", id="planned"),
    _about("/sessions/{id}", "teacher", id="ended"),
    _about("/sessions/{id}/beamer", "teacher", id="running"),
    _about("/sessions/{id}/beamer", "screen", id="screened"),
    _about("/sessions/{id}/phone", "phone", id="phoned"),
    _about("/sessions/{id}/phone", "companion", id="screened"),
    _about("/screen/{token}", "teacher", token="screen link"),
    _about("/p/{programme}/webinars", "teacher"),
    _about("/p/{programme}/webinars/{id}", "teacher", id="webinar"),
    _about("/webinars/{id}/register", "teacher", id="webinar"),
    _about("/webinars/{id}/register", "far teacher", id="webinar"),
    _about("/rooms", "teacher"),
    _about("/rooms/{id}", "teacher", id="room"),
    _about("/rooms/{id}", "teacher", id="empty room"),
    _about("/rooms/{id}", "room phone", id="room"),
    _about("/rooms/{id}/queue", "teacher", id="room"),
    _about("/rooms/{id}/beamer", "teacher", id="room"),
    _about("/rooms/{id}/beamer", "room screen", id="room"),
    _about("/check", "teacher"),
    _about("/requests", "teacher"),
    _about("/requests", "far teacher"),
    _about("/requests/new", "teacher", query="company={desk company}"),
    _about("/requests/{id}", "teacher", id="proposed"),
    _about("/requests/{id}", "teacher", id="declined"),
    _about("/requests/{id}/briefing", "teacher", id="agreed"),
    _about("/attendance", "teacher"),
    _about("/attendance/{session_class}", "teacher", session_class="session_class"),
    _about("/attendance/{session_class}", "teacher", session_class="room class"),
)
_STUDIO = (
    _about("/", "editor"),
    _about("/account", "editor"),
    _about("/studio", "editor"),
    _about("/studio/tours/new", "editor"),
    *(_about("/studio/tours/{id}", "editor", id=state)
      for state in ("draft", "empty", "failed", "review", "returned", "published")),
    *(_about(f"/studio/tours/{{id}}/{part}", "editor", id="draft")
      for part in ("film", "texts", "cut", "chapters", "captions", "documents", "declaration",
                   "review")),
    _about("/studio/tours/{id}/reach", "editor", id="published"),
    _about("/studio/tours/{id}/reach", "editor", id="draft"),
    _about("/studio/tours/{id}/film", "editor", id="empty"),
    _about("/studio/tours/{id}/film", "editor", id="failed"),
    _about("/studio/tours/{id}/captions/type", "editor", query="to=nl", id="draft"),
    _about("/studio/tours/{id}/captions/{language}", "editor", id="draft", language="nl"),
    _about("/studio/tours/{id}/captions/{language}/file", "editor", id="draft", language="nl"),
    _about("/rooms", "editor"),
    _about("/rooms/{id}", "editor", id="room"),
    _about("/rooms/{id}/studio", "editor", id="room"),
    _about("/rooms/{id}/reach", "editor", id="room over"),
    _about("/requests", "editor"),
    _about("/requests/{id}", "editor", id="request"),
    _about("/requests/{id}", "editor", id="agreed"),
    _about("/requests/{id}/briefing", "editor", id="agreed"),
)  # fmt: skip
_OFFICE = (
    _about("/", "coordinator"),
    _about("/", "bureau"),
    _about("/needs", "coordinator", query="kind=headcount"),
    _about("/needs", "far coordinator"),
    _about("/needs/schools", "coordinator"),
    _about("/pairs", "coordinator"),
    _about("/needs/schools", "bureau", query="reached=no"),
    _about("/reviews", "coordinator"),
    _about("/reviews/{id}", "coordinator", id="review"),
    _about("/reviews/{id}", "coordinator", id="published"),
    _about("/teachers/confirm", "coordinator"),
    _about("/attendance", "coordinator"),
    _about("/attendance", "far coordinator"),
    _about("/attendance", "bureau", query="by=company&since=&until="),
    _about("/attendance/sessions/{session}", "coordinator", session="session over"),
    _about("/attendance/sessions/{session}", "teacher", session="ended"),
    _about(
        "/attendance/{session_class}/seats/{number}",
        "coordinator",
        session_class="session_class",
        number="1",
    ),
    _about("/requests", "coordinator"),
    _about("/requests/{id}", "coordinator", id="request"),
    _about("/attendance/{session_class}", "coordinator", session_class="corrected"),
    _about("/rooms", "coordinator"),
    _about("/rooms/{id}", "coordinator", id="room"),
    _about("/rooms/{id}/studio", "coordinator", id="room"),
    _about("/rooms/{id}/desk", "coordinator", id="room"),
    _about("/p/{programme}/webinars", "coordinator"),
    _about("/webinars/new", "coordinator"),
    _about("/webinars/{id}", "coordinator", id="webinar"),
    _about("/webinars/{id}", "bureau", id="webinar draft"),
    _about("/webinars/{id}/edit", "bureau", id="webinar"),
    _about("/webinars/{id}/edit", "bureau", id="webinar draft"),
    _about("/programme", "bureau"),
    _about("/programme/regions", "bureau"),
    _about("/programme/networks", "bureau"),
    _about("/programme/networks/{id}", "bureau", "q=College", id="network"),
    _about("/programme/schools", "bureau"),
    _about("/programme/schools/new", "bureau"),
    _about("/programme/schools/list", "bureau"),
    _about("/programme/schools/lists/{id}", "bureau", id="school list"),
    _about("/programme/schools/{id}", "bureau", id="school"),
    _about("/programme/schools/{id}/history", "bureau", id="school"),
    _about("/programme/schools/{id}/same", "bureau", "q=College", id="typed school"),
    _about("/programme/objectives", "bureau"),
    _about("/kpis", "coordinator"),
    _about("/kpis", "bureau", query="by=objective&year=2026"),
    _about("/kpis", "teacher"),
    _about("/kpis", "bureau", query="by=network"),
    _about("/kpis/hosted", "coordinator"),
    _about("/kpis/hosted", "far coordinator"),
    _about("/kpis/hosted", "editor"),
    _about("/kpis/hosted", "bureau", query="of=companies&kind=live&sector=water"),
    _about("/kpis/hosted", "bureau", query="of=hours"),
    _about("/reports", "bureau"),
    _about("/reports", "coordinator"),
    _about("/reports/regions/{id}", "coordinator", id="region"),
    _about("/reports/networks/{id}", "coordinator", id="network"),
    _about("/reports/sectors/{sector}", "bureau", sector="water"),
    _about("/keeping", "anonymous"),
    _about("/keeping/report", "bureau"),
    _about("/account/data", "teacher"),
    _about("/exports", "coordinator"),
    _about("/exports", "bureau"),
    _about("/releases", "bureau"),
    _about("/releases", "coordinator"),
    _about("/releases/check", "bureau"),
    _about("/releases/{id}", "bureau", id="release"),
    _about(
        "/releases/{id}/reports/{kind}/{key}", "bureau", id="release", kind="regions", key="region"
    ),
    _about(
        "/funder/{token}/{id}/reports/{kind}/{key}",
        "anonymous",
        token="funder",
        id="release",
        kind="networks",
        key="network",
    ),
    _about("/funder/{token}", "anonymous", token="funder"),
    _about("/funder/{token}/{id}", "anonymous", token="funder", id="release"),
    _about("/programme/persons", "bureau"),
    _about("/programme/companies", "bureau"),
)
VISITS = (*_PUBLIC, *_CLASS, *_STUDIO, *_OFFICE)


async def cookies(conn: Connection, world: Whole) -> dict[str, dict[str, str]]:
    """What each visitor's browser holds; adds the devices' own lessons to `world.at`."""
    jars: dict[str, dict[str, str]] = {"anonymous": {}}
    for who, person in world.people.items():
        jars[who] = {COOKIE: await _signed_in(conn, world, person.id)}
    session_id, token = await world.a_seat(conn, "beamer")
    world.at["screened"], jars["screen"] = str(session_id), {SEAT_COOKIE: token}
    jars["companion"] = {SEAT_COOKIE: await world.one_more_phone(conn, session_id)}
    session_id, token = await world.a_seat(conn, "phone")
    world.at["phoned"], jars["phone"] = str(session_id), {SEAT_COOKIE: token}
    for who, kind in (("room screen", "beamer"), ("room phone", "phone")):
        _, token = await world.a_seat_in_room(conn, kind)
        jars[who] = {SEAT_COOKIE: token}
    jars["captioner"] = {captioning.COOKIE: world.at["captions link"]}
    jars["classroom"] = {
        COOKIE: await _signed_in(
            conn, world, world.people["teacher"].id, UUID(world.at["screened"])
        )
    }
    world.at["screen link"] = await world.a_waiting_screen(conn)
    return jars


async def _signed_in(
    conn: Connection, world: Whole, person_id: UUID, session_id: UUID | None = None
) -> str:
    return await sign_ins.start(
        conn,
        person_id,
        now=datetime.now(UTC),
        kind="classroom" if session_id else "browser",
        programme_id=world.programme.id,
        session_id=session_id,
    )


def store_films(world: Whole, folder: Path) -> None:
    """Lays one real film (made in `folder` by `stand.make_film`) under every version."""
    stored = world.settings.home / "storage"
    (stored / "videos").mkdir(parents=True, exist_ok=True)
    (stored / "documents").mkdir(exist_ok=True)
    for version_id in world.versions:
        film = stored / "videos" / str(version_id)
        if not film.is_symlink():
            film.symlink_to(folder)
    for key in world.document_keys:
        (stored / key).write_bytes(WORKSHEET)
