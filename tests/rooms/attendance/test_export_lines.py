"""One row as it leaves: the fast lines are the careful ones, and a spreadsheet holds the same."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from rooms.attendance import export
from rooms.attendance.cells import csv_lines

BEGAN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
ENDED = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
RAW: dict[str, Any] = {
    "session_class_id": "6c1f5d1e-6a43-4a0c-9a51-0d5b4f1d9a10", "session_id": "7d",
    "local_date": date(2026, 10, 25), "started_at": BEGAN, "ended_at": ENDED,
    "zone": "Europe/Amsterdam", "region": "Twente", "school_code": "16SW03", "school": "De Ster",
    "place": "Goor", "class_name": "3B", "level": "havo", "is_confirmed_teacher": True,
    "tour_id": "8e", "room_id": None, "title": "Staal", "company": "Havenlicht", "state": "ended",
    "outcome": "present", "measured_outcome": "partial", "reason_code": "below_threshold",
    "pass_share": 0.6, "rule_version": "1", "window_ms": 600_000, "present_ms": 200_000,
    "headcount": 26, "measured_headcount": 25, "headcount_source": "corrected",
    "has_beamer": False, "seats": 3, "seats_passed": 0, "pupils": 26, "student_seconds": 5_200,
    "correction_reason": "", "corrected_by": "", "corrected_at": None, "cut_off": 2,
    "is_final": True,
}  # fmt: skip


def row(**changes: Any) -> export.Cells:
    """One row, with some of it changed."""
    return export.cells([{**RAW, **changes}[name] for name in export.RAW])


@pytest.mark.parametrize("delimiter", [";", ","])
def test_the_fast_lines_are_the_careful_ones(delimiter: str) -> None:
    odd = ("=1+1", "-x", "\u200b=1", "@a", "'=1", 'a";b,c', "\n=1", "naïef", "", " =x", "\u2212 1")
    rows = [row()]
    for text in odd:
        free = ("region", "school", "place", "class_name", "company", "correction_reason", "title")
        rows.append(row(**dict.fromkeys(free, text)))
        rows.append(row(tour_id=None, room_id="9f", title=text, corrected_by=text, level=text))
    rows.append(row(window_ms=0, present_ms=0, started_at=None, ended_at=None, local_date=None))
    assert export.csv_part(rows, delimiter) == csv_lines(rows, delimiter)


def test_the_hour_turned_back_stays_told_apart_and_a_spreadsheet_holds_days_and_moments() -> None:
    found = export.values(row(corrected_at=ENDED))
    assert found["started_local"] == "2026-10-25T02:30:00+02:00"
    assert found["ended_local"] == "2026-10-25T02:30:00+01:00"
    assert (found["present_percent"], found["present_hh_mm"]) == (33.3, "00:03")
    typed = dict(zip(export.COLUMNS, export.typed_cells(row(corrected_at=ENDED)), strict=True))
    assert typed["date"] == date(2026, 10, 25)
    assert typed["started_utc"] == datetime(2026, 10, 25, 0, 30)
    assert typed["ended_local"] == datetime(2026, 10, 25, 2, 30)
    assert typed["corrected_utc"] == datetime(2026, 10, 25, 1, 30)
    assert typed["is_final"] is True and typed["pupils_counted"] == 26
