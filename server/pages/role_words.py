"""What the roles are called."""

from server.i18n import N_

ROLES: dict[str, str] = {
    "teacher": N_("teacher"),
    "editor": N_("company: makes tours"),
    "presenter": N_("company: speaks in lessons"),
    "moderator": N_("moderator of live lessons"),
    "coordinator": N_("coordinator"),
    "facilitator": N_("facilitator of schools and companies"),
    "bureau": N_("programme office"),
    "safeguarding": N_("safeguarding officer"),
    "operator": N_("operator of the installation"),
}
# Given by the office. An operator is made on the machine itself.
GIVEN = tuple(role for role in ROLES if role != "operator")
NEEDS_COMPANY = frozenset({"editor", "presenter"})
# Where somebody with this role begins.
FIRST_PAGE = {
    "teacher": "/classes",
    "editor": "/studio",
    "coordinator": "/needs",
    "facilitator": "/attendance",
    "safeguarding": "/incidents",
    "bureau": "/programme",
}
