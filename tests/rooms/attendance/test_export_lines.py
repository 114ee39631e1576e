"""Rows as they leave: the fast bytes are the careful ones, whatever people typed."""

import html
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest
import xlsxwriter

from rooms.attendance import export, export_rows, report
from rooms.attendance.cells import Cell, csv_lines, hh_mm, local_text, safe_cell, utc_text
from rooms.attendance.export_rows import UNCORRECTED, Correction, School
from rooms.attendance.lines import JSON_COMMA, Kind, Values
from rooms.attendance.report import Filters, Row
from rooms.attendance.workbook import Workbook
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support.histories import NOW, History, a_history
from tests.support.people import a_person

BEGAN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
ENDED = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
OWN: dict[str, Any] = {
    "session_class_id": "6c1f5d1e-6a43-4a0c-9a51-0d5b4f1d9a10", "session_id": "7d",
    "school_id": "5a", "region_id": "4f", "class_name": "3B", "level": "havo",
    "is_confirmed_teacher": True, "lesson_from": BEGAN, "lesson_until": ENDED, "outcome": "present",
    "measured_outcome": "partial", "reason_code": "below_threshold", "window_ms": 600_000,
    "present_ms": 200_000, "headcount": 26, "measured_headcount": 25,
    "headcount_source": "corrected", "has_beamer": False, "seats": 3, "seats_passed": 0,
    "pupils": 26, "student_seconds": 5_200, "cut_off": 2,
}  # fmt: skip
ODD = (
    "=1+1", "-x", "\u200b=1", "@a", "'=1", "'s-Hertogenbosch", 'a";b,c', "\n=1", "naïef", "", " x ",
    "\u2212 1", "A & B <C>", "back\\slash", "tab\there", "bell\x07", "_x0041_", "École", "x\x7f",
    "<r>no</r>", "…", "\U0001f9ea",
)  # fmt: skip


def row(
    *, title: str = "Staal", company: str = "Havenlicht", around: str = "Twente",
    school: School | None = None, is_room: bool = False, correction: Correction = UNCORRECTED,
    began: datetime | None = BEGAN, **changes: Any,
) -> Values:  # fmt: skip
    """One row, with some of it changed. `around`: its region's, school's and network's name."""
    shared = export_rows.sitting(
        date(2026, 10, 25) if began else None, began, ENDED, "Europe/Amsterdam",
        None if is_room else "8e", "9f" if is_room else None, title, company, "ended", 0.6, "1",
        "scheduled",
    )  # fmt: skip
    school = school or School(around, around, around, (), ((date(2026, 8, 1), None, around),))
    own = {**OWN, **changes}.values()
    return export_rows.values(own, around, school, shared, correction)


def odd_rows() -> list[Values]:
    """Rows with whatever people may type in every place where they may."""
    rows = [row(), row(window_ms=0, present_ms=0, began=None), row(student_seconds=3_600_000)]
    for text in ODD:
        rows.append(row(title=text, company=text, around=text, class_name=text))
        rows.append(row(is_room=True, title=text, level=text, correction=(text, text, "")))
    return rows


def json_of(rows: Iterable[dict[str, Cell]]) -> bytes:
    return JSON_COMMA.join(msgspec.json.encode(one) for one in rows)


@pytest.mark.parametrize("delimiter", [";", ","])
def test_the_fast_lines_are_the_careful_ones(delimiter: str) -> None:
    rows = odd_rows()
    careful = [list(export.LINES.values(one).values()) for one in rows]
    assert export.LINES.csv(rows, delimiter) == csv_lines(careful, delimiter)
    assert export.LINES.json(rows) == json_of(map(export.LINES.values, rows))


# As version 4 left in November 2026: whoever reads these files by machine goes on reading them.
HEAD = (
    "session_class_id;session_id;date;started_utc;started_local;ended_utc;ended_local;region;"
    "school_code;school;place;class;level;teacher_confirmed;tour_id;tour;company;state;outcome;"
    "outcome_measured;reason;threshold_percent;rule_version;window_seconds;present_seconds;"
    "present_percent;headcount;headcount_measured;headcount_source;has_classroom_screen;devices;"
    "devices_passed;pupils_counted;student_minutes;correction_reason;corrected_by;corrected_utc;"
    "is_final;kind;room_id;room;window_hh_mm;present_hh_mm;connections_cut;window_kind;"
    "lesson_from_local;lesson_until_local;network\r\n"
)
LINE = (
    "6c1f5d1e-6a43-4a0c-9a51-0d5b4f1d9a10;7d;2026-10-25;2026-10-25T00:30:00Z;"
    "2026-10-25T02:30:00+02:00;2026-10-25T01:30:00Z;2026-10-25T02:30:00+01:00;R&D;16SW03;"
    '"""De"" Ster";"Goor; O.";3B;havo;1;8e;Staal;Havenlicht;ended;present;partial;'
    "below_threshold;60,0;1;600;200;33,3;26;25;corrected;0;3;0;26;86;'=wrong;An;"
    "2026-10-25T01:30:00Z;1;tour;;;00:10;00:03;2;film;2026-10-25T02:30:00+02:00;"
    "2026-10-25T02:30:00+01:00;\r\n"
)
OBJECT = (
    '{"session_class_id":"6c1f5d1e-6a43-4a0c-9a51-0d5b4f1d9a10","session_id":"7d",'
    '"date":"2026-10-25","started_utc":"2026-10-25T00:30:00Z",'
    '"started_local":"2026-10-25T02:30:00+02:00","ended_utc":"2026-10-25T01:30:00Z",'
    '"ended_local":"2026-10-25T02:30:00+01:00","region":"R&D","school_code":"16SW03",'
    '"school":"\\"De\\" Ster","place":"Goor; O.","class":"3B","level":"havo",'
    '"teacher_confirmed":true,"tour_id":"8e","tour":"Staal","company":"Havenlicht",'
    '"state":"ended","outcome":"present","outcome_measured":"partial",'
    '"reason":"below_threshold","threshold_percent":60.0,"rule_version":"1",'
    '"window_seconds":600,"present_seconds":200,"present_percent":33.3,"headcount":26,'
    '"headcount_measured":25,"headcount_source":"corrected","has_classroom_screen":false,'
    '"devices":3,"devices_passed":0,"pupils_counted":26,"student_minutes":86,'
    '"correction_reason":"=wrong","corrected_by":"An","corrected_utc":"2026-10-25T01:30:00Z",'
    '"is_final":true,"kind":"tour","room_id":"","room":"","window_hh_mm":"00:10",'
    '"present_hh_mm":"00:03","connections_cut":2,"window_kind":"film",'
    '"lesson_from_local":"2026-10-25T02:30:00+02:00",'
    '"lesson_until_local":"2026-10-25T02:30:00+01:00","network":""}'
)


def test_the_bytes_of_version_4_stay() -> None:
    school = School("16SW03", "Goor; O.", '"De" Ster')
    one = row(around="R&D", school=school, correction=("=wrong", "An", utc_text(ENDED)))
    assert export.LINES.csv_first(";") == b"\xef\xbb\xbf" + HEAD.encode()
    assert export.LINES.csv([one], ";") == LINE.encode()
    columns = msgspec.json.encode(HEAD.strip().split(";")).decode()
    first = f'{{"version":4,"columns":{columns},"rows":[\n'
    assert export.LINES.json_first(export.VERSION) == first.encode()
    assert export.LINES.json([one, one]) == f"{OBJECT},\n{OBJECT}".encode()


def test_a_school_is_called_as_it_was_that_day() -> None:
    renamed, joined = date(2026, 3, 1), date(2026, 6, 1)
    school = School("1", "Goor", "New", ((renamed, "Old"),), ((renamed, joined, "A"),))
    days = (date(2026, 2, 28), renamed, joined, None)
    assert [school.name_on(day) for day in days] == ["Old", "New", "New", "New"]
    assert [school.network_on(day) for day in days] == ["", "A", "", ""]


def test_the_hour_turned_back_stays_told_apart() -> None:
    found = export.LINES.values(row(correction=("wrong", "An", utc_text(ENDED))))
    assert found["started_local"] == "2026-10-25T02:30:00+02:00"
    assert found["ended_local"] == "2026-10-25T02:30:00+01:00"
    assert (found["present_percent"], found["present_hh_mm"]) == (33.3, "00:03")
    assert (found["is_final"], found["pupils_counted"]) == (True, 26)


def test_a_sheet_written_by_the_row_is_the_one_written_by_the_cell(tmp_path: Path) -> None:
    rows = [row(correction=("wrong", "An", utc_text(ENDED))), *odd_rows(), row()]
    book = Workbook(tmp_path / "fast.xlsx", export.LINES, ("A", "D"), [("a", "b")])
    for part in (rows[:7], [], rows[7:]):
        book.add(part)
    book.close()
    _by_the_cell(tmp_path / "slow.xlsx", rows)
    fast, slow = [_cells(tmp_path / f"{name}.xlsx") for name in ("fast", "slow")]
    # The library takes this one text of people for marks of its own, and writes no XML at all.
    assert fast.pop("<r>no</r>") and slow.pop("<r>no</r>")
    assert fast == slow and len(fast) > 10


def _by_the_cell(path: Path, rows: list[Values]) -> None:
    """The same by the library's public ways, which look at every cell."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("A")
    marked = book.add_format({"quote_prefix": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, export.COLUMNS)
    for number, one in enumerate(rows, 1):
        for column, value in enumerate(export.LINES.values(one).values()):
            kind = export.LINES.kinds[column]
            if value == "":
                continue
            if kind is Kind.DAY:
                sheet.write_datetime(number, column, date.fromisoformat(str(value)), day)
            elif kind is Kind.MOMENT:
                wall = datetime.fromisoformat(str(value)).replace(tzinfo=None)
                sheet.write_datetime(number, column, wall, moment)
            elif isinstance(value, str):
                style = None if safe_cell(value) == value else marked
                sheet.write_string(number, column, value, style)
            elif isinstance(value, bool):
                sheet.write_boolean(number, column, value)
            else:
                sheet.write_number(number, column, value)
    book.close()


def _cells(path: Path) -> dict[str, list[str]]:
    """Every row below the head as XML, by the words in its tour's or its room's title; of styles
    what they do instead of their number."""
    with ZipFile(path) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
        styles = re.findall(r"<xf [^>]*>", _styles(file.read("xl/styles.xml").decode()))
    assert f'<dimension ref="A1:AV{len(odd_rows()) + 3}"/>' in sheet
    told = [
        f"{'numFmtId' in one and 'applyNumberFormat' in one} {'quotePrefix' in one}"
        for one in styles
    ]
    sheet = re.sub(r' s="(\d+)"', lambda found: f" s={told[int(found[1])]}", sheet)
    found: dict[str, list[str]] = {}
    for xml in re.findall(r"<row .*?</row>", sheet, re.S)[1:]:
        odd = [text for text in ODD if text and html.escape(text, quote=False) in xml]
        key = "<r>no</r>" if "<r>no" in xml or "&lt;r&gt;no" in xml else "".join(odd[:1])
        found.setdefault(key, []).append(xml)
    return found


def _styles(xml: str) -> str:
    return xml.partition("<cellXfs")[2].partition("</cellXfs>")[0]


# --- as the database gives them -------------------------------------------------------------------


LESSON = (datetime(2025, 9, 1, 8, 10, tzinfo=UTC), datetime(2025, 9, 1, 9, tzinfo=UTC))


def own_times(row: Row, history: History) -> list[str]:
    """Classes of one school have times of their own."""
    has_them = row.school_id == history.schools[4].id
    return [local_text(at, row.zone) if has_them else "" for at in LESSON]


def careful(row: Row, history: History) -> dict[str, Cell]:
    """A row of the report by column, the slow way and by itself."""
    names = {str(one.id): one.name for one in history.networks}
    assert row.local_date is not None
    network = names.get(history.network_on(row.school_id, row.local_date), "")
    title, is_room = row.title, row.room_id is not None
    share = 100 * row.present_ms / row.window_ms if row.window_ms else 0.0
    return dict(
        zip(
            export.COLUMNS,
            (
                str(row.session_class_id), str(row.session_id),
                row.local_date.isoformat() if row.local_date else "",
                *(text for at in (row.started_at, row.ended_at)
                  for text in (utc_text(at) if at else "", local_text(at, row.zone) if at else "")),
                row.region, row.school_code, row.school, row.place, row.class_name, row.level,
                row.is_confirmed_teacher, str(row.tour_id or ""), "" if is_room else title,
                row.company, row.state, row.outcome, row.measured_outcome, row.reason_code,
                round(row.pass_share * 100, 1), row.rule_version, row.window_ms // 1000,
                row.present_ms // 1000, round(share, 1), row.headcount, row.measured_headcount,
                row.headcount_source, row.has_beamer, row.seats, row.seats_passed, row.pupils,
                row.student_seconds // 60, row.correction_reason, row.corrected_by,
                utc_text(row.corrected_at) if row.corrected_at else "", row.is_final,
                "room" if is_room else "tour", str(row.room_id or ""), title if is_room else "",
                hh_mm(row.window_ms), hh_mm(row.present_ms), row.cut_off,
                "actual" if is_room else "film", *own_times(row, history), network,
            ),
            strict=True,
        )
    )  # fmt: skip


async def test_every_byte_is_that_of_the_report(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renamed schools, odd names and times, corrections by two, and a lesson that still runs."""
    async with pool.acquire() as conn, conn.transaction():
        history, _ = [await a_history(conn, f"x{seed}", seed) for seed in (6, 7)]
        person = await a_person(conn)
        await conn.execute("update persons set name = '=An' where id = $1", person.id)
        await conn.execute("update schools set name = '-1;\"x\", ' || name where name like '%1'")
        await conn.execute("update companies set name = E'\\'s & <Zn>\\n' where name like '%2'")
        await conn.execute(
            """
            insert into registry_versions (number, made_at, source, sha256)
            select coalesce(max(number), 0) + 1, now(), 'test', '' from registry_versions
            """
        )
        await conn.execute(
            """
            insert into school_events (school_id, kind, happened_on, was, version)
            select id, 'renamed', d, jsonb_build_object('name', 'Before ' || d),
                (select max(number) from registry_versions)
            from schools, unnest(array['2025-11-05'::date, '2026-02-03']) d
            where name like 'School%'
            """
        )
        await conn.execute(
            """
            update session_class_results set window_ms = 2000000,
                present_ms = 1000 * (abs(hashtext(session_class_id::text)) % 2001),
                cut_off = abs(hashtext(session_class_id::text)) % 3
            """
        )
        await conn.execute(
            """
            update session_classes set lesson_from = $1, lesson_until = $2 where school_id = $3
            """,
            *LESSON,
            history.schools[4].id,
        )
        rows = await report.of_programme(conn, history.office, Filters(), limit=10_000)
        mine = Scope(history.programme.id, person.id, (Grant("bureau"),))
        for one in rows[:4]:
            for minute, words in enumerate(("@first", "second")):
                await conn.execute(
                    """
                    insert into corrections (programme_id, session_class_id, field, measured,
                        corrected, reason, person_id, at)
                    values ($1, $2, 'headcount', '1', '2', $3, $4, $5)
                    """,
                    history.programme.id, one.session_class_id, words, person.id,
                    NOW + timedelta(minutes=minute),
                )  # fmt: skip
        running = rows[5].session_class_id
        await conn.execute("delete from session_class_results where session_class_id = $1", running)
        rows = await report.of_programme(conn, mine, Filters(), limit=10_000)
        assert [row.session_class_id for row in rows if not row.is_final] == [running]
        assert {row.correction_reason for row in rows} == {"", "@first / second"}
        parts = [part async for part in export.batches(conn, mine, Filters())]
        monkeypatch.setattr(export, "LOOKED_UP", 7)
        monkeypatch.setattr(export_rows, "SCHOOLS_KEPT", 1)
        bit_by_bit = [part async for part in export.batches(conn, mine, Filters())]
    exported = [values for part in parts for values in part]
    assert [values for part in bit_by_bit for values in part] == exported
    assert len(bit_by_bit) > len(parts)
    wanted = [careful(row, history) for row in sorted(rows, key=_oldest_first)]
    assert len(exported) == history.lessons
    assert export.LINES.json(exported) == json_of(wanted)
    for delimiter in (";", ","):
        lines = csv_lines([list(one.values()) for one in wanted], delimiter)
        assert export.LINES.csv(exported, delimiter) == lines


def _oldest_first(row: Row) -> tuple[Any, ...]:
    return row.local_date, row.started_at, row.session_class_id
