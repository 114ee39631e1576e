"""Three more who hold a role of a programme, at every door of `doors.py`: a presenter who was
invited to the webinar in its list, a moderator of all of it, a facilitator; and the same three of
the twin. `test_doors.py` sees that nothing is there for them but what this says.
"""

from dataclasses import dataclass
from uuid import UUID

from rooms.agenda import webinar_presenters
from rooms.connection import Connection
from tests.house.doors import Door
from tests.support import people
from tests.support.whole import Whole

ROLES = ("presenter", "moderator", "facilitator")
# What a moderator leads, as an operator does; a company's reach is none of it.
LED = ("/webinars", "/registrations", "/rooms", "/check/whip")
NOT_LED = frozenset({"/rooms/{id}/reach"})
ON_STAGE = frozenset({
    ("GET", "/rooms"), ("POST", "/rooms"), ("POST", "/check/whip"), ("DELETE", "/check/whip"),
})  # fmt: skip
# Her webinar's desk; that she may not copy it is said there.
INVITED = frozenset({("GET", "/webinars/{id}"), ("POST", "/webinars/{id}/copy")})
REPORTED = frozenset(
    ("GET", f"{path}{kind}")
    for path, kinds in (("/kpis", (".csv", ".json")), ("/attendance", (".csv", ".json", ".xlsx")))
    for kind in ("", *kinds)
) | {("GET", "/exports"), ("GET", "/api/v1/kpis"), ("GET", "/api/v1/attendance")}


@dataclass(frozen=True)
class Like:
    """One of them."""

    role: str
    is_twin: bool

    @property
    def name(self) -> str:
        """As the table names people."""
        return f"twin-{self.role}" if self.is_twin else self.role

    def is_let_in(self, at: Door) -> bool:
        """Where whoever is signed in is, and where her role leads."""
        mark = "twin-" if self.is_twin else ""
        if f"{mark}safeguarding" in at.allowed and not at.path.startswith("/incidents"):
            return True
        match self.role:
            case "moderator":
                is_led = at.path.startswith(LED) and at.path not in NOT_LED
                return is_led and f"{mark}operator" in at.allowed
            case "presenter":
                return at.key in ON_STAGE or (at.key in INVITED and not self.is_twin)
        return at.key in REPORTED

    async def comes(self, conn: Connection, world: Whole) -> UUID:
        """Somebody new with this role."""
        person = await people.a_person(conn, name=f"{self.role} {world.mark}")
        await people.a_role(conn, world.programme, person, self.role)
        if self.role == "presenter":
            webinar = UUID(world.at["webinar"])
            await webinar_presenters.put(conn, world.scope("bureau"), webinar, person.id, world.now)
        return person.id


LIKES = tuple(Like(role, is_twin) for role in ROLES for is_twin in (False, True))
