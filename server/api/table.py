"""Every call of the API, on one page: routes and the OpenAPI document are both made from it."""

from server.api import attendance, kpis, sessions, tours, videos
from server.api.calls import Endpoint

EDIT = ("editor",)
TEACH = ("teacher",)
REPORT = ("teacher", "coordinator", "bureau", "facilitator")
OFFICE = ("coordinator", "bureau", "operator")
ROOT = "/api/v1"
TOUR = f"{ROOT}/tours/{{id}}"
SESSION = f"{ROOT}/sessions/{{id}}"
VIDEO = f"{ROOT}/videos/{{id}}"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET", f"{ROOT}/tours", tours.index, "Tours you may know of", tours.Tours,
        asks=tours.ToursAsked,
    ),
    Endpoint(
        "POST", f"{ROOT}/tours", tours.create, "A new draft", tours.Tour,
        takes=tours.NewTour, roles=EDIT, status=201,
    ),
    Endpoint("GET", TOUR, tours.show, "One tour", tours.Tour),
    Endpoint(
        "PUT", f"{TOUR}/texts/{{language}}", tours.put_text, "Title and description", tours.Tour,
        takes=tours.TextIn, roles=EDIT,
    ),
    Endpoint(
        "PUT", f"{TOUR}/about", tours.put_about, "Sectors, levels, subjects, spoken languages",
        tours.Tour, takes=tours.About, roles=EDIT,
    ),
    Endpoint(
        "PUT", f"{TOUR}/captions/{{language}}", tours.put_captions, "Captions of its film",
        tours.Tour, takes=tours.CaptionsIn, roles=EDIT,
    ),
    Endpoint(
        "PUT", f"{TOUR}/declaration", tours.put_declaration, "Rights and portraits", tours.Tour,
        takes=tours.Declaration, roles=EDIT,
    ),
    Endpoint(
        "PUT", f"{TOUR}/checks", tours.put_checks, "The checklist", tours.Tour,
        takes=tours.Checks, roles=EDIT,
    ),
    Endpoint(
        "POST", f"{TOUR}/review", tours.ask, "Ask for review", tours.Tour, roles=EDIT
    ),
    Endpoint(
        "POST", f"{TOUR}/publish", tours.publish, "Publish (reviewers)", tours.Tour,
        takes=tours.Publishing, roles=tours.REVIEW,
    ),
    Endpoint(
        "POST", f"{TOUR}/return", tours.give_back, "Return with reasons (reviewers)", tours.Tour,
        takes=tours.Returning, roles=tours.REVIEW,
    ),
    Endpoint("GET", VIDEO, videos.show, "How far a film is", videos.Video, roles=EDIT),
    Endpoint(
        "GET", f"{VIDEO}/versions", videos.versions, "Every film under a video",
        videos.Versions, roles=EDIT,
    ),
    Endpoint(
        "GET", f"{ROOT}/sessions", sessions.index, "Sessions with your classes",
        sessions.Sessions, asks=sessions.SessionsAsked, roles=TEACH,
    ),
    Endpoint(
        "POST", f"{ROOT}/sessions", sessions.create, "Plan a tour, or show it now",
        sessions.Session, takes=sessions.NewSession, roles=TEACH, status=201,
    ),
    Endpoint("GET", SESSION, sessions.show, "One session", sessions.Session, roles=TEACH),
    Endpoint(
        "POST", f"{SESSION}/start", sessions.start, "Show what was planned", sessions.Session,
        roles=TEACH,
    ),
    Endpoint("POST", f"{SESSION}/end", sessions.end, "End it", sessions.Session, roles=TEACH),
    Endpoint(
        "GET", f"{ROOT}/attendance", attendance.show, "Who was there", attendance.Attendance,
        asks=attendance.Asked, roles=REPORT, kinds=("application/json", "text/csv"),
    ),
    Endpoint(
        "GET", f"{ROOT}/kpis", kpis.show, "Figures of a period", kpis.Kpis, asks=kpis.Asked,
        roles=(*REPORT, "editor"),
    ),
    Endpoint(
        "GET", f"{ROOT}/releases", kpis.index, "Figures as they left the programme",
        kpis.Releases, asks=kpis.ReleasesAsked, roles=OFFICE,
    ),
    Endpoint(
        "GET", f"{ROOT}/releases/{{id}}", kpis.file, "One edition, byte for byte",
        asks=kpis.FileAsked, roles=OFFICE, kinds=("application/json", "text/csv"),
    ),
)  # fmt: skip
