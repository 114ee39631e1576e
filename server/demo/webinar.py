"""The demo's webinar: always one that is still to come, so that anybody can register a class."""

from datetime import datetime, time, timedelta

from rooms.agenda import objectives, registrations, webinar_doors, webinar_presenters, webinars
from rooms.agenda.objectives import Aim
from rooms.agenda.webinar_texts import Text
from rooms.agenda.webinars import Webinar
from rooms.scope import Grant, Scope
from server.database import Connection
from server.demo import cast, school_weeks
from server.demo.told import ProgrammeTold

TITLE = "Vraag het de mensen die de bladen maken"
TEXTS = {
    "nl": Text(
        "nl",
        TITLE,
        "Twee vakmensen staan in de hal. Ze laten zien wat ze maken en beantwoorden jullie vragen.",
        "Kijk van tevoren de rondleiding, en bedenk met elkaar drie vragen.",
    ),
    "en": Text(
        "en",
        "Ask the people who make the blades",
        "Two makers stand in the hall. They show what they make, and answer your questions.",
        "Watch the tour beforehand, and think of three questions together.",
    ),
}
# The first school day after so many days.
DAYS_AHEAD = 6
# Classes that are registered, with what they need.
REGISTERED = (("5V1", ()), ("4H3", ("captions",)))


async def find_or_make(conn: Connection, told: ProgrammeTold, now: datetime) -> str:
    """The path of the demo's webinar; another one is announced once it has begun.

    In the transaction of `people.seed`, whose lock lets two runs take turns.
    """
    leader = next(one for one in told.persons if one.email == cast.REVIEWER)
    region = next(one for one in told.regions if one.name == leader.at)
    editor = next(one for one in told.persons if one.email == cast.EDITOR)
    company = next(one for one in told.companies if one.name == editor.at)
    grant = Grant("coordinator", region_id=region.id)
    scope = Scope(told.programme.id, leader.id, (grant,))
    for known in await webinars.of_programme(conn, scope, now):
        if known.title == TITLE and known.starts_at > now and known.is_coming:
            return known.path
    made = await webinars.make(
        conn,
        scope,
        webinars.Wish(
            texts=TEXTS,
            day=school_weeks.first_after((now + timedelta(days=DAYS_AHEAD)).date()),
            from_time=time(10),
            until_time=time(10, 50),
            sectors=["high_tech"],
            levels=["havo", "vwo"],
            company_id=company.id,
            region_id=region.id,
            capacity=300,
        ),
        now,
    )
    aims = await objectives.every(conn, scope)
    await objectives.aim_webinar(conn, scope, made.id, Aim(aims[-1].id if aims else None))
    announced = await webinar_doors.announce(conn, scope, made.id, now)
    await webinar_presenters.put(conn, scope, made.id, editor.id, now)
    await webinar_presenters.accept(conn, Scope(told.programme.id, editor.id), now)
    await _register(conn, told, announced, now)
    return announced.path


async def _register(conn: Connection, told: ProgrammeTold, webinar: Webinar, now: datetime) -> None:
    """Two classes of the teacher come already; the third is hers to register."""
    for name, needs in REGISTERED:
        school_class = next(one for one in told.classes if one.name == name)
        teacher = next(one for one in told.persons if one.email == school_class.teacher)
        school = next(one for one in told.schools if one.code == school_class.school)
        scope = Scope(told.programme.id, teacher.id, (Grant("teacher", school_id=school.id),))
        wish = registrations.Wish(school_class.id, school_class.pupils, "many", needs)
        await registrations.register(conn, scope, webinar.id, wish, now)
