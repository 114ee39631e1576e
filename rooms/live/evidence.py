"""What is kept with a report: the room as it was at that moment, in figures and words."""

from datetime import datetime
from typing import Any
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import Refused
from rooms.live import captions, log, protocol, questions, room_views, stage_log
from rooms.live.room import Room
from rooms.live.room_state import PUBLIC, Facts, Who
from rooms.safety.incidents import Report
from rooms.scope import Scope

LAST_LINES = 100
LAST_CAPTIONS = 10


async def gather(
    conn: Connection,
    scope: Scope,
    room_id: UUID,
    room: Room,
    facts: Facts,
    who: Who,
    command: protocol.Report,
    now: datetime,
) -> Report:
    """The report with its evidence. Raises `Refused` `not_allowed` for a question she sees not."""
    question = room.questions.get(command.question) if command.question else None
    if command.question is not None and question is None:
        raise Refused("not_allowed")
    if question is not None and not (
        question.state in PUBLIC or room_views.sees(question, who, facts)
    ):
        raise Refused("not_allowed")
    on_stage = room.on_stage()
    wanted = {one.id for one in (question, on_stage) if one is not None}
    texts = await questions.texts_of(conn, scope, room_id, wanted)
    lines = await log.after(conn, scope, room_id, max(0, room.number - LAST_LINES))
    said = await captions.recent(conn, scope, room_id, now)
    presenting = await stage_log.on_stage(conn, scope, room_id)
    unseen = question.id if question is not None and question.state not in PUBLIC else None
    shown = {one: text for one, text in texts.items() if one != unseen}
    kept: dict[str, Any] = {
        "phase": room.phase,
        "question": _kept(question.id, shown) if question is not None else None,
        "question_class": str(question.part) if question is not None else None,
        "question_seat": str(question.seat) if question and question.seat else None,
        "on_stage": _kept(on_stage.id, texts) if on_stage is not None else None,
        "presenters": sorted(str(one) for one in presenting),
        "captions": [one.text for one in said[-LAST_CAPTIONS:]],
        "classes_on_stage": [str(p) for p, now in room.classes.items() if now.is_on_stage],
        "lines": [
            {"number": one.number, "at": one.at.isoformat(), "kind": one.kind, "data": one.data}
            for one in lines
        ],
    }
    part = question.part if question is not None else who.part
    return Report(
        room_id,
        part,
        command.about,
        command.concern,
        told_by(who, facts),
        who.owner,
        kept,
        texts.get(unseen, "") if unseen is not None else "",
    )


def _kept(question: UUID, texts: dict[UUID, str]) -> dict[str, str]:
    return {"id": str(question), "text": texts.get(question, "")}


def told_by(who: Who, facts: Facts) -> str:
    """What somebody is who reports."""
    if who.seat is not None:
        return "pupil"
    if who.is_presenter:
        return "presenter"
    return "moderator" if facts.moderates(who) and not who.parts else "teacher"
