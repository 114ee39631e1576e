"""A person of the programme is forgotten: what goes at once, what stays without her name.

Her row stays, without name, address and password: lessons, results and tours were made with her
and stay, but nothing tells of whom. The one place that writes in tables of every module, so that
nothing is left out; a test holds `FATES` against the schema.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from rooms.attendance import seats
from rooms.connection import Connection
from rooms.errors import Conflict
from rooms.people import sign_ins


class Fate(StrEnum):
    """What becomes of what names her."""

    GOES = "goes"
    """The row is hers alone."""
    NAMELESS = "nameless"
    """It stays: it points to a row without a name."""


_GOES = """
    agenda_thanked.person_id agenda_told.person_id api_tokens.person_id calendar_feeds.person_id
    class_invites.created_by class_teachers.person_id deputies.deputy_id deputies.person_id
    facilitator_pairs.person_id mail_stops.person_id mails.person_id person_corrections.person_id
    person_results.person_id person_visits.person_id presenter_checks.person_id sign_ins.person_id
    webinar_moderators.person_id
"""
_NAMELESS = """
    captioners.invited_by class_invites.used_by classes.created_by corrections.person_id
    corrections.undone_by deputies.ended_by deputies.named_by exports.person_id
    facilitator_pairs.ended_by facilitator_pairs.made_by incidents.seen_by needs_seen.seen_by
    person_corrections.corrected_by person_corrections.undone_by
    presenter_checks.vetted_by question_answers.answered_by registrations.let_in_by
    registrations.registered_by registry_lists.decided_by registry_lists.made_by
    registry_versions.made_by release_links.made_by release_links.revoked_by releases.made_by
    request_events.person_id requests.asked_by requests.proposed_by roles.confirmed_by
    roles.person_id room_presenters.person_id rooms.opened_by school_merges.made_by
    school_merges.undone_by screens.confirmed_by session_classes.confirmed_by
    session_classes.showing_declared_by session_classes.took_part_by sessions.organiser_id
    tour_events.person_id tours.created_by tours.rights_by uploads.person_id
    video_versions.created_by webinar_events.person_id webinar_preparations.person_id
    webinar_presenters.invited_by webinar_presenters.person_id webinars.created_by
    webinars.host_id
"""
# Every column that points to a person, as 'table.column'.
FATES: dict[str, Fate] = {
    **dict.fromkeys(_GOES.split(), Fate.GOES),
    **dict.fromkeys(_NAMELESS.split(), Fate.NAMELESS),
}
NO_ADDRESS = "erased-{id}@erased.invalid"
# Shown wherever her name was.
NO_NAME = "\u2013"


async def erase(conn: Connection, person_id: UUID, now: datetime) -> None:
    """Forgets her; a second time changes nothing. Classroom screens she let in are signed out with
    her.

    Raises `Conflict` `last_office` while nobody else could run a programme of hers.
    """
    email: str | None = await conn.fetchval(
        "select email from persons where id = $1 and erased_at is null for update", person_id
    )
    if email is None:
        return
    if await _is_last_office(conn, person_id):
        raise Conflict("last_office")
    ended = await sign_ins.end_all(conn, person_id, now)
    await seats.go_with(conn, [one.id for one in ended], now)
    await _take_away(conn, person_id)
    await _take_addresses(conn, person_id, email, now)
    await conn.execute("update roles set ended_at = $2 where person_id = $1 and ended_at is null",
                       person_id, now)  # fmt: skip
    await conn.execute(
        """
        update persons set name = $4, email = $2, password_hash = null, erased_at = $3
        where id = $1
        """,
        person_id,
        NO_ADDRESS.format(id=person_id),
        now,
        NO_NAME,
    )


async def _is_last_office(conn: Connection, person_id: UUID) -> bool:
    found: bool = await conn.fetchval(
        """
        select exists (select from roles r
            where r.person_id = $1 and r.role = 'bureau' and r.ended_at is null
                and not exists (select from roles o
                    where o.programme_id = r.programme_id and o.person_id <> $1
                        and o.role in ('bureau', 'operator') and o.ended_at is null))
        """,
        person_id,
    )
    return found


async def _take_away(conn: Connection, person_id: UUID) -> None:
    """The rows that are hers alone."""
    await conn.execute(
        """
        update screens set sign_in_id = null
        where sign_in_id in (select id from sign_ins where person_id = $1)
        """,
        person_id,
    )
    await conn.execute(
        """
        with
        a as (delete from agenda_thanked where person_id = $1),
        b as (delete from agenda_told where person_id = $1),
        c as (delete from api_tokens where person_id = $1),
        d as (delete from calendar_feeds where person_id = $1),
        e as (delete from class_invites where created_by = $1),
        f as (delete from class_teachers where person_id = $1),
        g as (delete from deputies where $1 in (person_id, deputy_id)),
        h as (delete from facilitator_pairs where person_id = $1),
        i as (delete from mail_stops where person_id = $1),
        j as (delete from mails where person_id = $1),
        k as (delete from person_results where person_id = $1),
        p as (delete from person_corrections where person_id = $1),
        l as (delete from person_visits where person_id = $1),
        m as (delete from presenter_checks where person_id = $1),
        n as (delete from webinar_moderators where person_id = $1)
        delete from sign_ins where person_id = $1
        """,
        person_id,
    )


async def _take_addresses(conn: Connection, person_id: UUID, email: str, now: datetime) -> None:
    """Where her address stands without her: mails, links by which she was invited."""
    await conn.execute("delete from mails where to_address = $1", email)
    await conn.execute("delete from sign_in_mails where email = $1", email)
    await conn.execute(
        """
        update webinar_presenters set name = '', email = 'erased-' || id || '@erased.invalid',
            link_until = least(link_until, $3)
        where person_id = $1 or email = $2
        """,
        person_id,
        email,
        now,
    )
    await conn.execute(
        """
        update captioners set name = '', email = 'erased-' || id || '@erased.invalid'
        where email = $1
        """,
        email,
    )


async def of_person(conn: Connection, person_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Everything that is kept of her, by kind; each kind in the order of time.

    No token, no hash, and nothing of anybody else.
    """
    rows = await conn.fetch(
        """
        with told (kind, at, row) as (
            select 'account', created_at, jsonb_build_object('name', name, 'email', email,
                'language', language, 'has_password', password_hash is not null,
                'created_at', created_at) from persons where id = $1
            union all select 'roles', created_at, jsonb_build_object('role', role,
                'is_confirmed', is_confirmed, 'from', created_at, 'until', ended_at)
                from roles where person_id = $1
            union all select 'sign_ins', created_at, jsonb_build_object('device', device,
                'kind', kind, 'from', created_at, 'seen_at', seen_at, 'until', ended_at)
                from sign_ins where person_id = $1
            union all select 'api_tokens', created_at, jsonb_build_object('name', name,
                'from', created_at, 'until', ended_at) from api_tokens where person_id = $1
            union all select 'classes', t.created_at, jsonb_build_object('name', c.name,
                'level', c.level, 'subject', c.subject, 'school_year', c.school_year,
                'school', s.name) from class_teachers t
                join classes c on (c.programme_id, c.id) = (t.programme_id, t.class_id)
                join schools s on s.id = c.school_id where t.person_id = $1
            union all select 'lessons', created_at, jsonb_build_object('session_id', id,
                'state', state, 'planned_on', planned_on, 'started_at', started_at,
                'ended_at', ended_at) from sessions where organiser_id = $1
            union all select 'corrections', at, jsonb_build_object('field', field,
                'corrected', corrected, 'reason', reason, 'at', at) from corrections
                where person_id = $1
            union all select 'invitations', asked_at, jsonb_build_object('subject', subject,
                'goal', goal, 'prior_knowledge', prior_knowledge, 'state', state,
                'asked_at', asked_at) from requests where asked_by = $1
            union all select 'invitation_words', at, jsonb_build_object('kind', kind,
                'words', words, 'at', at) from request_events where person_id = $1
            union all select 'registrations', registered_at, jsonb_build_object('state', state,
                'webinar_id', webinar_id, 'registered_at', registered_at) from registrations
                where registered_by = $1
            union all select 'webinars_made', created_at, jsonb_build_object('webinar_id', id,
                'day', day, 'state', state) from webinars where created_by = $1
            union all select 'webinars_led', added_at, jsonb_build_object(
                'webinar_id', webinar_id, 'from', added_at) from webinar_moderators
                where person_id = $1
            union all select 'webinars_presented', invited_at, jsonb_build_object('name', name,
                'email', email, 'webinar_id', webinar_id, 'claimed_at', claimed_at)
                from webinar_presenters where person_id = $1
            union all select 'preparation', told_at, jsonb_build_object('minutes', minutes,
                'webinar_id', webinar_id) from webinar_preparations where person_id = $1
            union all select 'conduct', conduct_accepted_at, jsonb_build_object(
                'vetted_on', vetted_on, 'conduct_accepted_at', conduct_accepted_at)
                from presenter_checks where person_id = $1
            union all select 'webinars_watched', started_at, jsonb_build_object(
                'webinar_id', webinar_id, 'from', started_at, 'until', seen_until)
                from person_visits where person_id = $1
            union all select 'webinar_results', decided_at, jsonb_build_object(
                'webinar_id', webinar_id, 'outcome', outcome, 'present_ms', present_ms)
                from person_results where person_id = $1
            union all select 'webinar_corrections', at, jsonb_build_object(
                'webinar_id', webinar_id, 'measured', measured, 'corrected', corrected,
                'reason', reason, 'at', at) from person_corrections
                where $1 in (person_id, corrected_by)
            union all select 'tours', created_at, jsonb_build_object('slug', slug,
                'state', state, 'created_at', created_at) from tours where created_by = $1
            union all select 'tour_history', at, jsonb_build_object('kind', kind,
                'reasons', reasons, 'at', at) from tour_events where person_id = $1
            union all select 'uploads', created_at, jsonb_build_object('filename', filename,
                'at', created_at) from uploads where person_id = $1
            union all select 'answers', answered_at, jsonb_build_object('answer', answer,
                'at', answered_at) from question_answers where answered_by = $1
            union all select 'exports', at, jsonb_build_object('what', what, 'format', format,
                'filters', filters, 'at', at) from exports where person_id = $1
            union all select 'deputies', named_at, jsonb_build_object('from', from_day,
                'until', until_day, 'is_deputy', deputy_id = $1) from deputies
                where $1 in (person_id, deputy_id)
            union all select 'mails', created_at, jsonb_build_object('subject', subject,
                'text', text_body, 'at', created_at, 'state', state) from mails
                where person_id = $1
            union all select 'mails_stopped', at, jsonb_build_object('kind', kind, 'at', at)
                from mail_stops where person_id = $1
            union all select 'calendar_feeds', made_at, jsonb_build_object('from', made_at,
                'until', revoked_at) from calendar_feeds where person_id = $1
        )
        select kind, row from told order by at nulls first, row::text
        """,
        person_id,
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["kind"], []).append(row["row"])
    return found
