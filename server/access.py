"""Who may come in at a route. What of it is theirs is decided by the scope in the query."""

from dataclasses import dataclass

from server.auth import Viewer


@dataclass(frozen=True, slots=True)
class Who:
    """A route's doorkeeper. `roles` empty and `anyone` False: any signed-in person."""

    anyone: bool = False
    roles: tuple[str, ...] = ()
    screens: bool = False

    def lets_in(self, viewer: Viewer | None) -> bool:
        """Whether this viewer may come in at all."""
        if self.anyone:
            return True
        if viewer is None:
            return False
        if viewer.kind == "classroom":
            return self.screens
        return not self.roles or viewer.may(*self.roles)


# Handlers behind ANYONE judge for themselves: public pages, seats, links with a secret in them.
ANYONE = Who(anyone=True)
SIGNED_IN = Who()
EDITORS = Who(roles=("editor",))
TEACHERS = Who(roles=("teacher",))
REVIEWERS = Who(roles=("coordinator", "bureau"))
BUREAU = Who(roles=("bureau", "operator"))
# Live rooms: whoever may see that one is open, and whoever may open one.
ROOMS = Who(
    roles=("teacher", "editor", "presenter", "moderator", "coordinator", "bureau", "operator")
)
HOSTS = Who(roles=("editor", "presenter", "moderator", "coordinator", "bureau", "operator"))
PRESENTERS = HOSTS
# Webinars: whoever may make one.
MAKERS = Who(roles=("moderator", "coordinator", "bureau", "operator"))
# A teacher, or the classroom screen she let in for this session.
CLASSROOM = Who(roles=("teacher",), screens=True)
# Lessons one by one; a company sees sums, in its studio and as figures.
LESSONS = Who(roles=("teacher", "coordinator", "bureau", "facilitator"))
REPORTS = Who(roles=(*LESSONS.roles, "editor"))
# What was taken out of the programme: each what she took, the office all of it.
RECORDS = Who(roles=(*REPORTS.roles, "operator"))
# Releases are read by who reports from them; the office makes them.
RELEASES = Who(roles=("coordinator", "bureau", "operator"))
OFFICERS = Who(roles=("safeguarding",))
# Invitations: who asks, who answers, and who helps.
REQUESTS = Who(roles=("teacher", "editor", "coordinator", "bureau"))
