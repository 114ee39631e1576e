"""The table of doors: every address of the URL table, and who gets in. `test_doors.py` walks it.

A row reads: address, who is let in (all others are not), what fills the address in, what is sent.
Who is not let in is sent to the sign-in (a page, and nobody signed in), told 401 (a machine, and
nobody signed in), or told 404; `others` names the exceptions.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from rooms.agenda import screens, webinars
from rooms.attendance import seats
from rooms.connection import Connection
from rooms.live import presenters, rooms, stream_keys
from rooms.people import deputies, pairs, school_merges, schools, sign_in_mails
from rooms.tours import choices
from tests.support import people
from tests.support.days import local_day
from tests.support.pages import Visit
from tests.support.whole import WORKSHEET, Whole

Filled = dict[str, str]
Make = Callable[[Connection, Whole], Awaitable[Any]]

# Twins hold the same role in another programme; `screen` is a PC let in for one lesson, `phone` a
# pupil's in the same lesson.
TEACHER = "teacher colleague far-teacher twin-teacher"
EDITOR = "editor other-editor twin-editor"
COORDINATOR = "coordinator far-coordinator twin-coordinator"
BUREAU = "bureau twin-bureau"
OFFICE = f"{BUREAU} operator twin-operator"
OFFICER = "safeguarding twin-safeguarding"
SIGNED_IN = f"{TEACHER} {EDITOR} {COORDINATOR} {OFFICE} {OFFICER}"
ANYONE = f"anonymous phone screen {SIGNED_IN}"
HERE = (
    "teacher colleague far-teacher editor other-editor coordinator far-coordinator bureau operator"
    " safeguarding"
)
TWINS = "twin-teacher twin-editor twin-coordinator twin-bureau twin-operator twin-safeguarding"
REVIEW = f"{COORDINATOR} {BUREAU}"
RELEASES = f"{COORDINATOR} {OFFICE}"
LESSONS = f"{TEACHER} {COORDINATOR} {BUREAU}"
REPORTS = f"{LESSONS} {EDITOR}"
RECORDS = f"{TEACHER} {EDITOR} {COORDINATOR} {OFFICE}"
NOBODY_KNOWN = ("anonymous", "phone")

# What a row expects of somebody who is not let in.
SIGN_IN, JOIN, NOT_THERE, WHO_ARE_YOU, CONFLICT = "sign-in", "join", "404", "401", "409"


@dataclass(frozen=True)
class Door:
    """One row. `fills`: path parameter → a name in `Whole.at`, plain text, or a maker of it.

    `tries`: of those let in, who really goes through with it (each with an object of its own);
    empty: all. `stands`: whose session the devices are in, `of_twin`: the object is the twin's.
    `is_ended`: what was made is ended, at its own address, before the next one tries.
    """

    method: str
    path: str
    allowed: frozenset[str]
    fills: Mapping[str, str | Make] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    tries: frozenset[str] = frozenset()
    sent: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    of_twin: bool = False
    from_here: bool = False
    is_ended: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """As the URL table knows it."""
        return self.method, self.path

    @property
    def name(self) -> str:
        """For a message."""
        told = [str(value) for value in self.fills.values() if isinstance(value, str)]
        return " ".join([self.method, self.path, *told, *(["(twin)"] if self.of_twin else [])])


def door(
    address: str,
    allowed: str,
    fills: Mapping[str, str | Make] | None = None,
    *,
    others: Mapping[str, str] | None = None,
    tries: str = "",
    query: str = "",
    of_twin: bool = False,
    from_here: bool = False,
    is_ended: bool = False,
    **sent: Any,
) -> Door:
    """A row as it stands in the table."""
    method, _, path = address.partition(" ")
    return Door(
        method, path, frozenset(allowed.split()), fills or {}, others or {},
        frozenset(tries.split()), sent, query, of_twin, from_here, is_ended,
    )  # fmt: skip


# --- makers of what an address uses up -----------------------------------------------------------


async def a_draft(conn: Connection, world: Whole) -> UUID:
    return await world.a_draft(conn)


async def a_cut_draft(conn: Connection, world: Whole) -> UUID:
    tour_id = await world.a_draft(conn)
    await conn.execute(
        """
        update video_versions v set edit = '[[1000, 16000]]', duration_ms = 15000
        from tours t where t.id = $1 and v.video_id = t.video_id
        """,
        tour_id,
    )
    return tour_id


async def a_busy_film(conn: Connection, world: Whole) -> UUID:
    tour_id = await world.a_failed_film(conn)
    await conn.execute(
        """
        update video_versions v set state = 'queued', error_code = null
        from tours t where t.id = $1 and v.video_id = t.video_id
        """,
        tour_id,
    )
    return tour_id


async def a_failed_film(conn: Connection, world: Whole) -> UUID:
    return await world.a_failed_film(conn)


async def in_review(conn: Connection, world: Whole) -> UUID:
    return await world.a_tour_in(conn, "review")


async def published(conn: Connection, world: Whole) -> UUID:
    return await world.a_tour_in(conn, "published")


async def running(conn: Connection, world: Whole) -> UUID:
    return (await world.a_session(conn)).id


async def planned(conn: Connection, world: Whole) -> UUID:
    return (await world.a_session(conn, starts=False)).id


async def ended(conn: Connection, world: Whole) -> UUID:
    return (await world.an_ended_session(conn)).id


async def session_class(conn: Connection, world: Whole) -> UUID:
    return (await world.an_ended_session(conn)).session_class_id


async def a_class(conn: Connection, world: Whole) -> UUID:
    return (await world.a_class(conn)).id


async def an_incident(conn: Connection, world: Whole) -> UUID:
    return await world.an_incident(conn)


async def a_correction(conn: Connection, world: Whole) -> Filled:
    row, correction = await world.a_correction(conn)
    return {"session_class": str(row), "id": str(correction)}


async def a_no_show(conn: Connection, world: Whole) -> UUID:
    row = (await world.an_ended_session(conn)).session_class_id
    await conn.execute(
        "update session_class_results set outcome = 'no_show' where session_class_id = $1", row
    )
    return row


async def a_stand_in(conn: Connection, world: Whole) -> Filled:
    person = await people.a_person(conn, name=f"Vervanger {world.mark}")
    await people.a_role(conn, world.programme, person, "moderator")
    return {"stand in": str(person.id)}


async def a_facilitator(conn: Connection, world: Whole) -> Filled:
    person = await people.a_person(conn, name=f"Koppelaar {world.mark}")
    await people.a_role(conn, world.programme, person, "facilitator")
    return {"facilitator": str(person.id), "mark": world.mark}


async def a_pair(conn: Connection, world: Whole) -> UUID:
    person = UUID((await a_facilitator(conn, world))["facilitator"])
    company = UUID(world.at["desk company"])
    return await pairs.make(
        conn, world.scope("coordinator"), person, world.school.id, company, world.now
    )


async def an_absence(conn: Connection, world: Whole) -> UUID:
    person = UUID((await a_stand_in(conn, world))["stand in"])
    today = local_day(world.now)
    return await deputies.name(
        conn, world.scope("coordinator"), person, (today, today), today, world.now
    )


async def an_upload(conn: Connection, world: Whole) -> UUID:
    return await world.an_upload(conn)


async def a_link(conn: Connection, world: Whole) -> str:
    return await world.a_link(conn)


async def an_invite(conn: Connection, world: Whole) -> str:
    return await world.an_invite(conn)


async def confirm_token(conn: Connection, world: Whole) -> str:
    return await world.confirm_token(conn)


async def thanks_of_a_teacher(conn: Connection, world: Whole) -> str:
    webinar_id, _ = await world.a_webinar_over(conn)
    return world.thanks(webinar_id, "teacher")


async def thanks_of_a_presenter(conn: Connection, world: Whole) -> str:
    webinar_id, _ = await world.a_webinar_over(conn)
    person = world.people["editor"]
    await conn.execute(
        """
        insert into webinar_presenters (programme_id, webinar_id, email, person_id, link_hash,
            link_until, invited_at, claimed_at)
        values ($1, $2, $3, $4, gen_random_uuid()::text::bytea, now(), now(), now())
        """,
        world.programme.id,
        webinar_id,
        person.email,
        person.id,
    )
    return world.thanks(webinar_id, "editor")


async def a_code(conn: Connection, world: Whole) -> Filled:
    asked = await sign_in_mails.ask(
        conn, email=world.people["teacher"].email, secret=world.settings.secret, now=world.now
    )
    return {"code": asked.code, "email": world.people["teacher"].email}


async def a_release_link(conn: Connection, world: Whole) -> UUID:
    return (await world.a_release_link(conn))[0]


async def an_objective(conn: Connection, world: Whole) -> UUID:
    return await world.an_objective(conn)


async def a_network(conn: Connection, world: Whole) -> UUID:
    return await world.a_network(conn)


async def a_typed_school(conn: Connection, world: Whole) -> UUID:
    return await world.a_typed_school(conn)


async def a_closed_school(conn: Connection, world: Whole) -> UUID:
    made = await people.a_school(conn, world.programme, region=world.region)
    await conn.execute("update schools set closed_on = '2026-08-01' where id = $1", made.id)
    return made.id


async def a_school_merge(conn: Connection, world: Whole) -> UUID:
    typed = await world.a_typed_school(conn)
    return await school_merges.merge(conn, world.scope("bureau"), typed, world.school.id, world.now)


async def a_school_list(conn: Connection, world: Whole) -> UUID:
    return await world.a_school_list(conn)


async def an_asking_company(conn: Connection, world: Whole) -> UUID:
    return (await world.an_asking_company(conn)).id


async def an_unconfirmed(conn: Connection, world: Whole) -> UUID:
    return await world.an_unconfirmed_teacher(conn)


async def a_role(conn: Connection, world: Whole) -> UUID:
    person = await people.a_person(conn)
    return await people.a_role(conn, world.programme, person, "facilitator")


async def a_sign_in(conn: Connection, world: Whole) -> UUID:
    return await world.a_sign_in(conn, world.people["teacher"])


async def a_screen(conn: Connection, world: Whole) -> Filled:
    made = await screens.wait(conn, world.now)
    return {"token": made.link, "number": made.number}


async def a_school(conn: Connection, world: Whole) -> UUID:
    made = await people.a_school(conn, world.programme, region=world.region)
    found = await schools.by_id(conn, world.scope("bureau"), made.id)
    return found.id


async def a_document(conn: Connection, world: Whole) -> Filled:
    tour_id = await world.a_draft(conn)
    document = await conn.fetchval("select id from documents where tour_id = $1", tour_id)
    return {"id": str(tour_id), "document": str(document)}


async def film_of_draft(conn: Connection, world: Whole) -> Filled:
    return await _film_of(conn, world.at["draft"])


async def film_in_review(conn: Connection, world: Whole) -> Filled:
    return await _film_of(conn, world.at["review"])


async def _film_of(conn: Connection, tour_id: str) -> Filled:
    row = await conn.fetchrow("select * from tour_rows where id = $1", UUID(tour_id))
    assert row is not None
    return {"id": str(row["video_id"]), "version": str(row["version_id"])}


async def paper_of_draft(conn: Connection, world: Whole) -> UUID:
    found: UUID = await conn.fetchval(
        "select id from documents where tour_id = $1", UUID(world.at["draft"])
    )
    return found


async def a_webinar(conn: Connection, world: Whole) -> UUID:
    return await world.a_webinar(conn)


async def a_webinar_draft(conn: Connection, world: Whole) -> UUID:
    return await world.a_webinar(conn, is_draft=True)


async def a_place(conn: Connection, world: Whole) -> Filled:
    """A webinar and the place of a presenter who has claimed it."""
    webinar_id = await world.a_webinar(conn)
    place = await world.a_claimed_place(conn, webinar_id)
    return {"id": str(webinar_id), "presenter": str(place)}


async def a_person_correction(conn: Connection, world: Whole) -> Filled:
    return await world.a_person_correction(conn)


async def a_second_moderator(conn: Connection, world: Whole) -> Filled:
    """A webinar with a moderator beside who made it."""
    webinar_id, person = await world.a_webinar(conn), await people.a_person(conn)
    await people.a_role(conn, world.programme, person, "facilitator")
    await webinars.add_moderator(conn, world.scope("bureau"), webinar_id, person.id, world.now)
    return {"id": str(webinar_id), "moderator": str(person.id)}


async def a_presenter_link(conn: Connection, world: Whole) -> str:
    return (await world.a_presenter(conn, UUID(world.at["webinar"])))[1]


async def a_captioner(conn: Connection, world: Whole) -> Filled:
    """A webinar and somebody who types captions in it."""
    return await world.a_captioner(conn, await world.a_webinar(conn))


async def a_typing_room(conn: Connection, world: Whole) -> Filled:
    """A webinar's room and the cookie of its captioner."""
    made = await a_captioner(conn, world)
    return {**made, "id": made["room"]}


async def a_registration(conn: Connection, world: Whole) -> UUID:
    return await world.a_registration(conn, await world.a_webinar(conn))


async def one_that_waits(conn: Connection, world: Whole) -> UUID:
    return await world.a_registration(conn, await world.a_webinar(conn), 61)


async def a_stage(conn: Connection, world: Whole) -> UUID:
    """A live room of the company, whose editor has taken her place on its stage."""
    scope = world.scope("editor")
    room = await rooms.open_room(conn, scope, f"Live {world.mark}", None, world.now)
    await presenters.take_place(conn, scope, room.id, world.now)
    return room.id


async def a_seat_in_it(conn: Connection, world: Whole) -> Filled:
    """A live room and the cookie of a phone whose class takes part."""
    part = await world.a_part(conn, await a_stage(conn, world))
    _, token = await seats.sit(conn, world.programme.id, part.session_class_id, None, world.now)
    return {"id": str(part.room_id), "seat": token}


async def a_part(conn: Connection, world: Whole) -> Filled:
    """A live room and the teacher's class that takes part in it."""
    part = await world.a_part(conn, await a_stage(conn, world))
    return {"id": str(part.room_id), "part": str(part.session_class_id)}


async def a_screen_in_it(conn: Connection, world: Whole) -> Filled:
    """A live room and the cookie of the screen of a class that takes part."""
    part = await world.a_part(conn, await a_stage(conn, world))
    _, token = await seats.become_beamer(
        conn, world.programme.id, part.session_class_id, None, world.now
    )
    return {"id": str(part.room_id), "seat": token}


async def a_key(conn: Connection, world: Whole) -> Filled:
    """A live room and a stream key of its editor."""
    room_id = await a_stage(conn, world)
    made = await stream_keys.create(conn, world.scope("editor"), room_id, "OBS", world.now)
    return {"id": str(room_id), "key": str(made.id)}


async def a_presenter(conn: Connection, world: Whole) -> Filled:
    """A live room and its editor's place on the stage."""
    room_id = await a_stage(conn, world)
    place = await presenters.place_of(conn, world.scope("editor"), room_id)
    assert place is not None
    return {"id": str(room_id), "member": str(place.member)}


async def a_request(conn: Connection, world: Whole) -> UUID:
    return await _request_in(conn, world, "asked")


async def a_proposal(conn: Connection, world: Whole) -> UUID:
    return await _request_in(conn, world, "proposed")


async def an_agreement(conn: Connection, world: Whole) -> UUID:
    return await _request_in(conn, world, "accepted")


async def _request_in(conn: Connection, world: Whole, state: str) -> UUID:
    """One that counts for nobody: a teacher waits for so many answers and no more."""
    request_id = await world.a_request(conn, state)
    await conn.execute("update requests set asked_by = null where id = $1", request_id)
    return request_id


# --- what is sent --------------------------------------------------------------------------------

VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nWelkom\n"
LIST = "INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;PLAATSNAAM\n16SW;16SW03;Lyceum;Assen\n"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
PICTURE: dict[str, str | Make] = {"language": "nl", "file:path": "poster.jpg"}
FILM = {**PICTURE, "id": "video", "version": "version"}
DRAFT_FILM = {**PICTURE, "": film_of_draft}
BEATS = {"beats": [{"connection": "{random}", "number": 0}]}
SCHOOL = {"code": "{random}", "name": "Lyceum", "place": "Assen", "region": "{region}"}
MACHINE_401 = dict.fromkeys(NOBODY_KNOWN, WHO_ARE_YOU)
NO_TOKEN = {**MACHINE_401, "screen": WHO_ARE_YOU}
SETTINGS = {"name": "{name}", "school_year_starts": "8", "pass_percent": "60", "levels": "havo"}
PAGES_ID = "/studio/tours/{id}"
WHIP, WHEP = "/rooms/{id}/whip", "/rooms/{id}/whep"
SDP = {"headers": {"Content-Type": "application/sdp"}, "content": b"v=0\r\n"}
FRAGMENT = {
    "headers": {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"},
    "content": b"a=end-of-candidates\r\n",
}
WATCHERS = "teacher colleague far-teacher editor coordinator far-coordinator bureau operator"
# Whoever sees the room is told that she may not send; to others it is not there.
ON_STAGE = "editor coordinator bureau operator"
PRESENTS = f"{EDITOR} {COORDINATOR} {OFFICE}"
NOT_ON_STAGE = {
    "anonymous": WHO_ARE_YOU,
    **dict.fromkeys(["teacher", "colleague", "far-teacher", "far-coordinator"], "403"),
}
API = "/api/v1"
TOUR_ROLES = "editor coordinator bureau"

_PUBLIC = (
    door("GET /up", ANYONE),
    door("GET /metrics", "", from_here=True, others=dict.fromkeys(ANYONE.split(), NOT_THERE)),
    door("GET /", ANYONE),
    door("POST /language", ANYONE, data={"language": "nl", "back": "/"}),
    door("GET /tours", ANYONE),
    door("GET /p/{programme}", ANYONE, {"programme": "programme"}),
    door("GET /p/{programme}/tours", ANYONE, {"programme": "programme"}),
    door("GET /p/{programme}/tours", TWINS, {"programme": "programme"}, of_twin=True),
    door("GET /p/{programme}/tours/{slug}", ANYONE, {"programme": "programme", "slug": "slug"}),
    door(
        "GET /p/{programme}/tours/{slug}", TWINS, {"programme": "programme", "slug": "slug"},
        of_twin=True,
    ),
    door("GET /thanks/{token}", ANYONE, {"token": "thanks"}),
    door(
        "POST /thanks/{token}/feedback", ANYONE, {"token": thanks_of_a_teacher},
        tries="anonymous phone", data={"clear": "4", "useful": "5", "again": "3"},
    ),
    door(
        "POST /thanks/{token}/preparation", ANYONE, {"token": thanks_of_a_presenter},
        tries="anonymous editor", data={"hours": "1,5"},
    ),
    door(
        "GET /webinars/{id}/afterwards", "editor coordinator bureau operator",
        {"id": "webinar over"},
    ),
    door("GET /webinars/{id}/attendees.csv", "coordinator bureau operator", {"id": "webinar over"}),
    door("GET /webinars/{id}/attendees/{person}", "far-teacher coordinator bureau operator",
         {"id": "webinar over", "person": "attendee"}),
    door("POST /webinars/{id}/attendees/{person}/corrections", "coordinator bureau operator",
         {"id": "webinar over", "person": "attendee"},
         data={"outcome": "partial", "reason": "Zij zat op een andere kamer."}),
    door("POST /webinars/{id}/attendees/{person}/corrections/{correction}/undo",
         "coordinator bureau operator",
         {"": a_person_correction}),
    door(
        "POST /webinars/{id}/questions/{question}", "editor coordinator bureau operator",
        {"id": "webinar over", "question": "no turn"}, data={"answer": "De grote pers."},
    ),
    door("GET /calendar/feeds/{token}.ics", ANYONE, {"token": "calendar"}),
    door("GET /p/{programme}/webinars.ics", ANYONE, {"programme": "programme"}),
    door(
        "GET /p/{programme}/webinars/{id}/webinar.ics", ANYONE,
        {"programme": "programme", "id": "webinar"},
    ),
    door(
        "GET /p/{programme}/webinars/{id}/webinar.ics", TWINS,
        {"programme": "programme", "id": "webinar"}, of_twin=True,
    ),
    door("GET /sign-in", ANYONE),
    door("POST /sign-in", ANYONE, tries="anonymous", data={"email": "a@b.example"}),
    door("POST /sign-in/mail", ANYONE, tries="anonymous", data={"email": "c@d.example"}),
    door("GET /sign-in/code", ANYONE),
    door(
        "POST /sign-in/code", ANYONE, {"": a_code}, tries="anonymous",
        data={"email": "{email}", "code": "{code}"},
    ),
    door("GET /sign-in/link/{token}", ANYONE, {"token": a_link}),
    door("POST /sign-in/link/{token}", ANYONE, {"token": a_link}, tries="anonymous teacher"),
    door("GET /mail/stop/{token}", ANYONE, {"token": "stop"}),
    door("POST /mail/stop/{token}", ANYONE, {"token": "stop"}),
    door("GET /demo/mail", ANYONE),
    door(
        "GET /p/{programme}/tours/{slug}/show", f"anonymous phone {SIGNED_IN}",
        {"programme": "programme", "slug": "slug"},
    ),
    door(
        "POST /p/{programme}/tours/{slug}/show", f"anonymous phone {SIGNED_IN}",
        {"programme": "programme", "slug": "slug"}, tries="anonymous teacher",
        data={"email": "e@f.example", "school": "{school}", "class_name": "4A", "level": "havo"},
    ),
    door("GET /schools/search", ANYONE, query="programme={programme}&q=College"),
    door("GET /schools/search", TWINS, query="programme={programme}&q=College", of_twin=True,
         others=dict.fromkeys(NOBODY_KNOWN, NOT_THERE)),
    door("GET /p/{programme}/companies/ask", ANYONE, {"programme": "programme"}),
    door("GET /p/{programme}/companies/ask", TWINS, {"programme": "programme"}, of_twin=True),
    door(
        "POST /p/{programme}/companies/ask", ANYONE, {"programme": "programme"}, tries="anonymous",
        data={"company": "Bakker", "name": "Jo", "email": "g@h.example"},
    ),
    door(
        "POST /p/{programme}/companies/ask", TWINS, {"programme": "programme"}, tries="twin-bureau",
        of_twin=True, data={"company": "Bakker", "name": "Jo", "email": "i@j.example"},
    ),
)  # fmt: skip
_FILMS = (
    door("OPTIONS /uploads/", ANYONE),
    door("POST /uploads/", EDITOR, others=MACHINE_401, headers={**TUS, "Upload-Length": "10"}),
    door("OPTIONS /uploads/{id}", ANYONE, {"id": "upload"}),
    door("HEAD /uploads/{id}", "editor", {"id": "upload"}, others=MACHINE_401, headers=TUS),
    door(
        "PATCH /uploads/{id}", "editor", {"id": an_upload}, others=MACHINE_401, headers=BYTES,
        content=b"0123456789",
    ),
    door("DELETE /uploads/{id}", "editor", {"id": an_upload}, others=MACHINE_401, headers=TUS),
    door(
        "POST /uploads/{id}", "editor", {"id": an_upload}, others=MACHINE_401,
        headers={**TUS, "X-HTTP-Method-Override": "DELETE"},
    ),
    door("GET /videos/{id}/master.m3u8", ANYONE, {"id": "video"}),
    door("GET /videos/{id}/master.m3u8", TWINS, {"id": "video"}, of_twin=True),
    door("GET /videos/{id}/master.m3u8", "editor", {"": film_of_draft}),
    door(
        "GET /videos/{id}/master.m3u8", "editor coordinator bureau operator", {"": film_in_review}
    ),
    door("GET /videos/{id}/status", "editor", {"id": "video"}),
    *(
        door(f"GET /videos/{{id}}/{{version}}/{file}", allowed, FILM, of_twin=of_twin)
        for file in ("captions/{language}.vtt", "{file:path}")
        for allowed, of_twin in ((ANYONE, False), (TWINS, True))
    ),
    *(
        door(f"GET /videos/{{id}}/{{version}}/{file}", "editor", DRAFT_FILM)
        for file in ("captions/{language}.vtt", "{file:path}")
    ),
    door("GET /documents/{id}", ANYONE, {"id": "document"}),
    door("GET /documents/{id}", TWINS, {"id": "document"}, of_twin=True),
    door("GET /documents/{id}", "editor", {"id": paper_of_draft}),
)  # fmt: skip
_STUDIO = (
    door("GET /studio", EDITOR),
    door("GET /studio/tours/new", EDITOR),
    door("POST /studio/tours/new", EDITOR, data={"title": "Nieuw", "language": "nl"}),
    door(f"GET {PAGES_ID}", "editor", {"id": "draft"}),
    *(
        door(f"GET {PAGES_ID}/{part}", "editor", {"id": "draft"})
        for part in ("film", "texts", "cut", "chapters", "captions", "documents", "declaration",
                     "review")
    ),
    door(f"GET {PAGES_ID}/reach", "editor", {"id": "published"}),
    door(f"POST {PAGES_ID}/film/cancel", "editor", {"id": a_busy_film}),
    door(f"POST {PAGES_ID}/film/retry", "editor", {"id": a_failed_film}),
    door(f"POST {PAGES_ID}/texts", "editor", {"id": a_draft}, data={"title_nl": "Anders"}),
    door(f"POST {PAGES_ID}/cut", "editor", {"id": a_draft}, data={"start": "0:02", "end": "0:12"}),
    door(f"POST {PAGES_ID}/cut/back", "editor", {"id": a_cut_draft}, data={"all": "1"}),
    door(f"POST {PAGES_ID}/chapters", "editor", {"id": a_draft}, data={"chapters": "0:00 Begin"}),
    door(
        f"POST {PAGES_ID}/captions", "editor", {"id": a_draft}, data={"language": "nl"},
        files={"file": ("nl.vtt", VTT)},
    ),
    door(f"POST {PAGES_ID}/captions/sound", "editor", {"id": a_draft}, data={"sentence": "Muziek"}),
    door(
        f"POST {PAGES_ID}/captions/spread", "editor", {"id": a_draft},
        data={"language": "nl", "text": "Welkom bij ons."},
    ),
    door(f"GET {PAGES_ID}/captions/type", "editor", {"id": "draft"}, query="to=nl",
         others=dict.fromkeys(("other-editor", "twin-editor"), "303")),
    door(f"GET {PAGES_ID}/captions/{{language}}", "editor", {"id": "draft", "language": "nl"}),
    door(
        f"POST {PAGES_ID}/captions/{{language}}", "editor", {"id": a_draft, "language": "nl"},
        data={"vtt": VTT.decode()},
    ),
    door(
        f"POST {PAGES_ID}/captions/{{language}}/lines", "editor", {"id": a_draft, "language": "nl"},
        json={"rows": [{"start": "0:00", "end": "0:02", "text": "Welkom"}], "is_draft": True,
              "source": "typed"},
    ),
    door(f"GET {PAGES_ID}/captions/{{language}}/file", "editor", {"id": "draft", "language": "nl"}),
    door(
        f"POST {PAGES_ID}/captions/{{language}}/remove", "editor",
        {"id": a_draft, "language": "en"},
    ),
    door(
        f"POST {PAGES_ID}/documents", "editor", {"id": a_draft},
        data={"kind": "guide", "language": "nl"}, files={"file": ("a.pdf", WORKSHEET)},
    ),
    door(f"POST {PAGES_ID}/documents/{{document}}/remove", "editor", {"": a_document}),
    door(
        f"POST {PAGES_ID}/declaration", "editor", {"id": a_draft},
        data={"agreed": "1", "until": "2028-01-01"},
    ),
    door(
        f"POST {PAGES_ID}/review", "editor", {"id": a_draft},
        data={"act": "ask", "checks": list(choices.CHECKS)},
    ),
    door(f"POST {PAGES_ID}/review/withdraw", "editor", {"id": in_review}),
    door(f"POST {PAGES_ID}/review/unpublish", "editor", {"id": published}),
)  # fmt: skip
_OFFICE = (
    door("GET /incidents", OFFICER),
    door("POST /incidents/{id}/seen", "safeguarding", {"id": an_incident}),
    door("GET /reviews", REVIEW),
    door("GET /reviews/{id}", "coordinator bureau", {"id": "review"}),
    door("POST /reviews/{id}/publish", "coordinator bureau", {"id": in_review}),
    door("POST /reviews/{id}/aim", "coordinator bureau",
         {"id": published, "objective": "objective"},
         data={"objective": "{objective}", "main_sector": ""}),
    door("POST /reviews/{id}/return", "coordinator bureau", {"id": in_review},
         data={"reasons": "Anders graag."}),
    door("POST /reviews/{id}/unpublish", "coordinator bureau", {"id": published}),
    door("GET /teachers/confirm", REVIEW),
    door("POST /teachers/confirm/{id}", "coordinator bureau", {"id": an_unconfirmed}),
    door("POST /teachers/confirm/{id}/no", "coordinator bureau", {"id": an_unconfirmed}),
    door("GET /programme", OFFICE),
    door("POST /programme", OFFICE, tries="bureau operator", data={**SETTINGS, "is_public": "1"}),
    door("POST /programme", OFFICE, tries="twin-bureau", data=SETTINGS, of_twin=True),
    door("GET /programme/regions", OFFICE),
    door("POST /programme/regions", OFFICE, data={"name": "{random}"}),
    door("GET /programme/networks", OFFICE),
    door("POST /programme/networks", OFFICE, data={"name": "{random}"}),
    door("GET /programme/networks/{id}", "bureau operator", {"id": "network"}),
    door("POST /programme/networks/{id}", "bureau operator", {"id": a_network},
         data={"name": "{random}"}),
    door("POST /programme/networks/{id}/members", "bureau operator",
         {"id": a_network, "school": "school"}, data={"member": "school:{school}"}),
    door("POST /programme/networks/{id}/leave", "bureau operator",
         {"id": a_network, "school": "school"}, data={"member": "{school}"}),
    door("GET /programme/schools", OFFICE),
    door("POST /programme/schools/look", OFFICE),
    door("GET /programme/schools/new", OFFICE),
    door("POST /programme/schools/new", "bureau operator", data=SCHOOL),
    door("GET /programme/schools/list", OFFICE),
    door("POST /programme/schools/list", OFFICE, data={"text": LIST, "holds_from": "2026-08-01"}),
    door("GET /programme/schools/lists/{id}", "bureau operator", {"id": "school list"}),
    door("POST /programme/schools/lists/{id}/apply", "bureau operator", {"id": a_school_list}),
    door("POST /programme/schools/lists/{id}/drop", "bureau operator", {"id": a_school_list}),
    door("GET /programme/schools/{id}/history", "bureau operator", {"id": "school"}),
    door("GET /programme/schools/{id}/same", "bureau operator", {"id": "typed school"}),
    door("POST /programme/schools/{id}/same", "bureau operator", {"id": a_typed_school},
         data={"into": "{school}"}),
    door("POST /programme/schools/{id}/close", "bureau operator", {"id": a_school},
         data={"on": "2026-08-01"}),
    door("POST /programme/schools/{id}/reopen", "bureau operator", {"id": a_closed_school}),
    door("POST /programme/schools/merges/{id}/undo", "bureau operator", {"id": a_school_merge}),
    door("GET /programme/schools/{id}", "bureau operator", {"id": "school"}),
    door("POST /programme/schools/{id}", "bureau operator", {"id": a_school}, data=SCHOOL),
    door("GET /programme/objectives", OFFICE),
    door("POST /programme/objectives", OFFICE, data={"name_nl": "Kiezen {random}"}),
    door("POST /programme/objectives/{id}/end", "bureau operator", {"id": an_objective}),
    door("GET /kpis", REPORTS),
    # who hosts nothing has no figure that leads there
    door("GET /kpis/hosted", f"{COORDINATOR} {BUREAU} {EDITOR}"),
    door("GET /kpis.csv", REPORTS),
    door("GET /kpis.json", REPORTS),
    door("GET /reports", RELEASES),
    door("GET /reports/regions/{id}", "coordinator bureau operator", {"id": "region"}),
    door("GET /reports/networks/{id}", "coordinator far-coordinator bureau operator",
         {"id": "network"}),
    door("GET /reports/sectors/{sector}", RELEASES, {"sector": "water"}),
    door("GET /releases", RELEASES),
    door("POST /releases", OFFICE, tries="bureau", data={"year": "2020", "told": "yes"}),
    door("GET /releases/check", OFFICE),
    door("POST /releases/links", OFFICE, data={"label": "Fonds", "expires_on": "{lesson day}"}),
    door("POST /releases/links/{id}/revoke", "bureau operator", {"id": a_release_link}),
    door("GET /releases/{id}", "coordinator far-coordinator bureau operator", {"id": "release"}),
    door("GET /releases/{id}/reports/{kind}/{key}",
         "coordinator far-coordinator bureau operator",
         {"id": "release", "kind": "regions", "key": "region"}),
    door("GET /funder/{token}/{id}/reports/{kind}/{key}", ANYONE,
         {"token": "funder", "id": "release", "kind": "regions", "key": "region"}),
    *(
        door(f"GET /releases/{{id}}/{file}", "coordinator far-coordinator bureau operator",
             {"id": "release"})
        for file in ("document.json", "figures.csv")
    ),
    door("GET /funder/{token}", ANYONE, {"token": "funder"}),
    *(
        door(f"GET /funder/{{token}}/{{id}}{file}", ANYONE, {"token": "funder", "id": "release"})
        for file in ("", "/document.json", "/figures.csv")
    ),
    door("GET /programme/persons", OFFICE),
    door("POST /programme/persons", OFFICE, data={"email": "k@l.example", "role": "bureau"}),
    door("POST /programme/persons/{id}/end", "bureau operator", {"id": a_role}),
    door("GET /programme/companies", OFFICE),
    door(
        "POST /programme/companies", OFFICE,
        data={"name": "Smid {random}", "region": "whole"},
    ),
    door(
        "POST /programme/companies/{id}/accept", "bureau operator", {"id": an_asking_company},
        data={"region": "whole"},
    ),
    door(
        "POST /programme/companies/{id}/region", "bureau operator", {"id": an_asking_company},
        data={"region": "whole"},
    ),
    door("POST /programme/companies/{id}/refuse", "bureau operator", {"id": an_asking_company}),
)  # fmt: skip
_CLASS = (
    door("GET /classes", TEACHER),
    door("GET /classes/new", TEACHER),
    door("POST /classes", "teacher colleague",
         data={"school_id": "{school}", "name": "4A", "level": "havo"}),
    door("GET /classes/invited/{token}", f"anonymous phone {SIGNED_IN}", {"token": "invite"},
         others={"screen": NOT_THERE}),
    door("POST /classes/invited/{token}", f"anonymous phone {SIGNED_IN}", {"token": an_invite},
         others={"screen": NOT_THERE}, tries="anonymous teacher colleague",
         data={"email": "new.{random}@x.example"}),
    door("GET /classes/{id}", "teacher", {"id": "class"}),
    door("POST /classes/{id}/code", "teacher", {"id": a_class}),
    door("POST /classes/{id}/invites", "teacher", {"id": "class"}, data={"kind": "share"}),
    door("GET /join", ANYONE),
    door("POST /join", ANYONE, data={"code": "{class code}"}),
    door("GET /j/{token}", ANYONE, {"token": "class link"}),
    door("POST /j/{token}", ANYONE, {"token": "class link"}),
    door("GET /sessions/new", "teacher colleague far-teacher", query="tour={published}"),
    door("POST /sessions", "teacher", {"class_id": a_class},
         data={"tour_id": "{published}", "class_id": "{class_id}", "do": "now"}),
    door("GET /sessions/{id}", "teacher", {"id": "running"}),
    door("GET /sessions/{id}/now", "teacher", {"id": "running"}),
    door("POST /sessions/{id}/start", "teacher", {"id": planned}),
    door("POST /sessions/{id}/end", "teacher", {"id": running}),
    door("POST /sessions/{id}/cancel", "teacher", {"id": planned}),
    door("POST /sessions/{id}/plan", "teacher", {"id": running}, data={"home_until": ""}),
    door("POST /sessions/{id}/headcount", "teacher", {"id": ended}, data={"pupils": "24"}),
    door("POST /sessions/{id}/waiting", "teacher", {"id": running}, data={"do": "yes"}),
    door("POST /sessions/{id}/showing", "teacher", {"id": ended}, data={"reason": "Van een stick"}),
    door("GET /sessions/{id}/beamer", "teacher screen", {"id": "screened"},
         others={"phone": SIGN_IN, "anonymous": SIGN_IN}),
    door("POST /sessions/{id}/beamer", "teacher", {"id": running}),
    door("POST /sessions/{id}/declare", "screen", {"id": "screened"}, json={"pupils": 26},
         others={"anonymous": NOT_THERE, "phone": NOT_THERE}),
    door("GET /sessions/{id}/phone", "phone screen", {"id": "screened"},
         others=dict.fromkeys(f"anonymous {SIGNED_IN}".split(), JOIN)),
    door("POST /sessions/{id}/watch", "phone", {"id": "screened"}, data={"here": "1"},
         others={"screen": CONFLICT, "anonymous": NOT_THERE}),
    door("POST /sessions/{id}/beats", "phone screen", {"id": "screened"}, json=BEATS,
         others={"anonymous": NOT_THERE}),
    door("GET /screen", ANYONE),
    door("POST /screen/ask", ANYONE),
    door("GET /screen/{token}", TEACHER, {"": a_screen}),
    door("POST /screen/{token}", "teacher", {"": a_screen},
         data={"session_class_id": "{running class}", "number": "{number}"}),
    door("GET /attendance", LESSONS),
    door("GET /attendance.csv", LESSONS),
    door("GET /attendance.json", LESSONS),
    door("GET /attendance.xlsx", LESSONS),
    door("GET /keeping", ANYONE),
    door("GET /keeping/report", OFFICE),
    door("GET /keeping/report.json", OFFICE),
    door("GET /account/data", SIGNED_IN),
    door("GET /account/data.json", SIGNED_IN),
    door("POST /account/erase", SIGNED_IN, data={"email": "nobody@school.example"}),
    door("GET /exports", RECORDS),
    door("GET /exports/{id}.xlsx", "coordinator", {"id": "export"}),
    door("GET /exports/{id}/status", "coordinator", {"id": "export"}),
    door("GET /attendance/confirm/{token}", ANYONE, {"token": "confirm"}),
    door("POST /attendance/confirm/{token}", ANYONE, {"token": confirm_token}, tries="anonymous",
         data={"pupils": "25"}),
    door("GET /attendance/{session_class}", "teacher coordinator bureau",
         {"session_class": "session_class"}),
    door("GET /attendance/sessions/{session}", "teacher coordinator bureau",
         {"session": "ended"}),
    door("GET /attendance/{session_class}/seats/{number}", "teacher coordinator bureau",
         {"session_class": "session_class", "number": "1"}),
    door("POST /attendance/{session_class}/confirmation", "teacher coordinator bureau",
         {"session_class": session_class}),
    door("POST /attendance/{session_class}/corrections", "teacher coordinator bureau",
         {"session_class": session_class},
         data={"field": "headcount", "headcount": "20", "reason": "Vroeg weg"}),
    door("POST /attendance/{session_class}/corrections/{id}/undo", "teacher coordinator bureau",
         {"": a_correction}),
    door("POST /sessions/{id}/finish", "screen", {"id": "screened"},
         others={"anonymous": NOT_THERE, "phone": NOT_THERE}),
)  # fmt: skip
_NEEDS = (
    door("GET /needs", REVIEW),
    door("GET /needs/schools", REVIEW),
    door("POST /needs/deputies", "coordinator far-coordinator", {"": a_stand_in},
         # the office has to say who is away
         others={"twin-coordinator": "422", "bureau": "422", "twin-bureau": "422"},
         data={"deputy": "{stand in}", "from": "2031-07-01", "until": "2031-07-09"}),
    door("POST /needs/deputies/{id}/end", "coordinator bureau", {"id": an_absence}),
    door("GET /pairs", REVIEW),
    door("POST /pairs", "coordinator bureau", {"": a_facilitator},
         others={"far-coordinator": "422", "twin-coordinator": "422", "twin-bureau": "422"},
         tries="coordinator",
         data={"person": "{facilitator}", "school": "College {mark}", "company": "{desk company}"}),
    door("POST /pairs/{id}/end", "coordinator bureau", {"id": a_pair}),
    door("POST /needs/{session_class}/seen", "coordinator bureau", {"session_class": a_no_show}),
)  # fmt: skip
ASKING = "teacher editor coordinator bureau"
REQUEST = "/requests/{id}"
LESSON = {"day": "{lesson day}", "from_time": "10:15", "minutes": "50", "conduct": "1"}
_REQUESTS = (
    door("GET /requests", REPORTS),
    door("GET /requests/new", TEACHER),
    door("POST /requests", "teacher", {"class_id": a_class},
         data={"company_id": "{desk company}", "class_id": "{class_id}", "kind": "guest_lesson",
               "subject": "Roest", "goal": "Zien", "weeks": "{lesson week}", "minutes": "50",
               "headcount": "27"}),
    door(f"GET {REQUEST}", ASKING, {"id": a_request}),
    door(f"POST {REQUEST}/accept", "editor", {"id": a_request}, data=LESSON),
    door(f"POST {REQUEST}/propose", "editor", {"id": a_request}, data=LESSON),
    door(f"POST {REQUEST}/decline", "editor", {"id": a_request}, data={"reason": "Geen plek"}),
    door(f"POST {REQUEST}/date/accept", "teacher", {"id": a_proposal}),
    door(f"POST {REQUEST}/date/decline", "teacher", {"id": a_proposal}),
    door(f"POST {REQUEST}/withdraw", "teacher", {"id": a_request}),
    door(f"GET {REQUEST}/briefing", ASKING, {"id": an_agreement}),
    door(f"POST {REQUEST}/cancel", "teacher editor", {"id": an_agreement},
         data={"reason": "Storm"}, others={"coordinator": "422", "bureau": "422"}),
    door(f"POST {REQUEST}/briefing", "teacher", {"id": an_agreement},
         data={"prior_knowledge": "Ionen"}),
)  # fmt: skip
# Who works on a webinar of the company in the region, and who leads it.
MAKES = "editor coordinator bureau operator"
LEADS = "coordinator bureau operator"
NOT_MADE = {"editor": "422"}
PUBLIC_WEBINAR = {"programme": "programme", "id": "webinar"}
WEBINAR = "/webinars/{id}"
_WEBINARS = (
    door("GET /webinars", ANYONE),
    door("GET /p/{programme}/webinars", ANYONE, {"programme": "programme"}),
    door("GET /p/{programme}/webinars", TWINS, {"programme": "programme"}, of_twin=True),
    door("GET /p/{programme}/webinars/{id}", ANYONE, PUBLIC_WEBINAR),
    door("GET /p/{programme}/webinars/{id}", TWINS, PUBLIC_WEBINAR, of_twin=True),
    door("GET /p/{programme}/webinars/{id}/register", f"anonymous phone {SIGNED_IN}",
         PUBLIC_WEBINAR),
    door("POST /p/{programme}/webinars/{id}/register", f"anonymous phone {SIGNED_IN}",
         PUBLIC_WEBINAR, tries="anonymous teacher",
         data={"email": "k@l.example", "school": "{school}", "class_name": "4A", "level": "havo"}),
    door("GET /webinars/new", f"{COORDINATOR} {OFFICE}"),
    door(
        "POST /webinars", f"{COORDINATOR} {OFFICE}", tries="coordinator bureau",
        data={"title_nl": "Een dijk", "original_language": "nl", "day": "{lesson day}",
              "from_time": "10:00", "until_time": "11:00", "audience": "pupils",
              "capacity": "90", "region_id": "{region}"},
    ),
    door("GET /webinars/presenter/{token}", f"anonymous phone {SIGNED_IN}",
         {"token": "presenter link"}),
    door("POST /webinars/presenter/{token}", f"anonymous phone {SIGNED_IN}",
         {"token": a_presenter_link}, tries="anonymous", data={"conduct": "1"}),
    door("GET /webinars/captions/{token}", ANYONE, {"token": "captions link"}),
    door("POST /webinars/captions/{token}", ANYONE, {"token": "captions link"}),
    door(f"POST {WEBINAR}/captioners", MAKES, {"id": "webinar draft"},
         data={"captioner_name": "Tess Tolk", "captioner_email": "tess@tolk.example",
               "caption_language": "nl"}),
    door(f"POST {WEBINAR}/captioners/{{captioner}}/remove", MAKES, {"": a_captioner}),
    door(f"GET {WEBINAR}", MAKES, {"id": "webinar"}),
    door(f"GET {WEBINAR}/edit", MAKES, {"id": "webinar draft"}),
    door(f"POST {WEBINAR}/edit", MAKES, {"id": a_webinar_draft},
         data={"title_nl": "Twee dijken", "original_language": "nl", "day": "{lesson day}",
               "from_time": "10:00", "until_time": "11:00", "audience": "pupils",
               "capacity": "90", "region_id": "{region}"}),
    door(f"POST {WEBINAR}/state", LEADS, {"id": a_webinar_draft}, data={"do": "announce"},
         others=NOT_MADE),
    door(f"POST {WEBINAR}/cancel", LEADS, {"id": a_webinar}, data={"reason": "Storm"},
         others=NOT_MADE),
    door(f"POST {WEBINAR}/copy", LEADS, {"id": "webinar"}, data={"day": "{lesson day}"},
         others=NOT_MADE),
    door(f"POST {WEBINAR}/presenters", MAKES, {"id": "webinar draft"},
         data={"name": "Mo Terpstra", "email": "mo@terpstra.example"}),
    door(f"POST {WEBINAR}/presenters/{{presenter}}/remove", MAKES, {"": a_place}),
    door(f"POST {WEBINAR}/presenters/{{presenter}}/vetted", LEADS, {"": a_place},
         data={"vetted_on": "2026-01-15"}),
    door(f"POST {WEBINAR}/moderators", LEADS, {"id": "webinar draft", "email": "teacher mail"},
         data={"moderator": "{email}"}),
    door(f"POST {WEBINAR}/moderators/{{moderator}}/remove", LEADS, {"": a_second_moderator}),
    door(f"GET {WEBINAR}/register", "teacher colleague far-teacher", {"id": "webinar"}),
    door(f"POST {WEBINAR}/register", "teacher", {"id": a_webinar, "class_id": a_class},
         data={"class_id": "{class_id}", "expected": "26", "devices": "one"}),
    door("POST /registrations/{id}/cancel", "teacher", {"id": a_registration}),
    door("POST /registrations/{id}/let-in", LEADS, {"id": one_that_waits}),
)  # fmt: skip
PART = "/rooms/{id}/classes/{part}"
WITH_SEAT = {"tries": "anonymous", "headers": {"cookie": "seat={seat}"}}
_ROOMS = (
    door("GET /rooms", f"{TEACHER} {EDITOR} {COORDINATOR} {OFFICE}"),
    door("POST /rooms", f"{EDITOR} {COORDINATOR} {OFFICE}", data={"title": "Live uit de werf"}),
    door("GET /rooms/{id}", WATCHERS, {"id": a_stage},
         others=dict.fromkeys(("anonymous", "phone", "screen"), JOIN)),
    door("GET /rooms/{id}/studio", ON_STAGE, {"id": a_stage}),
    door("POST /rooms/{id}/keys", ON_STAGE, {"id": a_stage}),
    door("POST /rooms/{id}/keys/{key}/revoke", "editor", {"": a_key}),
    door("POST /rooms/{id}/presenters/{member}/remove", ON_STAGE, {"": a_presenter}),
    door("POST /rooms/{id}/close", ON_STAGE, {"id": a_stage}),
    door("GET /rooms/{id}/reach", "editor bureau operator", {"id": a_stage}),
    door("GET /rooms/{id}/queue", "teacher", {"": a_part}),
    # its only class's teacher moderates too, and so does the editor who opened it
    door("GET /rooms/{id}/desk", f"teacher {ON_STAGE}", {"": a_part}),
    door("POST /rooms/{id}/classes", "teacher", {"id": a_stage, "class_id": a_class},
         data={"class_id": "{class_id}"}),
    door(f"POST {PART}/headcount", "teacher", {"": a_part}, data={"pupils": "24"}),
    door(f"POST {PART}/waiting", "teacher", {"": a_part}, data={"do": "yes"}),
    door(f"POST {PART}/leave", "teacher", {"": a_part}),
    door(f"POST {PART}/showing", "teacher", {"": a_part}, data={"reason": "Geen netwerk"}),
    door("GET /rooms/{id}/beamer", "teacher", {"": a_part},
         others=dict.fromkeys(NOBODY_KNOWN, SIGN_IN)),
    door("POST /rooms/{id}/beamer", "teacher", {"": a_part}),
    # whoever's device has the seat
    door("POST /rooms/{id}/declare", ANYONE, {"": a_screen_in_it}, json={"pupils": 26},
         **WITH_SEAT),
    door("POST /rooms/{id}/watch", ANYONE, {"": a_seat_in_it}, data={"here": "1"}, **WITH_SEAT),
    # whoever's browser has the captioner's link
    door("GET /rooms/{id}/captions", ANYONE, {"": a_typing_room}, tries="anonymous",
         headers={"cookie": "captioner={token}"}),
    door("GET /check", ANYONE),
    door("POST /check/result", ANYONE, json={"results": [{"rung": "udp", "result": "fails"}]}),
)  # fmt: skip
_LIVE = (
    *(door(f"OPTIONS {path}{part}", ANYONE, {"id": a_stage, "resource": "r"})
      for path in (WHIP, WHEP) for part in ("", "/{resource}")),
    *(door(f"{method} {path}{part}", allowed, {"id": a_stage, "resource": "r"}, others=others,
           **sent)
      for path, allowed, others in (
          (WHIP, ON_STAGE, NOT_ON_STAGE), (WHEP, WATCHERS, {"anonymous": WHO_ARE_YOU}),
      )
      for method, part, sent in (
          ("GET", "", {}), ("POST", "", SDP), ("GET", "/{resource}", {}),
          ("PATCH", "/{resource}", FRAGMENT), ("DELETE", "/{resource}", {}),
      )),
    door("OPTIONS /check/whep", ANYONE),
    door("POST /check/whep", ANYONE, query="rung=udp", **SDP),
    door("DELETE /check/whep", ANYONE, query="resource=r"),
    # four at most try at once, each for seconds
    door("POST /check/whip", PRESENTS, others=MACHINE_401, is_ended=True, **SDP),
    door("DELETE /check/whip", PRESENTS, others=MACHINE_401, query="resource=r"),
    door("POST /rooms/{id}/hide", "editor", {"id": a_stage}, json={"hidden": True}),
    door("POST /rooms/{id}/mute", "editor", {"id": a_stage}, json={"muted": True}),
    # whoever's device has the seat
    door("POST /rooms/{id}/token", ANYONE, {"": a_seat_in_it}, tries="anonymous",
         headers={"cookie": "seat={seat}"}),
)  # fmt: skip
_API = (
    door(f"GET {API}/openapi.json", ANYONE),
    door(f"GET {API}/tours", SIGNED_IN, others=NO_TOKEN),
    door(f"POST {API}/tours", EDITOR, others=NO_TOKEN, json={"title": "Nieuw"}),
    door(f"GET {API}/tours/{{id}}", "editor", {"id": "draft"}, others=NO_TOKEN),
    door(f"GET {API}/tours/{{id}}", "editor coordinator bureau operator", {"id": "review"},
         others=NO_TOKEN),
    door(f"PUT {API}/tours/{{id}}/texts/{{language}}", "editor", {"id": a_draft, "language": "nl"},
         others=NO_TOKEN, json={"title": "Anders"}),
    door(f"PUT {API}/tours/{{id}}/about", "editor", {"id": a_draft}, others=NO_TOKEN,
         json={"sectors": ["water"], "levels": ["havo"]}),
    door(f"PUT {API}/tours/{{id}}/captions/{{language}}", "editor",
         {"id": a_draft, "language": "nl"}, others=NO_TOKEN, json={"text": VTT.decode()}),
    door(f"PUT {API}/tours/{{id}}/declaration", "editor", {"id": a_draft}, others=NO_TOKEN,
         json={"agreed": True, "until": "2028-01-01"}),
    door(f"PUT {API}/tours/{{id}}/checks", "editor", {"id": a_draft}, others=NO_TOKEN,
         json={"checks": ["faces"]}),
    door(f"POST {API}/tours/{{id}}/review", "editor", {"id": a_draft}, others=NO_TOKEN),
    door(f"POST {API}/tours/{{id}}/publish", "coordinator bureau", {"id": in_review},
         others=NO_TOKEN, json={}),
    door(f"POST {API}/tours/{{id}}/return", "coordinator bureau", {"id": in_review},
         others=NO_TOKEN, json={"reasons": "Anders graag."}),
    door(f"GET {API}/videos/{{id}}", "editor", {"id": "video"}, others=NO_TOKEN),
    door(f"GET {API}/videos/{{id}}/versions", "editor", {"id": "video"}, others=NO_TOKEN),
    door(f"GET {API}/sessions", TEACHER, others=NO_TOKEN),
    door(f"POST {API}/sessions", "teacher", {"class_id": a_class}, others=NO_TOKEN,
         json={"tour": "{published}", "class_id": "{class_id}"}),
    door(f"GET {API}/sessions/{{id}}", "teacher", {"id": "running"}, others=NO_TOKEN),
    door(f"POST {API}/sessions/{{id}}/start", "teacher", {"id": planned}, others=NO_TOKEN),
    door(f"POST {API}/sessions/{{id}}/end", "teacher", {"id": running}, others=NO_TOKEN),
    door(f"GET {API}/attendance", f"{TEACHER} {COORDINATOR} {BUREAU}", others=NO_TOKEN),
    door(f"GET {API}/kpis", REPORTS, others=NO_TOKEN),
    door(f"GET {API}/releases", RELEASES, others=NO_TOKEN),
    door(f"GET {API}/releases/{{id}}", "coordinator far-coordinator bureau operator",
         {"id": "release"}, others=NO_TOKEN),
)  # fmt: skip
# These end sign-ins: last, for whoever is signed out here is nobody afterwards.
_ACCOUNT = (
    door("GET /calendar", SIGNED_IN),
    door("POST /calendar/feed", SIGNED_IN, tries="colleague editor"),
    door("POST /calendar/feed/revoke", SIGNED_IN, tries="colleague editor"),
    door("GET /account", SIGNED_IN),
    door("POST /account", SIGNED_IN, data={"name": "Anders", "language": "nl"}),
    door("POST /account/mails", SIGNED_IN, data={"kinds": "confirm_class"}),
    door("POST /account/programme", HERE, data={"programme": "{programme_id}"}),
    door("POST /account/sign-ins/{id}/end", "teacher", {"id": a_sign_in}),
    door("POST /account/password", SIGNED_IN, tries="colleague twin-editor",
         data={"new_password": "een lang geheim woord"}),
    door("POST /account/sign-ins/end-others", SIGNED_IN, tries="colleague editor"),
    door("POST /sign-out", ANYONE),
)  # fmt: skip
DOORS = (
    *_PUBLIC,
    *_FILMS,
    *_STUDIO,
    *_OFFICE,
    *_CLASS,
    *_NEEDS,
    *_REQUESTS,
    *_WEBINARS,
    *_ROOMS,
    *_LIVE,
    *_API,
    *_ACCOUNT,
)


def filled(text: str, values: Mapping[str, str]) -> str:
    """`{name}` replaced by what it stands for."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text.replace("{random}", str(uuid4()))


def deep(value: Any, values: Mapping[str, str]) -> Any:
    """The same through lists and dicts."""
    if isinstance(value, str):
        return filled(value, values)
    if isinstance(value, dict):
        return {key: deep(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [deep(one, values) for one in value]
    return value


__all__ = ["DOORS", "Door", "Visit", "deep", "filled"]
