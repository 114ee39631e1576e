"""The few places in the head of a page, by role."""

from server.auth import Viewer
from server.i18n import N_, translate

# label, path, roles that see it (empty: everybody)
PLACES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (N_("Needs you"), "/needs", ("coordinator", "bureau")),
    (N_("Tours"), "/tours", ()),
    (N_("Webinars"), "/webinars", ()),
    (N_("Join"), "/join", ()),
    (N_("My classes"), "/classes", ("teacher",)),
    (N_("Studio"), "/studio", ("editor",)),
    (
        N_("Live"),
        "/rooms",
        ("teacher", "editor", "presenter", "moderator", "coordinator", "bureau"),
    ),
    (N_("Guest lessons"), "/requests", ("teacher", "editor", "coordinator", "bureau")),
    (N_("Reviews"), "/reviews", ("coordinator", "bureau")),
    (N_("Teachers to confirm"), "/teachers/confirm", ("coordinator",)),
    (N_("Attendance"), "/attendance", ("coordinator", "bureau", "facilitator")),
    (N_("Figures"), "/kpis", ("coordinator", "bureau", "facilitator", "editor")),
    (N_("Incidents"), "/incidents", ("safeguarding",)),
    (N_("Programme"), "/programme", ("bureau", "operator")),
)


# What is reached from a place, and has none of its own.
BELOW = {
    "/needs": ("/pairs",),
    "/attendance": ("/exports",),
    "/kpis": ("/reports", "/releases"),
}


def entries(viewer: Viewer | None, path: str, language: str) -> list[tuple[str, str, bool]]:
    """(label, path, is current) for this viewer; a classroom screen gets none."""
    if viewer is not None and viewer.kind == "classroom":
        return []
    return [
        (translate(language, label), place, _is_at(path, place))
        for label, place, roles in PLACES
        if not roles or (viewer is not None and viewer.may(*roles))
        if not (place == "/join" and viewer is not None)
    ]


def _is_at(path: str, place: str) -> bool:
    """Whether a page is at a place or below it. What needs her is the first page of who sees it."""
    return (path == "/" and place == "/needs") or any(
        path == one or path.startswith(f"{one}/") for one in (place, *BELOW.get(place, ()))
    )
