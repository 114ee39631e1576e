"""Sessions by API: a teacher plans or shows a tour to her class, and ends it."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from rooms.agenda import listing, sessions
from rooms.attendance import keeping
from rooms.errors import Refused
from rooms.people import sign_ins
from server.api.calls import Paging, cursor_after, place
from server.context import Here

# Nobody plans further ahead; it also keeps dates within what can be reckoned with.
FURTHEST = timedelta(days=2 * 366)

State = Literal["planned", "running", "ended", "cancelled"]


class Session(msgspec.Struct, frozen=True):
    """One sitting of a tour with a class. `chosen`: the part of the film, in milliseconds."""

    id: UUID
    session_class: UUID
    state: State
    tour: UUID
    title: str
    class_id: UUID
    class_name: str
    zone: str
    planned_on: date | None
    period: str
    home_until: datetime | None
    chosen: list[tuple[int, int]]
    pass_share: float
    expected: int | None
    declared: int | None
    confirmed: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Sessions(msgspec.Struct, frozen=True):
    """A page of sessions, the newest first; `next` is the cursor of the page after it."""

    items: list[Session]
    next: str | None


class SessionsAsked(Paging, frozen=True):
    """Which sessions."""

    state: Literal["", "planned", "running", "ended", "cancelled"] = ""


class NewSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a `day` it is shown now. Times of day are those of the programme's zone."""

    tour: UUID
    class_id: UUID
    day: date | None = None
    starts: time | None = None
    ends: time | None = None
    home_until: date | None = None
    chapters: Annotated[list[Annotated[int, Meta(ge=1, le=1000)]], Meta(max_length=200)] = []


def told(session: sessions.Session) -> Session:
    """The session as the API tells it."""
    return Session(
        id=session.id,
        session_class=session.session_class_id,
        state=session.state.value,
        tour=session.tour_id,
        title=session.title,
        class_id=session.class_id,
        class_name=session.class_name,
        zone=session.zone,
        planned_on=session.planned_on,
        period=session.period,
        home_until=session.home_until,
        chosen=[(start, end) for start, end in session.chosen],
        pass_share=float(session.rule.pass_share),
        expected=session.expected,
        declared=session.declared,
        confirmed=session.confirmed,
        created_at=session.created_at,
        started_at=session.started_at,
        ended_at=session.ended_at,
    )


async def index(here: Here, asked: SessionsAsked) -> Sessions:
    """A page of the sessions with her classes."""
    async with here.transaction() as conn:
        after = place(asked.cursor)
        found = await listing.page(conn, here.scope, asked.state, after, asked.limit)
    return Sessions([told(session) for session in found], cursor_after(found, asked.limit))


async def show(here: Here, _: None) -> Session:
    """One of them."""
    async with here.transaction() as conn:
        return told(await sessions.get(conn, here.scope, here.id()))


async def create(here: Here, new: NewSession) -> Session:
    """Plans it for a day, or shows it now and takes up what runs already."""
    if new.day is None and (new.starts or new.ends or new.home_until or new.chapters):
        raise Refused("plan_day_past")
    latest = here.now.date() + FURTHEST
    if any(day is not None and day > latest for day in (new.day, new.home_until)):
        raise Refused("bad_request", detail=f"a day after {latest}")
    async with here.transaction() as conn:
        if new.day is None:
            return told(await sessions.show_now(conn, here.scope, new.tour, new.class_id, here.now))
        wish = sessions.Plan(
            day=new.day,
            starts=_plain(new.starts),
            ends=_plain(new.ends),
            home_until=new.home_until,
            chapters=tuple(new.chapters),
        )
        return told(await sessions.plan(conn, here.scope, new.tour, new.class_id, wish, here.now))


def _plain(moment: time | None) -> time | None:
    """A time of day without seconds or zone: the programme's own zone holds."""
    return moment.replace(second=0, microsecond=0, tzinfo=None) if moment else None


async def start(here: Here, _: None) -> Session:
    """Shows what was planned."""
    async with here.transaction() as conn:
        return told(await sessions.start(conn, here.scope, here.id(), here.now))


async def end(here: Here, _: None) -> Session:
    """Over, in class and at home; the attendance is judged."""
    async with here.transaction() as conn:
        session = await sessions.end(conn, here.scope, here.id(), here.now)
        await keeping.close_session(conn, session.session_class_id, here.now)
        await sign_ins.end_of_session(conn, session.id, here.now)
    return told(session)
