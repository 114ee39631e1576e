"""What each column of an export means, in the reader's language."""

from server.i18n import N_, translate

SHEETS = (N_("Attendance"), N_("Definitions"))
HEAD = (N_("Column"), N_("Meaning"))

ATTENDANCE = {
    "session_class_id": N_("The row: one class in one session."),
    "session_id": N_("The session: one sitting of a tour or of a live room."),
    "date": N_("The local day on which the session began."),
    "started_utc": N_("When the session began, in UTC."),
    "started_local": N_("When the session began, at the school."),
    "ended_utc": N_("When the session ended, in UTC."),
    "ended_local": N_("When the session ended, at the school."),
    "region": N_("The school's region at that time."),
    "school_code": N_("The school's code in its country's registry."),
    "school": N_("The school's name at that time."),
    "place": N_("The school's place."),
    "class": N_("The class; empty once names have had their time."),
    "level": N_("The class's level."),
    "teacher_confirmed": N_("Whether its teacher is confirmed. Only then does the row count."),
    "tour_id": N_("The tour, if it was one."),
    "tour": N_("The tour's title."),
    "company": N_("The company whose film or session it was."),
    "state": N_("running or ended."),
    "outcome": N_(
        "What became of it: present, declared (the teacher said so), replay_only, partial, "
        "joined_only (under a minute), unknown_network (nothing came through) or no_show. The "
        "first three count."
    ),
    "outcome_measured": N_("The same before a person corrected it."),
    "reason": N_("Why, as a code."),
    "threshold_percent": N_("The share of the window that had to be watched."),
    "rule_version": N_("The version of the presence rule."),
    "window_seconds": N_(
        "The time that could be watched: the part of the film that was chosen, or the time on air."
    ),
    "present_seconds": N_(
        "How much of it the class's screen, or without one its best device, watched. Measured."
    ),
    "present_percent": N_("The same as a share of the window."),
    "headcount": N_("Pupils: confirmed, else declared by the teacher, else devices that passed."),
    "headcount_measured": N_("The same before a person corrected it."),
    "headcount_source": N_("Where the headcount comes from."),
    "has_classroom_screen": N_("Whether the class watched on its screen."),
    "devices": N_("How many devices took part."),
    "devices_passed": N_("How many of them watched enough."),
    "pupils_counted": N_("Pupils that count as participations; 0 where the row does not pass."),
    "student_minutes": N_("Pupils times the minutes present."),
    "correction_reason": N_("Why it was corrected."),
    "corrected_by": N_("By whom."),
    "corrected_utc": N_("When, in UTC."),
    "is_final": N_(
        "Whether the lesson is over and its result is kept; if not, outcome and figures are those "
        "of the moment of this export."
    ),
    "kind": N_("tour or room (live)."),
    "room_id": N_("The live room, if it was one."),
    "room": N_("The live room's title."),
    "window_hh_mm": N_("The window in hours and minutes."),
    "present_hh_mm": N_("The time present in hours and minutes."),
    "connections_cut": N_("How often a device lost its connection."),
    "window_kind": N_(
        "What the window is: film (the part that was chosen), actual (the time on air) or scheduled"
        " (the planned times)."
    ),
    "lesson_from_local": N_(
        "Where the lesson has times of its own: from when, at the school. The window is what of it "
        "lies inside."
    ),
    "lesson_until_local": N_("And until when."),
    "network": N_("The network in which the school was that day."),
}


def definitions(language: str, version: int) -> list[tuple[str, str]]:
    """The lines of the sheet of definitions, its head first."""
    lines = [(translate(language, HEAD[0]), translate(language, HEAD[1]))]
    lines += [(name, translate(language, words)) for name, words in ATTENDANCE.items()]
    said = translate(language, N_("Version of these columns; a new one only adds some at the end."))
    return [*lines, (str(version), said)]


def titles(language: str) -> tuple[str, str]:
    """Of both sheets."""
    return translate(language, SHEETS[0]), translate(language, SHEETS[1])
