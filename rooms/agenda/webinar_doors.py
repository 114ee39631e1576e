"""What happens to a webinar: announced, its doors opened, live, ended, copied to the next date.

Each verb is a row of the table in `webinar_states.py`; it holds the webinar's row, so that two
people at once make one move. Rooms and sessions follow it. What nobody does is done by the sweep.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from rooms.agenda import (
    arrivals,
    room_sessions,
    webinar_presenters,
    webinar_states,
    webinar_texts,
    webinars,
)
from rooms.agenda.states import EndReason
from rooms.agenda.webinar_states import Actor, State, Times, Verb
from rooms.agenda.webinars import Webinar, Wish
from rooms.connection import Connection, apart
from rooms.errors import NotThere, Refused
from rooms.live import presenters, rooms
from rooms.scope import Scope

log = logging.getLogger(__name__)

SYSTEM = frozenset({Actor.SYSTEM})
REASON_LENGTH = 300


async def _held(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    verb: Verb,
    by: frozenset[Actor] | None = None,
) -> tuple[Webinar, State]:
    """The webinar, held, and the state it goes to; raises as `webinar_states.move`, `NotThere`
    for whoever has nothing to do with it."""
    await webinars.hold(conn, scope, webinar_id)
    webinar = await webinars.by_id(conn, scope, webinar_id)
    if by is None and not webinars.works_on(scope, webinar):
        raise NotThere("webinar")
    actors = webinars.actors(scope, webinar) if by is None else by
    return webinar, webinar_states.move(webinar.state, verb, actors)


# --- made known ---------------------------------------------------------------------------------


async def announce(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    now: datetime,
    *,
    by: frozenset[Actor] | None = None,
) -> Webinar:
    """Puts it in the list, with its room and its planned session, whose rule stands from now on.

    `by`: as whom, when not by the scope's person (`arrange`). Raises `Refused`
    `webinar_time_past`.
    """
    webinar, state = await _held(conn, scope, webinar_id, Verb.ANNOUNCE, by)
    if webinar.starts_at <= now:
        raise Refused("webinar_time_past")
    room_id = await rooms.make_for_webinar(
        conn,
        scope,
        title=webinar.title,
        company_id=webinar.company_id,
        region_id=webinar.region_id,
        zone=webinar.zone,
        now=now,
    )
    await room_sessions.plan(
        conn,
        scope,
        room_id,
        zone=webinar.zone,
        scheduled=(webinar.starts_at, webinar.ends_at),
        pass_share=webinar.pass_share,
        window_kind=webinar.window_kind,
        organiser_id=webinar.created_by or scope.person_id,
    )
    await conn.execute(
        """
        update webinars set state = $3, room_id = $4, announced_at = $5, changed_at = $5
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        webinar_id,
        state.value,
        room_id,
        now,
    )
    return await _told(conn, scope, webinar_id, Verb.ANNOUNCE, now)


async def arrange(conn: Connection, scope: Scope, wish: Wish, now: datetime) -> Webinar:
    """A guest lesson or live tour that a class and a company agreed to: made and announced in one
    step, in no list, its moderators as named. The caller has both sides' yes."""
    agreed = replace(wish, is_listed=False)
    made = await webinars.make(conn, scope, agreed, now)
    return await announce(conn, scope, made.id, now, by=SYSTEM)


async def change(
    conn: Connection, scope: Scope, webinar_id: UUID, wish: Wish, now: datetime
) -> Webinar:
    """Other words, times, numbers. Once announced, the presence rule stays as it was, and other
    times move its entry in people's calendars. Raises as `make` and `announce`."""
    webinar, _ = await _held(conn, scope, webinar_id, Verb.EDIT)
    is_draft = webinar.state is State.DRAFT
    if not is_draft:
        wish = replace(wish, pass_share=webinar.pass_share, window_kind=webinar.window_kind)
    await webinars.write(conn, scope, webinar, wish, now)
    changed = await webinars.by_id(conn, scope, webinar_id)
    if _moved(webinar, changed):
        webinar_states.move(webinar.state, Verb.RESCHEDULE, webinars.actors(scope, webinar))
        if not is_draft and changed.starts_at <= now:
            raise Refused("webinar_time_past")
    if changed.room_id is not None:
        await rooms.rename(conn, scope, changed.room_id, changed.title, changed.zone)
        times = (changed.starts_at, changed.ends_at)
        await room_sessions.replan(conn, scope, changed.room_id, changed.zone, times)
        if _moved(webinar, changed) or webinar.title != changed.title:
            await _bump(conn, scope, webinar_id)
    return await _told(conn, scope, webinar_id, Verb.EDIT, now)


def _moved(before: Webinar, after: Webinar) -> bool:
    return (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at)


async def _bump(conn: Connection, scope: Scope, webinar_id: UUID) -> None:
    await conn.execute(
        "update webinars set sequence = sequence + 1 where programme_id = $1 and id = $2",
        scope.programme_id,
        webinar_id,
    )


async def _told(
    conn: Connection, scope: Scope, webinar_id: UUID, verb: Verb, now: datetime
) -> Webinar:
    await webinars.note(conn, scope, webinar_id, verb.value, now)
    return await webinars.by_id(conn, scope, webinar_id)


async def copy(
    conn: Connection, scope: Scope, webinar_id: UUID, day: date, now: datetime
) -> Webinar:
    """The same on another day: a draft in the same series, with its people.

    Presenters who have not claimed their place have to be invited anew. Raises `Refused`
    `webinar_time_past`.
    """
    webinar, _ = await _held(conn, scope, webinar_id, Verb.COPY)
    if webinars.in_utc(day, webinar.from_time, webinar.zone) <= now:
        raise Refused("webinar_time_past")
    made = await webinars.make(conn, scope, _same(webinar, day), now)
    await webinars.join_series(conn, scope, webinar, made.id)
    for person_id in webinar.presenter_ids:
        await webinar_presenters.put(conn, scope, made.id, person_id, now)
    return await webinars.by_id(conn, scope, made.id)


def _same(webinar: Webinar, day: date) -> Wish:
    texts: Mapping[str, webinar_texts.Text] = webinar.texts
    return Wish(
        texts=texts,
        day=day,
        from_time=webinar.from_time,
        until_time=webinar.until_time,
        zone=webinar.zone,
        kind=webinar.kind,
        audience=webinar.audience,
        original_language=webinar.original_language,
        sectors=webinar.sectors,
        levels=webinar.levels,
        company_id=webinar.company_id,
        region_id=webinar.region_id,
        capacity=webinar.capacity,
        pass_share=webinar.pass_share,
        window_kind=webinar.window_kind,
        is_listed=webinar.is_listed,
        moderator_ids=webinar.moderator_ids,
    )


# --- the day itself -----------------------------------------------------------------------------


async def open_doors(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    now: datetime,
    *,
    by: frozenset[Actor] | None = None,
) -> Webinar:
    """Classes come in from now on, and see a lobby; who opened it is its host."""
    webinar, state = await _held(conn, scope, webinar_id, Verb.OPEN, by)
    await conn.execute(
        """
        update webinars set state = $3, opened_at = $4, host_id = $5
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        webinar_id,
        state.value,
        now,
        scope.person_id,
    )
    await room_sessions.start(conn, scope, _room(webinar), now)
    return await _told(conn, scope, webinar_id, Verb.OPEN, now)


def _room(webinar: Webinar) -> UUID:
    assert webinar.room_id is not None
    return webinar.room_id


async def go_live(conn: Connection, scope: Scope, webinar_id: UUID, now: datetime) -> Webinar:
    """It is on air; again, after a pause, changes nothing but who is its host.

    Raises `Refused` `presenter_unvetted` while somebody is on the stage who may not meet pupils.
    """
    webinar, state = await _held(conn, scope, webinar_id, Verb.GO_LIVE)
    room = await rooms.shown(conn, scope.programme_id, _room(webinar))
    if await presenters.unvetted_on_stage(conn, room):
        raise Refused("presenter_unvetted")
    await conn.execute(
        """
        update webinars set state = $3, live_at = coalesce(live_at, $4), host_id = $5
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        webinar_id,
        state.value,
        now,
        scope.person_id,
    )
    return await _told(conn, scope, webinar_id, Verb.GO_LIVE, now)


async def end(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    now: datetime,
    *,
    by: frozenset[Actor] | None = None,
) -> Webinar:
    """Over for everybody. A class that was registered and did not come stands in the report as
    that. The caller closes the attendance (`attendance.keeping.close_room`) and the stage."""
    webinar, state = await _held(conn, scope, webinar_id, Verb.END, by)
    await _finish(conn, scope, webinar, state, now)
    return await _told(conn, scope, webinar_id, Verb.END, now)


async def _finish(
    conn: Connection, scope: Scope, webinar: Webinar, state: State, now: datetime
) -> None:
    await conn.execute(
        "update webinars set state = $3, ended_at = $4 where programme_id = $1 and id = $2",
        scope.programme_id,
        webinar.id,
        state.value,
        now,
    )
    if webinar.live_at is not None:
        await arrivals.note_absent(conn, webinar)
    await rooms.close_of_webinar(conn, scope, _room(webinar), now, EndReason.ROOM_CLOSED)


async def cancel(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    reason: str,
    now: datetime,
    *,
    by: frozenset[Actor] | None = None,
) -> Webinar:
    """It does not take place; who registered is told why. Raises `Refused` `reason_missing`."""
    reason = " ".join(reason.split())[:REASON_LENGTH]
    webinar, state = await _held(conn, scope, webinar_id, Verb.CANCEL, by)
    if not reason and webinar.state is not State.DRAFT:
        raise Refused("reason_missing")
    await conn.execute(
        """
        update webinars set state = $3, cancel_reason = $4, sequence = sequence + 1,
            ended_at = $5, changed_at = $5
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        webinar_id,
        state.value,
        reason,
        now,
    )
    if webinar.room_id is not None:
        await room_sessions.call_off(conn, scope, webinar.room_id)
        await rooms.close_of_webinar(conn, scope, webinar.room_id, now, EndReason.ROOM_CLOSED)
    return await _told(conn, scope, webinar_id, Verb.CANCEL, now)


async def archive(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    now: datetime,
    *,
    by: frozenset[Actor] | None = None,
) -> Webinar:
    """Out of every list; its page and its attendance stay."""
    _, state = await _held(conn, scope, webinar_id, Verb.ARCHIVE, by)
    await conn.execute(
        "update webinars set state = $3 where programme_id = $1 and id = $2",
        scope.programme_id,
        webinar_id,
        state.value,
    )
    return await _told(conn, scope, webinar_id, Verb.ARCHIVE, now)


# --- what nobody does ---------------------------------------------------------------------------


async def sweep(conn: Connection, now: datetime) -> list[UUID]:
    """Does what is due by itself, over all programmes; returns the webinars moved.

    No other is held: whoever leads one presses on while the caller's transaction goes on.
    """
    rows = await conn.fetch(
        """
        select w.programme_id, w.id, w.state, w.starts_at, w.ends_at, w.ended_at,
            exists (select from on_air a join sessions s
                on (s.programme_id, s.id) = (a.programme_id, a.session_id)
                where (s.programme_id, s.room_id) = (w.programme_id, w.room_id)
                    and a.ended_at is null) as is_on_air
        from webinars w
        where w.state = 'announced' and w.starts_at <= $1::timestamptz + $2::interval
            or w.state in ('open', 'live') and w.ends_at <= $1::timestamptz - $3::interval
            or w.state = 'ended' and w.ended_at <= $1::timestamptz - $4::interval
        order by w.id limit 500 for update of w skip locked
        """,
        now,
        webinar_states.DOORS_OPEN_BEFORE,
        webinar_states.OVERRUNS_BY,
        webinar_states.ARCHIVED_AFTER,
    )
    moved = []
    for row in rows:
        times = Times(
            State(row["state"]), row["starts_at"], row["ends_at"], row["ended_at"], row["is_on_air"]
        )
        verb = webinar_states.due(times, now)
        if verb is None:
            continue
        async with apart(conn, log, "webinar %s does not move by itself", row["id"]):
            await _by_itself(conn, Scope(row["programme_id"]), row["id"], verb, now)
            moved.append(row["id"])
    return moved


async def _by_itself(
    conn: Connection, scope: Scope, webinar_id: UUID, verb: Verb, now: datetime
) -> None:
    match verb:
        case Verb.OPEN:
            await open_doors(conn, scope, webinar_id, now, by=SYSTEM)
        case Verb.END:
            await end(conn, scope, webinar_id, now, by=SYSTEM)
        case Verb.ARCHIVE:
            await archive(conn, scope, webinar_id, now, by=SYSTEM)
        case _:
            webinar, state = await _held(conn, scope, webinar_id, Verb.LAPSE, SYSTEM)
            await _finish(conn, scope, webinar, state, now)
            await _told(conn, scope, webinar_id, Verb.LAPSE, now)
