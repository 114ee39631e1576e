"""The words for a webinar's codes, marked here, translated where they are shown."""

from rooms.agenda.webinar_states import State
from server.i18n import N_

# A state in words, and the shape that goes with it.
STATES = {
    State.DRAFT: (N_("draft"), "quiet"),
    State.ANNOUNCED: (N_("announced"), "info"),
    State.OPEN: (N_("the doors are open"), "good"),
    State.LIVE: (N_("live"), "good"),
    State.ENDED: (N_("over"), "quiet"),
    State.ARCHIVED: (N_("archived"), "quiet"),
    State.CANCELLED: (N_("cancelled"), "stop"),
}

AUDIENCES = {
    "pupils": N_("pupils"),
    "teachers": N_("teachers"),
    "parents": N_("parents"),
    "mixed": N_("pupils, teachers and parents"),
}

WINDOWS = {
    "actual": N_("the time it was on air, without pauses"),
    "scheduled": N_("the planned time, from start to end"),
}

DEVICES = {
    "one": N_("one screen for the whole class"),
    "many": N_("pupils have phones or laptops"),
}

NEEDS = {
    "captions": N_("captions"),
    "sign_language": N_("sign language"),
    "quiet_start": N_("a quiet start, without sudden sound or flashes"),
    "large_print": N_("large print"),
}

REGISTRATIONS = {
    "in": (N_("registered"), "good"),
    "waiting": (N_("on the waiting list"), "caution"),
    "cancelled": (N_("cancelled"), "quiet"),
}
