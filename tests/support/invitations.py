"""A class and a company that can invite each other, and the invitation as its form is sent."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rooms.agenda import request_asking
from rooms.agenda.request_drafts import Draft, weeks_from
from rooms.agenda.requests import Request
from rooms.connection import Connection
from rooms.people import classes
from rooms.people.classes import Class
from rooms.people.companies import Company
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from rooms.people.schools import School
from rooms.scope import Grant, Scope
from tests.support import people
from tests.support.days import local_day


@dataclass
class Meeting:
    """Everybody an invitation is between; one teacher, one editor, the region's coordinator."""

    programme: Programme
    school: School
    company: Company
    made: Class
    teacher: Person
    editor: Person
    coordinator: Person

    @property
    def teaching(self) -> Scope:
        """The teacher's scope."""
        return people.scope_of(
            self.programme, self.teacher, Grant("teacher", school_id=self.school.id)
        )

    @property
    def editing(self) -> Scope:
        """The editor's scope."""
        return people.scope_of(
            self.programme, self.editor, Grant("editor", company_id=self.company.id)
        )

    def draft(self, today: date, **changes: Any) -> Draft:
        """A whole invitation for the next five weeks."""
        told = {
            "company_id": self.company.id,
            "class_id": self.made.id,
            "subject": "Hoe staal roest",
            "goal": "Zien waar corrosie begint.",
            "weeks": weeks_from(today, 5),
            "headcount": 27,
        }
        return Draft(**{**told, **changes})

    async def ask(self, conn: Connection, now: datetime, **changes: Any) -> Request:
        """The teacher asks."""
        return await request_asking.ask(
            conn, self.teaching, self.draft(local_day(now), **changes), now
        )


async def a_meeting(conn: Connection, slug: str = "jetstream", *, now: datetime) -> Meeting:
    """A programme with a class that can ask and a company that can answer."""
    programme = await people.a_programme(conn, slug)
    school = await people.a_school(conn, programme)
    company = await people.a_company(conn, programme)
    teacher = await people.a_teacher(conn, programme, school)
    editor = await people.an_editor(conn, programme, company)
    coordinator = await people.a_person(conn, name="Jip Coördinator")
    region = await people.a_region(conn, programme)
    await people.a_role(conn, programme, coordinator, "coordinator", region=region)
    scope = people.scope_of(programme, teacher, Grant("teacher", school_id=school.id))
    made = await classes.create(conn, scope, school.id, "3B", "havo", 3, "Techniek", 28, now)
    return Meeting(programme, school, company, made, teacher, editor, coordinator)
