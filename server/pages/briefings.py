"""The briefing of a guest lesson on one page, to read on the way and to print."""

from starlette.responses import Response

from rooms.agenda import briefings, request_answers, requests
from rooms.agenda.request_drafts import KNOWN_LENGTH
from rooms.agenda.request_states import Actor
from rooms.errors import Refused
from server import errors, forms, request_words
from server.context import Here
from server.i18n import N_
from server.pages.tour_words import LEVELS

DO = {
    "short": N_("Speak in short sentences; explain every word of your trade."),
    "show": N_("Show real things: a part, a drawing, a machine that runs."),
    "ask": N_("Ask the class something every five minutes: hands up, or a vote."),
    "names": N_("Say who you are and how you came to this work, the detours too."),
    "teacher": N_("Let the teacher lead: questions come through the teacher."),
    "route": N_("Walk the route beforehand with the phone in hand: is there network everywhere?"),
}
DO_NOT = {
    "sell": N_("Do not sell anything, and do not recruit."),
    "contact": N_("Do not give or ask for numbers, addresses or accounts."),
    "pupils": N_("Do not ask pupils for names, pictures or anything about themselves."),
    "film": N_("Do not record, photograph or share the class."),
    "alone": N_("Do not go on when the teacher has left the room: wait until an adult is back."),
    "colleagues": N_("Do not show colleagues, screens or badges without their yes."),
}


async def show(here: Here) -> Response:
    """`GET /requests/{id}/briefing`."""
    return await _page(here)


async def save(here: Here) -> Response:
    """`POST /requests/{id}/briefing`: what the teacher adds, until the lesson begins."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            await request_answers.tell_more(
                conn,
                here.scope,
                here.id(),
                forms.lines(form, "prior_knowledge"),
                tuple(forms.many(form, "room_setup")),
                here.now,
            )
    except Refused as problem:
        return await _page(here, problem, forms.lines(form, "prior_knowledge"))
    return here.go(f"/requests/{here.id()}/briefing", said="briefing_kept")


async def _page(here: Here, problem: Refused | None = None, typed: str | None = None) -> Response:
    async with here.transaction() as conn:
        request = await requests.find(conn, here.scope, here.id())
    briefing = briefings.of(request)
    is_hers = Actor.TEACHER in requests.actors(here.scope, request)
    return here.page(
        "requests/briefing.html",
        422 if problem else 200,
        asked=request,
        briefing=briefing,
        kind=here._(request_words.KINDS[request.kind]),
        level=here._(LEVELS.get(request.level, request.level)),
        day=request_words.day(here.language, briefing.slot.day),
        setup=request_words.setup(here.language, request.room_setup),
        choices=[(code, here._(words)) for code, words in request_words.SETUP.items()],
        do=[here._(DO[code]) for code in briefing.do],
        do_not=[here._(DO_NOT[code]) for code in briefing.do_not],
        may_change=is_hers and requests.may_tell_more(request, here.now),
        known=request.prior_knowledge if typed is None else typed,
        longest=KNOWN_LENGTH,
        error=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )
