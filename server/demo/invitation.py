"""The demo's open invitation: a teacher asks a company for a guest lesson, whose turn it is."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rooms.agenda import request_asking, requests
from rooms.agenda.request_drafts import Draft
from rooms.agenda.request_states import OPEN
from rooms.scope import Grant, Scope
from server.database import Connection
from server.demo import cast, school_weeks
from server.demo.told import ProgrammeTold

SUBJECT = "Waarom breekt een wiek niet?"
GOAL = "De klas hoort van een vakmens hoe een blad van een windmolen wordt ontworpen en getest."
KNOWN = "Krachten en momenten; wat een composiet is, weten ze nog niet."
ZONE = "Europe/Amsterdam"
# The last class of the teacher; the first one shows the tour.
CLASS = "5V1"


async def find_or_ask(conn: Connection, told: ProgrammeTold, now: datetime) -> str:
    """The path of an invitation that waits for its answer; another one is asked once it is over.

    In the transaction of `people.seed`, whose lock lets two runs take turns.
    """
    teacher = next(one for one in told.persons if one.email == cast.TEACHER)
    school = next(one for one in told.schools if one.code == teacher.at)
    editor = next(one for one in told.persons if one.email == cast.EDITOR)
    company = next(one for one in told.companies if one.name == editor.at)
    school_class = next(one for one in told.classes if one.name == CLASS)
    scope = Scope(told.programme.id, teacher.id, (Grant("teacher", school_id=school.id),))
    for known in await requests.visible(conn, scope):
        if known.subject == SUBJECT and known.state in OPEN:
            return f"/requests/{known.id}"
    draft = Draft(
        company_id=company.id,
        class_id=school_class.id,
        kind="guest_lesson",
        subject=SUBJECT,
        goal=GOAL,
        prior_knowledge=KNOWN,
        room_setup=("screen", "sound"),
        weeks=school_weeks.weeks_to_choose(now.astimezone(ZoneInfo(ZONE)).date(), 3),
        times="dinsdag of donderdag, het derde uur",
        minutes=50,
        headcount=school_class.pupils,
    )
    asked = await request_asking.ask(conn, scope, draft, now)
    return f"/requests/{asked.id}"
