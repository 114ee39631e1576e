"""A whole programme: everybody in it and one of everything, each name carrying the same mark.

Two of them side by side are twins: a page of one that shows the other's mark has looked across.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from media import videos
from rooms.agenda import (
    captioners,
    feeds,
    objectives,
    registrations,
    request_answers,
    request_asking,
    room_sessions,
    screens,
    sessions,
    webinar_doors,
    webinar_presenters,
    webinars,
)
from rooms.agenda.request_drafts import Draft, Slot, weeks_from
from rooms.agenda.room_sessions import Part
from rooms.agenda.webinar_texts import Text as WebinarText
from rooms.attendance import (
    corrections,
    exports,
    keeping,
    kpi_periods,
    person_corrections,
    person_visits,
    release_links,
    releases,
    results,
    seats,
    visits,
)
from rooms.attendance.confirmations import Asked
from rooms.attendance.moves import Move
from rooms.attendance.report import Filters
from rooms.attendance.rule import unix_ms
from rooms.connection import Connection
from rooms.live import on_air, presenters, rooms, stream_keys
from rooms.live.rooms import Room
from rooms.people import (
    classes,
    companies,
    networks,
    registry_lists,
    schools,
    sign_in_mails,
    sign_ins,
)
from rooms.people.classes import Class
from rooms.people.companies import Company
from rooms.people.networks import Kind
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from rooms.people.regions import Region
from rooms.people.registry_changes import Origin
from rooms.people.registry_files import SchoolRow
from rooms.people.registry_plan import Terms
from rooms.people.schools import School
from rooms.safety import incidents
from rooms.scope import Grant, Scope
from rooms.tours import captions_kept, chapters_kept, documents, reviews, texts, tours
from rooms.tours.captions import Cue
from rooms.tours.captions_kept import Kept
from rooms.tours.chapters import Chapter
from rooms.tours.texts import Text
from server import confirm_mails, mail, sealed
from server.agenda_mails import THANKS
from server.config import Settings
from server.pages import kpi_words
from server.pages.calendar import FEED
from tests.support import people
from tests.support import tours as build
from tests.support.days import local_day
from tests.support.tours import Desk

FILM_MS = 16_000
WORKSHEET = b"%PDF-1.4\n%worksheet\n"


@dataclass
class Whole:
    """One programme. `at` names every object an address can point to, as it stands in a path."""

    mark: str
    programme: Programme
    region: Region
    far: Region
    school: School
    desk: Desk
    other_desk: Desk
    asking: Company
    now: datetime
    settings: Settings
    people: dict[str, Person] = field(default_factory=dict)
    at: dict[str, str] = field(default_factory=dict)
    versions: list[UUID] = field(default_factory=list)
    document_keys: list[str] = field(default_factory=list)

    def scope(self, role: str) -> Scope:
        """The scope of one of its people."""
        grants = {
            "teacher": Grant("teacher", school_id=self.school.id),
            "colleague": Grant("teacher", school_id=self.school.id),
            "editor": Grant("editor", company_id=self.desk.company.id),
            "coordinator": Grant("coordinator", region_id=self.region.id),
            "bureau": Grant("bureau"),
        }
        return Scope(self.programme.id, self.people[role].id, (grants[role],))

    async def a_spreadsheet(self, conn: Connection) -> UUID:
        """What the coordinator had made of all attendance, ready to be fetched."""
        export_id, _ = await exports.ask(
            conn, self.scope("coordinator"), "attendance", "level=vwo", Filters(level="vwo"), "nl",
            30_000, self.now,
        )  # fmt: skip
        key, lease = f"exports/{export_id}.xlsx", uuid4()
        file = self.settings.home / "storage" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"PK")
        await exports.claim(conn, export_id, lease, timedelta(minutes=1), self.now)
        assert await exports.finish(conn, export_id, lease, key, 2, 30_000, self.now)
        return export_id

    # Fresh objects, for addresses that use one up

    async def a_class(self, conn: Connection, name: str = "") -> Class:
        """One more class of the teacher."""
        return await classes.create(
            conn, self.scope("teacher"), self.school.id, name or f"{uuid4().hex[:4]} {self.mark}",
            "havo", 3, f"Techniek {self.mark}", 28, self.now,
        )  # fmt: skip

    async def a_session(self, conn: Connection, *, starts: bool = True) -> sessions.Session:
        """The published tour with a class of its own: running, or planned for today."""
        made, scope = await self.a_class(conn), self.scope("teacher")
        tour_id = UUID(self.at["published"])
        if starts:
            return await sessions.show_now(conn, scope, tour_id, made.id, self.now)
        plan = sessions.Plan(day=local_day(self.now))
        return await sessions.plan(conn, scope, tour_id, made.id, plan, self.now)

    async def an_ended_session(self, conn: Connection) -> sessions.Session:
        """A lesson that was shown and is over: a screen that watched, a phone beside it."""
        session = await self.a_session(conn)
        began = self.now - timedelta(minutes=20)
        part = session.session_class_id
        screen, _ = await seats.become_beamer(conn, self.programme.id, part, None, began)
        phone, _ = await seats.sit(conn, self.programme.id, part, None, began)
        for seat, watched in ((screen, "{[0,12000)}"), (phone, "{}")):
            await conn.execute(
                """
                insert into visits (programme_id, seat_id, connection, started_at, seen_until,
                    ended_at, end_reason, watched, media_flowed, media_wanted)
                values ($1, $2, gen_random_uuid(), $3, $4, $4, 'session_ended',
                    $5::text::int8multirange, true, true)
                """,
                self.programme.id, seat.id, began, began + timedelta(seconds=20), watched,
            )  # fmt: skip
        await conn.execute("update sessions set started_at = $2 where id = $1", session.id, began)
        await sessions.declare(conn, self.programme.id, part, 26, began)
        await sessions.end(conn, self.scope("teacher"), session.id, self.now)
        await results.rebuild(conn, session.session_class_id, self.now)
        return await sessions.get(conn, self.scope("teacher"), session.id)

    async def a_draft(self, conn: Connection, *, has_film: bool = True) -> UUID:
        """A tour of the company that still may change."""
        tour_id = await build.a_draft(conn, self.desk, f"Kort {uuid4().hex[:4]} {self.mark}")
        if has_film:
            version_id = await build.a_film(conn, self.desk, tour_id, duration_ms=FILM_MS)
            self.versions.append(version_id)
            await self._dress(conn, tour_id, version_id)
        return tour_id

    async def a_tour_in(self, conn: Connection, state: str) -> UUID:
        """A whole tour in review, returned or published."""
        tour_id = await self.a_draft(conn)
        await reviews.ask(conn, self.desk.editors, tour_id, self.now)
        if state == "returned":
            words = f"Graag een naam onleesbaar maken, {self.mark}."
            await reviews.give_back(conn, self.desk.reviewers, tour_id, words, self.now)
        if state == "published":
            await reviews.publish(conn, self.desk.reviewers, tour_id, [], self.now)
        return tour_id

    async def _dress(self, conn: Connection, tour_id: UUID, version_id: UUID) -> None:
        scope, mark = self.desk.editors, self.mark
        await build.fill(conn, self.desk, tour_id, version_id)
        title = (await tours.one_of_company(conn, scope, tour_id)).title
        await texts.put(conn, scope, tour_id, Text("nl", title, f"Van plaat staal tot {mark}."))
        await texts.put(conn, scope, tour_id, Text("en", f"How {mark} is made", "From steel."))
        cues = (Cue(0, 3000, (f"Welkom bij {mark}",)), Cue(3000, 9000, ("Dit is de pers.",)))
        await captions_kept.put(
            conn, scope.programme_id, version_id, Kept("nl", "file", False, cues)
        )
        await captions_kept.put(
            conn, scope.programme_id, version_id, Kept("en", "typed", False, cues)
        )
        parts = (Chapter(0, f"De poort van {mark}"), Chapter(6000, "De pers"))
        await chapters_kept.put(conn, scope.programme_id, version_id, parts)
        key = f"documents/{uuid4()}.pdf"
        self.document_keys.append(key)
        await documents.add(
            conn, scope, tour_id, kind="worksheet", language="nl", filename=f"{mark}.pdf",
            content_type="application/pdf", size=len(WORKSHEET), key=key,
        )  # fmt: skip

    async def a_release(self, conn: Connection) -> UUID:
        """The figures of the present school year as they left the programme when it was over."""
        period = kpi_periods.named("", "", local_day(self.now), 8)
        words = {language: kpi_words.definitions(language) for language in ("nl", "en")}
        over = datetime.combine(period.until + timedelta(days=2), time(), UTC)
        return (await releases.make(conn, self.scope("bureau"), period, words, over)).id

    async def a_release_link(self, conn: Connection) -> tuple[UUID, str]:
        """(id, secret) of a funder's link to the releases."""
        day, scope = local_day(self.now), self.scope("bureau")
        label = f"Fonds {uuid4().hex[:4]} {self.mark}"
        until = day + timedelta(days=30)
        token = await release_links.make(conn, scope, label, until, day, self.now)
        found = await release_links.every(conn, scope, self.now)
        return next(one.id for one in found if one.label == label), token

    async def a_network(self, conn: Connection) -> UUID:
        """A network of the school and the company."""
        scope, name = self.scope("bureau"), f"Netwerk {uuid4().hex[:4]} {self.mark}"
        made = await networks.create(conn, scope, name, self.now)
        day = date(2020, 8, 1)
        await networks.join(conn, scope, made.id, Kind.SCHOOL, [self.school.id], day)
        await networks.join(conn, scope, made.id, Kind.COMPANY, [self.desk.company.id], day)
        return made.id

    async def an_objective(self, conn: Connection) -> UUID:
        """One more objective of the programme."""
        names = {"nl": f"Kiezen voor {self.mark}", "en": f"Choosing {self.mark}"}
        return await objectives.create(conn, self.scope("bureau"), names, self.now)

    async def a_typed_school(self, conn: Connection) -> UUID:
        """A school that one of its teachers typed in."""
        name = f"{self.mark} {uuid4().hex[:6]}"
        typed = await schools.put_unlisted(conn, country="NL", name=name, place="Hengelo")
        await people.a_teacher(
            conn, self.programme, typed, name=f"{self.mark} Teacher", is_confirmed=False
        )
        return typed.id

    async def a_school_list(self, conn: Connection) -> UUID:
        """A list with one new school, which waits for the office."""
        row = SchoolRow("NL", "brin", f"9{uuid4().hex[:3].upper()}00", f"{self.mark} Lyceum",
                        "Assen", ("havo",), 2)  # fmt: skip
        terms = Terms(date(2026, 8, 1), self.region.id)
        origin = Origin(f"{self.mark}.csv", self.now, "", self.people["bureau"].id)
        list_id, _ = await registry_lists.offer(conn, self.scope("bureau"), [row], terms, origin)
        assert list_id is not None
        return list_id

    async def an_asking_company(self, conn: Connection) -> Company:
        """A company that waits for its answer, with who asked."""
        scope = Scope(self.programme.id)
        name = f"Vrager {uuid4().hex[:4]} {self.mark}"
        company = await companies.create(conn, scope, name=name, state="asked")
        await people.an_editor(conn, self.programme, company)
        return company

    async def an_unconfirmed_teacher(self, conn: Connection) -> UUID:
        """A role that waits for a coordinator's yes."""
        person = await people.a_person(conn, name=f"Nieuw {self.mark}")
        return await people.a_role(
            conn, self.programme, person, "teacher", school=self.school, is_confirmed=False
        )

    async def an_upload(self, conn: Connection) -> UUID:
        """A film on its way, nothing of it here yet."""
        tour_id = await self.a_draft(conn, has_film=False)
        upload_id: UUID = await conn.fetchval(
            """
            insert into uploads (programme_id, company_id, tour_id, person_id, filename, length,
                                 received, state, expires_at)
            values ($1, $2, $3, $4, $5, 10, 0, 'open', now() + interval '1 day') returning id
            """,
            self.programme.id, self.desk.company.id, tour_id, self.people["editor"].id,
            f"{self.mark}.mp4",
        )  # fmt: skip
        return upload_id

    async def a_failed_film(self, conn: Connection) -> UUID:
        """A tour whose film could not be made."""
        upload_id = await self.an_upload(conn)
        tour_id: UUID = await conn.fetchval("select tour_id from uploads where id = $1", upload_id)
        video_id = await conn.fetchval("select video_id from tours where id = $1", tour_id)
        editor = self.people["editor"]
        version_id = await videos.add_version(
            conn, self.programme.id, video_id, upload_id, editor.id
        )
        await conn.execute("update uploads set state = 'used' where id = $1", upload_id)
        await conn.execute(
            """
            update video_versions set state = 'failed', error_code = 'encoder_failed'
            where id = $1
            """,
            version_id,
        )
        return tour_id

    async def a_waiting_screen(self, conn: Connection) -> str:
        """The link of a classroom PC that waits for its teacher."""
        return (await screens.wait(conn, self.now)).link

    async def an_invite(self, conn: Connection) -> str:
        """The token with which a colleague takes part in a class."""
        made = await self.a_class(conn)
        return await classes.invite(conn, self.scope("teacher"), made.id, "share", self.now)

    async def a_link(self, conn: Connection) -> str:
        """The token of a sign-in mail to the teacher."""
        email = self.people["teacher"].email
        asked = await sign_in_mails.ask(
            conn, email=email, secret=self.settings.secret, now=self.now
        )
        return asked.link_token

    async def a_sign_in(self, conn: Connection, person: Person) -> UUID:
        """One more device on which the person is signed in."""
        token = await sign_ins.start(
            conn, person.id, now=datetime.now(UTC), programme_id=self.programme.id
        )
        found = await sign_ins.id_of(conn, token)
        assert found is not None
        return found

    async def a_correction(self, conn: Connection) -> tuple[UUID, UUID]:
        """(session class, correction) of an ended lesson."""
        session = await self.an_ended_session(conn)
        await corrections.correct(
            conn, self.scope("teacher"), session.session_class_id, "headcount", "25",
            f"Er ging er een weg, {self.mark}", self.now,
        )  # fmt: skip
        [made] = await corrections.history(conn, self.scope("teacher"), session.session_class_id)
        return session.session_class_id, made.id

    async def confirm_token(self, conn: Connection) -> str:
        """What the mail of the morning after carries."""
        session = await self.an_ended_session(conn)
        told = Asked(
            self.programme.id, session.id, session.session_class_id, self.people["teacher"].id,
            session.class_name, session.title, local_day(self.now), 26, 12_000, None,
        )  # fmt: skip
        return confirm_mails.make_token(self.settings, told)

    def stop_token(self) -> str:
        """What a mail's "no more of these" link carries."""
        return mail.stop_token(self.settings, self.people["editor"].id, "tour_published")

    async def a_request(self, conn: Connection, state: str = "asked") -> UUID:
        """An invitation of the teacher to the company: asked, proposed, accepted or declined."""
        made = await self.a_class(conn)
        today = local_day(self.now)
        draft = Draft(
            self.desk.company.id, made.id, "live_tour", f"Hoe staal roest, {self.mark}",
            f"Zien waar corrosie begint bij {self.mark}.", "Ionen en metalen.",
            ("screen", "sound", "phones"), weeks_from(today, 6), "dinsdag het derde uur", 50, 27,
        )  # fmt: skip
        asked = await request_asking.ask(conn, self.scope("teacher"), draft, self.now)
        slot = Slot(self.lesson_day, time(10, 15), 50, asked.zone)
        key = (conn, self.scope("editor"), asked.id)
        if state == "proposed":
            await request_answers.propose(*key, slot, f"Dan draait de pers, {self.mark}.", self.now)
        if state == "accepted":
            await request_answers.accept(*key, slot, self.now)
        if state == "declined":
            await request_answers.decline(*key, f"Wij verbouwen, {self.mark}.", self.now)
        return asked.id

    @property
    def lesson_day(self) -> date:
        """A day in a week that suits."""
        return weeks_from(local_day(self.now))[1] + timedelta(days=1)

    async def a_webinar(self, conn: Connection, *, is_draft: bool = False) -> UUID:
        """A webinar of the company in the region, for sixty pupils: announced, or a draft."""
        day = weeks_from(local_day(self.now))[1]
        words = {
            "nl": WebinarText("nl", f"Bouw een dijk, {self.mark}", "Hoe water buiten blijft."),
            "en": WebinarText("en", f"Build a dyke, {self.mark}", "How water is kept out."),
        }
        wish = webinars.Wish(
            words, day, time(10), time(11), company_id=self.desk.company.id,
            region_id=self.region.id, capacity=60, sectors=("water",), levels=("havo",),
        )  # fmt: skip
        made = await webinars.make(conn, self.scope("bureau"), wish, self.now)
        if not is_draft:
            await webinar_doors.announce(conn, self.scope("bureau"), made.id, self.now)
        return made.id

    async def a_registration(self, conn: Connection, webinar_id: UUID, pupils: int = 26) -> UUID:
        """One more class of the teacher in a webinar, or on its waiting list."""
        wish = registrations.Wish((await self.a_class(conn)).id, pupils)
        done = await registrations.register(conn, self.scope("teacher"), webinar_id, wish, self.now)
        return done.id

    async def a_presenter(self, conn: Connection, webinar_id: UUID) -> tuple[UUID, str]:
        """(place, token of the link) of a presenter who has no account yet."""
        email = f"spreker-{uuid4().hex[:6]}@{self.mark.lower()}.example"
        return await webinar_presenters.invite(
            conn, self.scope("bureau"), webinar_id, email, f"Spreker {self.mark}", self.now
        )

    async def a_captioner(self, conn: Connection, webinar_id: UUID) -> dict[str, str]:
        """Somebody who comes to type captions: her link, her place, and the room."""
        scope, email = self.scope("bureau"), f"{uuid4().hex[:8]}@tolk.example"
        name = f"Typist {self.mark}"
        made, token = await captioners.invite(conn, scope, webinar_id, email, name, "nl", self.now)
        await captioners.agree(conn, made, self.now)
        return {
            "token": token,
            "captioner": str(made.id),
            "room": str(made.room_id),
            "id": str(webinar_id),
        }

    async def a_claimed_place(self, conn: Connection, webinar_id: UUID) -> UUID:
        """The place of a presenter who has taken it."""
        place, token = await self.a_presenter(conn, webinar_id)
        invited = await webinar_presenters.invitation(conn, token, self.now)
        person = await people.a_person(conn, invited.email, f"Spreker {self.mark}")
        await webinar_presenters.claim(conn, invited, person.id, self.now, accepts=True)
        return place

    async def a_calendar(self, conn: Connection) -> str:
        """The secret of the address of the teacher's agenda; the one before ends."""
        feed = await feeds.renew(conn, self.scope("teacher"), self.now)
        return sealed.seal(self.settings, FEED, feed.id)

    async def a_webinar_over(self, conn: Connection) -> tuple[UUID, UUID]:
        """(webinar, question) of one that is over, with a question that had no turn."""
        made = await self.a_webinar(conn)
        part = await self.an_ended_room(conn)
        await self._comes_by_herself(conn, made)
        await conn.execute(
            """
            update webinars set state = 'ended', live_at = opened_at, ended_at = $2, room_id = $3
            where id = $1
            """,
            made, self.now, part.room_id,
        )  # fmt: skip
        question = uuid4()
        await conn.execute(
            "insert into questions values ($1, $2, $3, $4, $5, 'shown', $6)",
            self.programme.id, question, part.room_id, part.session_class_id,
            f"Hoe heet de pers van {self.mark}?", self.now,
        )  # fmt: skip
        return made, question

    async def _comes_by_herself(self, conn: Connection, webinar_id: UUID) -> None:
        """A teacher who registered herself, and was there for a while of the time on air."""
        person, began = self.people["far teacher"].id, self.now - timedelta(minutes=19)
        await conn.execute(
            """
            insert into registrations (programme_id, webinar_id, registered_by, state, expected,
                devices, needs, registered_at, changed_at)
            values ($1, $2, $3, 'in', 1, 'one', '{}', $4, $4)
            """,
            self.programme.id, webinar_id, person, began,
        )  # fmt: skip
        key = (self.programme.id, webinar_id, person)
        connection = await person_visits.open_one(conn, *key, None, began)
        until = began + timedelta(minutes=4)
        present = ((unix_ms(began), unix_ms(until)),)
        await person_visits.move(conn, [Move(connection, began, until, present, rung="udp")])

    async def a_person_correction(self, conn: Connection) -> dict[str, str]:
        """A webinar that is over, who came by herself, and a correction of that."""
        webinar_id, _ = await self.a_webinar_over(conn)
        key = (webinar_id, self.people["far teacher"].id)
        said = ("partial", "present", f"Zij zat bij mij op de kamer, {self.mark}.")
        await person_corrections.correct(conn, self.scope("bureau"), *key, *said, self.now)
        [found] = (await person_corrections.of_webinar(conn, self.scope("bureau"), key[0]))[key[1]]
        return {"id": str(key[0]), "person": str(key[1]), "correction": str(found.id)}

    def thanks(self, webinar_id: UUID, who: str) -> str:
        """What the thank-you mail carries."""
        return sealed.seal(
            self.settings, THANKS, self.programme.id, webinar_id, self.people[who].id
        )

    async def a_room(self, conn: Connection) -> Room:
        """An open live room of the company."""
        return await rooms.open_room(
            conn, self.scope("editor"), f"Live uit de hal {self.mark}", None, self.now
        )

    async def an_incident(self, conn: Connection, room_id: UUID | None = None) -> UUID:
        """Something was reported from a room, about a question that is kept with it."""
        at = room_id or (await self.a_room(conn)).id
        question = {"id": str(uuid4()), "text": f"Een rare vraag {self.mark}"}
        evidence = {"question": question, "on_stage": None, "presenters": []}
        told = incidents.Report(at, None, "question", "unkind", "pupil", uuid4(), evidence)
        return await incidents.report(conn, Scope(self.programme.id), told, self.now)

    async def a_part(self, conn: Connection, room_id: UUID) -> Part:
        """A new class of the teacher takes part in a room."""
        made = await self.a_class(conn)
        return await room_sessions.take_part(
            conn, self.scope("teacher"), room_id, made.id, self.now
        )

    async def an_ended_room(self, conn: Connection) -> Part:
        """A class in a room that was on air and is closed: a screen that watched for a while."""
        began, until = self.now - timedelta(minutes=20), self.now - timedelta(minutes=15)
        room = await self.a_room(conn)
        part = await self.a_part(conn, room.id)
        beamer = seats.become_beamer
        seat, _ = await beamer(conn, self.programme.id, part.session_class_id, None, began)
        await on_air.see(conn, {room.id: ((unix_ms(began), unix_ms(self.now)),)}, self.now)
        connection = await visits.open_one(conn, self.programme.id, seat.id, None, began)
        present = ((unix_ms(began), unix_ms(until)),)
        await visits.move(conn, [Move(connection, began, until, present, media_flowed=True)])
        await rooms.close(conn, self.scope("editor"), room.id, self.now)
        await keeping.close_room(conn, room, self.now)
        return part

    async def a_seat_in_room(self, conn: Connection, kind: str) -> tuple[UUID, str]:
        """(room, cookie) of a screen or phone of a class that takes part."""
        part = await self.a_part(conn, UUID(self.at["room"]))
        sit = seats.become_beamer if kind == "beamer" else seats.sit
        _, token = await sit(conn, self.programme.id, part.session_class_id, None, self.now)
        return part.room_id, token

    async def a_seat(self, conn: Connection, kind: str) -> tuple[UUID, str]:
        """(session, cookie) of a running lesson's screen or phone."""
        session = await self.a_session(conn)
        sit = seats.become_beamer if kind == "beamer" else seats.sit
        _, token = await sit(conn, self.programme.id, session.session_class_id, None, self.now)
        return session.id, token

    async def one_more_phone(self, conn: Connection, session_id: UUID) -> str:
        """The cookie of a phone that sat down in a lesson."""
        session = await sessions.shown(conn, self.programme.id, session_id)
        _, token = await seats.sit(
            conn, self.programme.id, session.session_class_id, None, self.now
        )
        return token


async def a_whole(
    conn: Connection, mark: str, settings: Settings, now: datetime, *, is_public: bool = True
) -> Whole:
    """Builds the programme `mark`, its people, and one of everything that stays."""
    programme = await people.a_programme(
        conn, mark.lower(), name=f"Programma {mark}", is_public=is_public
    )
    region = await people.a_region(conn, programme, f"Regio {mark}")
    far = await people.a_region(conn, programme, f"Verre regio {mark}")
    school = await people.a_school(
        conn, programme, name=f"College {mark}", place=f"{mark}stad", region=region,
        levels=("vmbo", "havo", "vwo"), mail_domains=(f"{mark.lower()}.example",),
    )  # fmt: skip
    desk = await _desk(conn, programme, region, f"Werf {mark}", mark)
    other_desk = await _desk(conn, programme, far, f"Molen {mark}", mark)
    asking = await companies.create(
        conn, Scope(programme.id), name=f"Smederij {mark}", state="asked"
    )
    world = Whole(
        mark, programme, region, far, school, desk, other_desk, asking, now, settings
    )  # fmt: skip
    await _people(conn, world)
    await _things(conn, world)
    return world


async def _desk(
    conn: Connection, programme: Programme, region: Region, name: str, mark: str
) -> Desk:
    company = await people.a_company(conn, programme, name)
    await conn.execute(
        "update companies set region_id = $2, about = $3, place = $4 where id = $1",
        company.id, region.id, f"Wij zijn {mark}.", f"{mark}stad",
    )  # fmt: skip
    word = name.lower().partition(" ")[0]
    editor = await _person(conn, mark, f"editor-{word}", "Sem Visser")
    await people.a_role(conn, programme, editor, "editor", company=company)
    coordinator = await _person(conn, mark, f"coordinator-{word}", "Ria Koper")
    await people.a_role(conn, programme, coordinator, "coordinator", region=region)
    return Desk(programme, region, company, editor, coordinator)


async def _person(conn: Connection, mark: str, role: str, name: str) -> Person:
    return await people.a_person(conn, f"{role}@{mark.lower()}.example", f"{name} {mark}")


async def _people(conn: Connection, world: Whole) -> None:
    programme, mark = world.programme, world.mark
    far_school = await people.a_school(
        conn, programme, name=f"Verre school {mark}", place="Assen", region=world.far
    )
    world.people = {
        "editor": world.desk.editor,
        "other editor": world.other_desk.editor,
        "coordinator": world.desk.coordinator,
        "far coordinator": world.other_desk.coordinator,
    }
    for role, school in (("teacher", world.school), ("colleague", world.school),
                         ("far teacher", far_school)):  # fmt: skip
        person = await _person(conn, mark, role.replace(" ", "-"), "Noor Bakker")
        await people.a_role(conn, programme, person, "teacher", school=school)
        world.people[role] = person
    for role, name in (("bureau", "Bo Smit"), ("operator", "Bo Smit"),
                       ("safeguarding", "Maud Jansen")):  # fmt: skip
        person = await _person(conn, mark, role, name)
        await people.a_role(conn, programme, person, role)
        world.people[role] = person


async def _things(conn: Connection, world: Whole) -> None:
    world.at["objective"] = str(await world.an_objective(conn))
    world.at["network"] = str(await world.a_network(conn))
    world.at["published"] = str(await world.a_tour_in(conn, "published"))
    tour = await tours.one_by_id(conn, world.programme.id, UUID(world.at["published"]))
    [paper] = await documents.of_tour(conn, world.scope("bureau"), tour.id)
    for _ in range(2):
        await world.a_tour_in(conn, "published")
    draft = await world.a_draft(conn)
    for state in ("review", "returned"):
        world.at[state] = str(await world.a_tour_in(conn, state))
    ended = await world.an_ended_session(conn)
    running = await world.a_session(conn)
    school_class = await classes.get(conn, world.scope("teacher"), running.class_id)
    correction = await world.a_correction(conn)
    role_id = await world.an_unconfirmed_teacher(conn)
    room = await world.a_room(conn)
    await world.a_part(conn, room.id)
    await presenters.take_place(conn, world.scope("editor"), room.id, world.now)
    await stream_keys.create(conn, world.scope("editor"), room.id, "OBS", world.now)
    world.at["incident"] = str(await world.an_incident(conn, room.id))
    world.at["export"] = str(await world.a_spreadsheet(conn))
    over = await world.an_ended_room(conn)
    empty = await rooms.open_room(
        conn, world.scope("bureau"), f"Leeg {world.mark}", None, world.now
    )
    webinar = await world.a_webinar(conn)
    for pupils in (26, 28, 27):
        await world.a_registration(conn, webinar, pupils)
    await world.a_claimed_place(conn, webinar)
    _, link = await world.a_presenter(conn, webinar)
    captions = await world.a_captioner(conn, webinar)
    webinar_over, question = await world.a_webinar_over(conn)
    world.at |= {
        "captions link": captions["token"],
        "captions room": captions["room"],
        "webinar over": str(webinar_over),
        "attendee": str(world.people["far teacher"].id),
        "no turn": str(question),
        "thanks": world.thanks(webinar_over, "teacher"),
        "webinar": str(webinar),
        "webinar draft": str(await world.a_webinar(conn, is_draft=True)),
        "presenter link": link,
        "teacher mail": world.people["teacher"].email,
        "calendar": await world.a_calendar(conn),
        "room": str(room.id),
        "empty room": str(empty.id),
        "room class": str(over.session_class_id),
        "room over": str(over.room_id),
        "session over": str(over.session_id),
        "programme": world.programme.slug,
        "slug": tour.slug,
        "video": str(tour.video_id),
        "version": str(tour.version_id),
        "document": str(paper.id),
        "draft": str(draft),
        "empty": str(await world.a_draft(conn, has_film=False)),
        "failed": str(await world.a_failed_film(conn)),
        "running": str(running.id),
        "running class": str(running.session_class_id),
        "planned": str((await world.a_session(conn, starts=False)).id),
        "ended": str(ended.id),
        "session_class": str(ended.session_class_id),
        "corrected": str(correction[0]),
        "class": str(running.class_id),
        "class code": school_class.code,
        "class link": school_class.link_token,
        "invite": await world.an_invite(conn),
        "school": str(world.school.id),
        "region": str(world.region.id),
        "typed school": str(await world.a_typed_school(conn)),
        "school list": str(await world.a_school_list(conn)),
        "company": str(world.asking.id),
        "unconfirmed": str(role_id),
        "upload": str(await world.an_upload(conn)),
        "link": await world.a_link(conn),
        "stop": world.stop_token(),
        "confirm": await world.confirm_token(conn),
        "desk company": str(world.desk.company.id),
        "lesson day": str(world.lesson_day),
        "lesson week": str(world.lesson_day - timedelta(days=1)),
        "request": str(await world.a_request(conn)),
        "proposed": str(await world.a_request(conn, "proposed")),
        "agreed": str(await world.a_request(conn, "accepted")),
        "declined": str(await world.a_request(conn, "declined")),
        "release": str(await world.a_release(conn)),
        "funder": (await world.a_release_link(conn))[1],
    }
