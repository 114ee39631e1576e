"""Every URL, on one page: method, address, handler, who may come in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from server import health, metrics, playback, room_socket, stage, trials, uploads, whip
from server.access import (
    ANYONE,
    BUREAU,
    CLASSROOM,
    EDITORS,
    HOSTS,
    LESSONS,
    MAKERS,
    OFFICERS,
    PRESENTERS,
    RECORDS,
    RELEASES,
    REPORTS,
    REQUESTS,
    REVIEWERS,
    ROOMS,
    SIGNED_IN,
    TEACHERS,
    Who,
)
from server.api import openapi
from server.api.calls import handler
from server.api.table import ENDPOINTS
from server.context import Here, Knock
from server.pages import (
    account,
    afterwards,
    ask_company,
    attendance,
    attendees,
    briefings,
    calendar,
    caption_lines,
    captioners,
    captions,
    chapters,
    check,
    classes,
    companies,
    cuts,
    declarations,
    demo_mail,
    documents,
    exports,
    films,
    funder,
    home,
    incidents,
    invitations,
    join,
    kpi_hosted,
    kpis,
    my_data,
    needs,
    networks,
    objectives,
    pairs,
    persons,
    programme,
    reach,
    regions,
    registrations,
    releases,
    reports,
    requests,
    retention,
    review,
    reviews,
    room_classes,
    room_floor,
    room_studio,
    rooms,
    school_history,
    school_index,
    school_lists,
    schools,
    screens,
    sessions,
    show,
    sign_in,
    studio,
    teachers,
    texts,
    tours,
    webinar_claims,
    webinar_desk,
    webinar_people,
    webinars,
)

Handler = Callable[[Here], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the URL table. `is_machine`: answers JSON or bytes, errors included.

    `checks_origin` False: the handler itself looks where a request comes from, because one with
    a Bearer may come from anywhere. `times_body` False: it also ends a body that stalls.
    """

    method: str
    path: str
    handler: Handler
    who: Who
    is_machine: bool = False
    checks_origin: bool = True
    times_body: bool = True


@dataclass(frozen=True, slots=True)
class Socket:
    """One WebSocket of the URL table; its handler judges who may come in."""

    path: str
    handler: Callable[[Knock], Awaitable[None]]


def page(method: str, path: str, handler: Handler, who: Who) -> Address:
    """A page for people."""
    return Address(method, path, handler, who)


def machine(method: str, path: str, handler: Handler, who: Who) -> Address:
    """An address for programs: player, uploader, API."""
    return Address(method, path, handler, who, is_machine=True)


def upload(method: str, path: str, handler: Handler) -> Address:
    """An address for the uploader, whose bodies take as long as a film takes."""
    return Address(method, path, handler, ANYONE, is_machine=True, times_body=False)


def media(method: str, path: str, handler: Handler) -> Address:
    """An address for WHIP and WHEP clients, browsers and programs; its handler judges."""
    return Address(method, path, handler, ANYONE, is_machine=True, checks_origin=False)


ADDRESSES: tuple[Address, ...] = (
    machine("GET", "/up", health.up, ANYONE),
    machine("GET", "/metrics", metrics.show, ANYONE),
    # home
    page("GET", "/", home.show, ANYONE),
    page("POST", "/language", home.choose_language, ANYONE),
    # uploads: tus 1.0; each handler judges by itself, so that refusals speak the protocol too
    machine("OPTIONS", "/uploads/", uploads.options, ANYONE),
    upload("POST", "/uploads/", uploads.collection),
    machine("OPTIONS", "/uploads/{id}", uploads.options, ANYONE),
    machine("HEAD", "/uploads/{id}", uploads.item, ANYONE),
    upload("PATCH", "/uploads/{id}", uploads.item),
    machine("DELETE", "/uploads/{id}", uploads.item, ANYONE),
    upload("POST", "/uploads/{id}", uploads.item),
    # films for players
    machine("GET", "/videos/{id}/master.m3u8", playback.master, ANYONE),
    machine("GET", "/videos/{id}/status", playback.status, EDITORS),
    machine("GET", "/videos/{id}/{version}/captions/{language}.vtt", playback.captions, ANYONE),
    machine("GET", "/videos/{id}/{version}/{file:path}", playback.file, ANYONE),
    # tours: the catalogue
    page("GET", "/tours", tours.index, ANYONE),
    page("GET", "/p/{programme}", tours.programme, ANYONE),
    page("GET", "/p/{programme}/tours", tours.catalogue_of, ANYONE),
    page("GET", "/p/{programme}/tours/{slug}", tours.show, ANYONE),
    machine("GET", "/documents/{id}", documents.show, ANYONE),
    # studio: a company makes its tours
    page("GET", "/studio", studio.index, EDITORS),
    page("GET", "/studio/tours/new", studio.new, EDITORS),
    page("POST", "/studio/tours/new", studio.create, EDITORS),
    page("GET", "/studio/tours/{id}", studio.show, EDITORS),
    page("GET", "/studio/tours/{id}/film", films.show, EDITORS),
    page("POST", "/studio/tours/{id}/film/cancel", films.cancel, EDITORS),
    page("POST", "/studio/tours/{id}/film/retry", films.retry, EDITORS),
    page("GET", "/studio/tours/{id}/texts", texts.show, EDITORS),
    page("POST", "/studio/tours/{id}/texts", texts.save, EDITORS),
    page("GET", "/studio/tours/{id}/cut", cuts.show, EDITORS),
    page("POST", "/studio/tours/{id}/cut", cuts.save, EDITORS),
    page("POST", "/studio/tours/{id}/cut/back", cuts.put_back, EDITORS),
    page("GET", "/studio/tours/{id}/chapters", chapters.show, EDITORS),
    page("POST", "/studio/tours/{id}/chapters", chapters.save, EDITORS),
    page("GET", "/studio/tours/{id}/captions", captions.index, EDITORS),
    page("POST", "/studio/tours/{id}/captions", captions.upload, EDITORS),
    page("POST", "/studio/tours/{id}/captions/sound", captions.sound, EDITORS),
    page("POST", "/studio/tours/{id}/captions/spread", captions.spread, EDITORS),
    page("GET", "/studio/tours/{id}/captions/type", captions.start_typing, EDITORS),
    page("GET", "/studio/tours/{id}/captions/{language}", caption_lines.show, EDITORS),
    page("POST", "/studio/tours/{id}/captions/{language}", caption_lines.save_text, EDITORS),
    machine(
        "POST", "/studio/tours/{id}/captions/{language}/lines", caption_lines.save_lines, EDITORS
    ),
    page("GET", "/studio/tours/{id}/captions/{language}/file", captions.download, EDITORS),
    page("POST", "/studio/tours/{id}/captions/{language}/remove", captions.remove, EDITORS),
    page("GET", "/studio/tours/{id}/documents", documents.index, EDITORS),
    page("POST", "/studio/tours/{id}/documents", documents.add, EDITORS),
    page("POST", "/studio/tours/{id}/documents/{document}/remove", documents.remove, EDITORS),
    page("GET", "/studio/tours/{id}/declaration", declarations.show, EDITORS),
    page("POST", "/studio/tours/{id}/declaration", declarations.save, EDITORS),
    page("GET", "/studio/tours/{id}/review", declarations.review, EDITORS),
    page("POST", "/studio/tours/{id}/review", declarations.ask, EDITORS),
    page("POST", "/studio/tours/{id}/review/withdraw", declarations.withdraw, EDITORS),
    page("POST", "/studio/tours/{id}/review/unpublish", declarations.unpublish, EDITORS),
    page("GET", "/studio/tours/{id}/reach", reach.show, EDITORS),
    # reviews: a coordinator answers
    page("GET", "/reviews", reviews.index, REVIEWERS),
    page("GET", "/reviews/{id}", reviews.show, REVIEWERS),
    page("POST", "/reviews/{id}/publish", reviews.publish, REVIEWERS),
    page("POST", "/reviews/{id}/aim", reviews.aim, REVIEWERS),
    page("POST", "/reviews/{id}/return", reviews.give_back, REVIEWERS),
    page("POST", "/reviews/{id}/unpublish", reviews.unpublish, REVIEWERS),
    # sign-in
    page("GET", "/sign-in", sign_in.form, ANYONE),
    page("POST", "/sign-in", sign_in.by_password, ANYONE),
    page("POST", "/sign-in/mail", sign_in.by_mail, ANYONE),
    page("GET", "/sign-in/code", sign_in.code_form, ANYONE),
    page("POST", "/sign-in/code", sign_in.use_code, ANYONE),
    page("GET", "/sign-in/link/{token}", sign_in.link_page, ANYONE),
    page("POST", "/sign-in/link/{token}", sign_in.use_link, ANYONE),
    page("POST", "/sign-out", sign_in.sign_out, ANYONE),
    # account
    page("GET", "/account", account.show, SIGNED_IN),
    page("GET", "/account/data", my_data.show, SIGNED_IN),
    machine("GET", "/account/data.json", my_data.file, SIGNED_IN),
    page("POST", "/account/erase", my_data.erase, SIGNED_IN),
    page("POST", "/account", account.change, SIGNED_IN),
    page("POST", "/account/password", account.change_password, SIGNED_IN),
    page("POST", "/account/mails", account.change_mails, SIGNED_IN),
    page("POST", "/account/programme", account.change_programme, SIGNED_IN),
    page("POST", "/account/sign-ins/end-others", account.end_other_sign_ins, SIGNED_IN),
    page("POST", "/account/sign-ins/{id}/end", account.end_sign_in, SIGNED_IN),
    page("GET", "/mail/stop/{token}", account.stop_page, ANYONE),
    page("POST", "/mail/stop/{token}", account.stop, ANYONE),
    page("GET", "/demo/mail", demo_mail.show, ANYONE),
    # a teacher, or a company, from nothing
    page("GET", "/p/{programme}/tours/{slug}/show", show.form, ANYONE),
    page("POST", "/p/{programme}/tours/{slug}/show", show.send, ANYONE),
    machine("GET", "/schools/search", show.search_schools, ANYONE),
    page("GET", "/p/{programme}/companies/ask", ask_company.form, ANYONE),
    page("POST", "/p/{programme}/companies/ask", ask_company.send, ANYONE),
    # the programme office
    page("GET", "/programme", programme.show, BUREAU),
    page("POST", "/programme", programme.change, BUREAU),
    page("GET", "/programme/regions", regions.index, BUREAU),
    page("POST", "/programme/regions", regions.save, BUREAU),
    page("GET", "/programme/networks", networks.index, BUREAU),
    page("POST", "/programme/networks", networks.save, BUREAU),
    page("GET", "/programme/networks/{id}", networks.show, BUREAU),
    page("POST", "/programme/networks/{id}", networks.rename, BUREAU),
    page("POST", "/programme/networks/{id}/members", networks.join, BUREAU),
    page("POST", "/programme/networks/{id}/leave", networks.leave, BUREAU),
    page("GET", "/programme/schools", school_index.show, BUREAU),
    page("POST", "/programme/schools/look", school_index.look, BUREAU),
    page("GET", "/programme/schools/new", schools.new, BUREAU),
    page("POST", "/programme/schools/new", schools.save, BUREAU),
    page("GET", "/programme/schools/list", school_lists.form, BUREAU),
    page("POST", "/programme/schools/list", school_lists.look, BUREAU),
    page("GET", "/programme/schools/lists/{id}", school_lists.show, BUREAU),
    page("POST", "/programme/schools/lists/{id}/apply", school_lists.apply, BUREAU),
    page("POST", "/programme/schools/lists/{id}/drop", school_lists.drop, BUREAU),
    page("GET", "/programme/schools/{id}/history", school_history.show, BUREAU),
    page("GET", "/programme/schools/{id}/same", school_history.search, BUREAU),
    page("POST", "/programme/schools/{id}/same", school_history.merge, BUREAU),
    page("POST", "/programme/schools/{id}/close", school_history.close, BUREAU),
    page("POST", "/programme/schools/{id}/reopen", school_history.reopen, BUREAU),
    page("POST", "/programme/schools/merges/{id}/undo", school_history.undo, BUREAU),
    page("GET", "/programme/schools/{id}", schools.edit, BUREAU),
    page("POST", "/programme/schools/{id}", schools.save, BUREAU),
    page("GET", "/programme/objectives", objectives.index, BUREAU),
    page("POST", "/programme/objectives", objectives.save, BUREAU),
    page("POST", "/programme/objectives/{id}/end", objectives.end, BUREAU),
    page("GET", "/programme/persons", persons.index, BUREAU),
    page("POST", "/programme/persons", persons.invite, BUREAU),
    page("POST", "/programme/persons/{id}/end", persons.end, BUREAU),
    page("GET", "/programme/companies", companies.index, BUREAU),
    page("POST", "/programme/companies", companies.create, BUREAU),
    page("POST", "/programme/companies/{id}/accept", companies.accept, BUREAU),
    page("POST", "/programme/companies/{id}/region", companies.place, BUREAU),
    page("POST", "/programme/companies/{id}/refuse", companies.refuse, BUREAU),
    page("GET", "/teachers/confirm", teachers.index, REVIEWERS),
    page("POST", "/teachers/confirm/{id}", teachers.confirm, REVIEWERS),
    page("POST", "/teachers/confirm/{id}/no", teachers.turn_away, REVIEWERS),
    # classes: a teacher's own
    page("GET", "/classes", classes.index, TEACHERS),
    page("GET", "/classes/new", classes.new, TEACHERS),
    page("POST", "/classes", classes.create, TEACHERS),
    page("GET", "/classes/invited/{token}", invitations.show, ANYONE),
    page("POST", "/classes/invited/{token}", invitations.accept, ANYONE),
    page("GET", "/classes/{id}", classes.show, TEACHERS),
    page("POST", "/classes/{id}/code", classes.new_code, TEACHERS),
    page("POST", "/classes/{id}/invites", classes.invite, TEACHERS),
    # join: a pupil's way in
    page("GET", "/join", join.ask, ANYONE),
    page("POST", "/join", join.enter, ANYONE),
    page("GET", "/j/{token}", join.door, ANYONE),
    page("POST", "/j/{token}", join.go_through, ANYONE),
    # sessions: the teacher's page
    page("GET", "/sessions/new", sessions.plan_page, TEACHERS),
    page("POST", "/sessions", sessions.create, TEACHERS),
    page("GET", "/sessions/{id}", sessions.show, TEACHERS),
    machine("GET", "/sessions/{id}/now", sessions.now, TEACHERS),
    page("POST", "/sessions/{id}/start", sessions.start, TEACHERS),
    page("POST", "/sessions/{id}/end", sessions.end, TEACHERS),
    page("POST", "/sessions/{id}/cancel", sessions.cancel, TEACHERS),
    page("POST", "/sessions/{id}/plan", sessions.change, TEACHERS),
    page("POST", "/sessions/{id}/headcount", sessions.headcount, TEACHERS),
    page("POST", "/sessions/{id}/waiting", sessions.let_in, TEACHERS),
    page("POST", "/sessions/{id}/showing", sessions.declare_showing, TEACHERS),
    # sessions: the classroom screen and the phones; each looks at the device's seat itself
    page("GET", "/sessions/{id}/beamer", sessions.beamer, ANYONE),
    page("POST", "/sessions/{id}/beamer", sessions.claim, CLASSROOM),
    machine("POST", "/sessions/{id}/declare", sessions.declare, ANYONE),
    machine("POST", "/sessions/{id}/finish", sessions.finish, ANYONE),
    page("GET", "/sessions/{id}/phone", sessions.phone, ANYONE),
    page("POST", "/sessions/{id}/watch", sessions.watch, ANYONE),
    machine("POST", "/sessions/{id}/beats", sessions.beats, ANYONE),
    # rooms: live, open until they are closed
    page("GET", "/rooms", rooms.index, ROOMS),
    page("POST", "/rooms", rooms.create, HOSTS),
    page("GET", "/rooms/{id}", rooms.show, ANYONE),
    page("GET", "/rooms/{id}/studio", room_studio.studio, PRESENTERS),
    page("POST", "/rooms/{id}/keys", room_studio.make_key, PRESENTERS),
    page("POST", "/rooms/{id}/keys/{key}/revoke", room_studio.revoke_key, PRESENTERS),
    page("POST", "/rooms/{id}/presenters/{member}/remove", room_studio.remove, PRESENTERS),
    page("POST", "/rooms/{id}/close", rooms.close, PRESENTERS),
    page("GET", "/rooms/{id}/reach", reach.show_room, PRESENTERS),
    page("GET", "/rooms/{id}/queue", room_floor.queue, TEACHERS),
    page("GET", "/rooms/{id}/desk", room_floor.desk, ROOMS),
    page("POST", "/rooms/{id}/classes", room_classes.take_part, TEACHERS),
    page("POST", "/rooms/{id}/classes/{part}/headcount", room_classes.headcount, TEACHERS),
    page("POST", "/rooms/{id}/classes/{part}/waiting", room_classes.let_in, TEACHERS),
    page("POST", "/rooms/{id}/classes/{part}/leave", room_classes.leave, TEACHERS),
    page("POST", "/rooms/{id}/classes/{part}/showing", room_classes.declare_showing, TEACHERS),
    # rooms: the classroom screen and the phones; each looks at the device's seat itself
    page("GET", "/rooms/{id}/beamer", room_classes.beamer, ANYONE),
    page("POST", "/rooms/{id}/beamer", room_classes.claim, CLASSROOM),
    machine("POST", "/rooms/{id}/declare", room_classes.declare, ANYONE),
    page("POST", "/rooms/{id}/watch", room_classes.watch, ANYONE),
    page("GET", "/rooms/{id}/captions", captioners.type_page, ANYONE),
    page("GET", "/check", check.show, ANYONE),
    machine("POST", "/check/result", check.keep, ANYONE),
    machine("OPTIONS", "/check/whep", trials.relays, ANYONE),
    machine("POST", "/check/whep", trials.reach, ANYONE),
    machine("DELETE", "/check/whep", trials.end, ANYONE),
    machine("POST", "/check/whip", trials.send, PRESENTERS),
    machine("DELETE", "/check/whip", trials.end, PRESENTERS),
    machine("POST", "/rooms/{id}/hide", stage.hide, PRESENTERS),
    machine("POST", "/rooms/{id}/mute", stage.mute, PRESENTERS),
    machine("POST", "/rooms/{id}/token", whip.viewer_token, ANYONE),
    # rooms: sending to a stage (WHIP) and watching it (WHEP)
    media("OPTIONS", "/rooms/{id}/whip", whip.endpoint_options),
    media("GET", "/rooms/{id}/whip", whip.whip_endpoint),
    media("POST", "/rooms/{id}/whip", whip.publish),
    media("OPTIONS", "/rooms/{id}/whip/{resource}", whip.resource_options),
    media("GET", "/rooms/{id}/whip/{resource}", whip.whip_endpoint),
    media("PATCH", "/rooms/{id}/whip/{resource}", whip.patch_publisher),
    media("DELETE", "/rooms/{id}/whip/{resource}", whip.remove_publisher),
    media("OPTIONS", "/rooms/{id}/whep", whip.endpoint_options),
    media("GET", "/rooms/{id}/whep", whip.whep_endpoint),
    media("POST", "/rooms/{id}/whep", whip.subscribe),
    media("OPTIONS", "/rooms/{id}/whep/{resource}", whip.resource_options),
    media("GET", "/rooms/{id}/whep/{resource}", whip.whep_endpoint),
    media("PATCH", "/rooms/{id}/whep/{resource}", whip.patch_viewer),
    media("DELETE", "/rooms/{id}/whep/{resource}", whip.remove_viewer),
    # requests: a teacher asks a company for a guest lesson or a live tour
    page("GET", "/requests", requests.index, REQUESTS),
    page("GET", "/requests/new", requests.new, TEACHERS),
    page("POST", "/requests", requests.create, TEACHERS),
    page("GET", "/requests/{id}", requests.show, REQUESTS),
    page("POST", "/requests/{id}/accept", requests.accept, EDITORS),
    page("POST", "/requests/{id}/propose", requests.propose, EDITORS),
    page("POST", "/requests/{id}/decline", requests.decline, EDITORS),
    page("POST", "/requests/{id}/date/accept", requests.accept_date, TEACHERS),
    page("POST", "/requests/{id}/date/decline", requests.decline_date, TEACHERS),
    page("POST", "/requests/{id}/withdraw", requests.withdraw, TEACHERS),
    page("POST", "/requests/{id}/cancel", requests.cancel, REQUESTS),
    page("GET", "/requests/{id}/briefing", briefings.show, REQUESTS),
    page("POST", "/requests/{id}/briefing", briefings.save, TEACHERS),
    # afterwards: thanks, with three questions; questions of classes that had no turn
    page("GET", "/thanks/{token}", afterwards.thanks, ANYONE),
    page("POST", "/thanks/{token}/feedback", afterwards.give_feedback, ANYONE),
    page("POST", "/thanks/{token}/preparation", afterwards.tell_preparation, ANYONE),
    # attendees: those who came by themselves
    machine("GET", "/webinars/{id}/attendees.csv", attendees.csv, SIGNED_IN),
    page("GET", "/webinars/{id}/attendees/{person}", attendees.show, SIGNED_IN),
    page("POST", "/webinars/{id}/attendees/{person}/corrections", attendees.correct, SIGNED_IN),
    page(
        "POST",
        "/webinars/{id}/attendees/{person}/corrections/{correction}/undo",
        attendees.undo,
        SIGNED_IN,
    ),
    page("GET", "/webinars/{id}/afterwards", afterwards.show, SIGNED_IN),
    page("POST", "/webinars/{id}/questions/{question}", afterwards.answer, SIGNED_IN),
    # calendar: her agenda, and what calendars subscribe to
    page("GET", "/calendar", calendar.show, SIGNED_IN),
    page("POST", "/calendar/feed", calendar.renew, SIGNED_IN),
    page("POST", "/calendar/feed/revoke", calendar.revoke, SIGNED_IN),
    machine("GET", "/calendar/feeds/{token}.ics", calendar.own_feed, ANYONE),
    machine("GET", "/p/{programme}/webinars.ics", calendar.public_feed, ANYONE),
    machine("GET", "/p/{programme}/webinars/{id}/webinar.ics", calendar.one_webinar, ANYONE),
    # webinars: found by everybody, made and led at a desk
    page("GET", "/webinars", webinars.index, ANYONE),
    page("GET", "/p/{programme}/webinars", webinars.list_of, ANYONE),
    page("GET", "/p/{programme}/webinars/{id}", webinars.show, ANYONE),
    page("GET", "/p/{programme}/webinars/{id}/register", show.form, ANYONE),
    page("POST", "/p/{programme}/webinars/{id}/register", show.send, ANYONE),
    page("GET", "/webinars/new", webinar_desk.new, MAKERS),
    page("POST", "/webinars", webinar_desk.create, MAKERS),
    page("GET", "/webinars/presenter/{token}", webinar_claims.show, ANYONE),
    page("POST", "/webinars/presenter/{token}", webinar_claims.claim, ANYONE),
    page("GET", "/webinars/captions/{token}", captioners.show, ANYONE),
    page("POST", "/webinars/captions/{token}", captioners.agree, ANYONE),
    page("GET", "/webinars/{id}", webinar_desk.show, SIGNED_IN),
    page("GET", "/webinars/{id}/edit", webinar_desk.edit, SIGNED_IN),
    page("POST", "/webinars/{id}/edit", webinar_desk.save, SIGNED_IN),
    page("POST", "/webinars/{id}/state", webinar_desk.move, SIGNED_IN),
    page("POST", "/webinars/{id}/cancel", webinar_desk.cancel, SIGNED_IN),
    page("POST", "/webinars/{id}/copy", webinar_desk.copy, SIGNED_IN),
    page("POST", "/webinars/{id}/presenters", webinar_people.invite, SIGNED_IN),
    page("POST", "/webinars/{id}/presenters/{presenter}/remove", webinar_people.remove, SIGNED_IN),
    page("POST", "/webinars/{id}/presenters/{presenter}/vetted", webinar_people.vet, SIGNED_IN),
    page("POST", "/webinars/{id}/captioners", captioners.invite, SIGNED_IN),
    page("POST", "/webinars/{id}/captioners/{captioner}/remove", captioners.remove, SIGNED_IN),
    page("POST", "/webinars/{id}/moderators", webinar_people.add_moderator, SIGNED_IN),
    page(
        "POST",
        "/webinars/{id}/moderators/{moderator}/remove",
        webinar_people.remove_moderator,
        SIGNED_IN,
    ),
    # registrations: a teacher's class, or she herself
    page("GET", "/webinars/{id}/register", registrations.form, TEACHERS),
    page("POST", "/webinars/{id}/register", registrations.send, TEACHERS),
    page("POST", "/registrations/{id}/cancel", registrations.cancel, TEACHERS),
    page("POST", "/registrations/{id}/let-in", webinar_desk.let_in, SIGNED_IN),
    # screens: a classroom PC waits for its teacher
    page("GET", "/screen", screens.show, ANYONE),
    machine("POST", "/screen/ask", screens.ask, ANYONE),
    page("GET", "/screen/{token}", screens.confirm_page, TEACHERS),
    page("POST", "/screen/{token}", screens.confirm, TEACHERS),
    # needs: what waits for a coordinator
    page("GET", "/needs", needs.show, REVIEWERS),
    page("GET", "/needs/schools", needs.schools, REVIEWERS),
    page("POST", "/needs/deputies", needs.name_deputy, REVIEWERS),
    page("POST", "/needs/deputies/{id}/end", needs.end_deputy, REVIEWERS),
    page("POST", "/needs/{session_class}/seen", needs.see, REVIEWERS),
    # pairs: schools and companies in a facilitator's care
    page("GET", "/pairs", pairs.index, REVIEWERS),
    page("POST", "/pairs", pairs.make, REVIEWERS),
    page("POST", "/pairs/{id}/end", pairs.end, REVIEWERS),
    # attendance
    page("GET", "/incidents", incidents.index, OFFICERS),
    page("POST", "/incidents/{id}/seen", incidents.see, OFFICERS),
    page("GET", "/attendance", review.index, LESSONS),
    machine("GET", "/attendance.csv", exports.csv, LESSONS),
    machine("GET", "/attendance.json", exports.json, LESSONS),
    # what is kept, and the proof of what was taken away
    page("GET", "/keeping", retention.index, ANYONE),
    page("GET", "/keeping/report", retention.report, BUREAU),
    machine("GET", "/keeping/report.json", retention.file, BUREAU),
    page("GET", "/attendance.xlsx", exports.xlsx, LESSONS),
    page("GET", "/exports", exports.index, RECORDS),
    machine("GET", "/exports/{id}.xlsx", exports.file, RECORDS),
    machine("GET", "/exports/{id}/status", exports.status, RECORDS),
    page("GET", "/attendance/confirm/{token}", attendance.confirm_page, ANYONE),
    page("POST", "/attendance/confirm/{token}", attendance.confirm, ANYONE),
    page("GET", "/attendance/sessions/{session}", review.session, LESSONS),
    page("GET", "/attendance/{session_class}", attendance.show, LESSONS),
    page("GET", "/attendance/{session_class}/seats/{number}", review.seat, LESSONS),
    page("POST", "/attendance/{session_class}/confirmation", attendance.confirm_as_told, LESSONS),
    page("POST", "/attendance/{session_class}/corrections", attendance.correct, LESSONS),
    page("POST", "/attendance/{session_class}/corrections/{id}/undo", attendance.undo, LESSONS),
    # KPIs: the figures of a period, with their definitions
    page("GET", "/kpis", kpis.index, REPORTS),
    page("GET", "/kpis/hosted", kpi_hosted.index, REPORTS),
    machine("GET", "/kpis.csv", kpis.csv, REPORTS),
    machine("GET", "/kpis.json", kpis.json, REPORTS),
    # reports: all figures of one region, network or sector
    page("GET", "/reports", reports.index, RELEASES),
    page("GET", "/reports/regions/{id}", reports.region, RELEASES),
    page("GET", "/reports/networks/{id}", reports.network, RELEASES),
    page("GET", "/reports/sectors/{sector}", reports.sector, RELEASES),
    # releases: figures as they leave the programme; a funder reads them by a link
    page("GET", "/releases", releases.index, RELEASES),
    page("POST", "/releases", releases.create, BUREAU),
    page("GET", "/releases/check", releases.check, BUREAU),
    page("POST", "/releases/links", releases.make_link, BUREAU),
    page("POST", "/releases/links/{id}/revoke", releases.revoke_link, BUREAU),
    page("GET", "/releases/{id}", releases.show, RELEASES),
    page("GET", "/releases/{id}/reports/{kind}/{key}", releases.report, RELEASES),
    machine("GET", "/releases/{id}/document.json", releases.document, RELEASES),
    machine("GET", "/releases/{id}/figures.csv", releases.table, RELEASES),
    page("GET", "/funder/{token}", funder.index, ANYONE),
    page("GET", "/funder/{token}/{id}", funder.show, ANYONE),
    page("GET", "/funder/{token}/{id}/reports/{kind}/{key}", funder.report, ANYONE),
    machine("GET", "/funder/{token}/{id}/document.json", funder.document, ANYONE),
    machine("GET", "/funder/{token}/{id}/figures.csv", funder.table, ANYONE),
    # the API: its calls stand in server/api/table.py; each wants a bearer token
    machine("GET", "/api/v1/openapi.json", openapi.show, ANYONE),
    *(machine(call.method, call.path, handler(call), ANYONE) for call in ENDPOINTS),
)

SOCKETS: tuple[Socket, ...] = (Socket("/rooms/{id}/socket", room_socket.serve),)
