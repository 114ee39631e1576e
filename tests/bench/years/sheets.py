"""Rows on their way into PostgreSQL: lines of COPY's text form, a table each."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO

import asyncpg

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
# Bytes at once: PostgreSQL works while Python makes the next.
LINES_AT_ONCE = 50_000

Value = str | int | float | bool | date | datetime | time | list[str] | list[object] | None


def text_of(value: "Value | dict[str, object]") -> str:
    """One value as COPY reads it; lists of texts become arrays, dictionaries JSON."""
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case str():
            return value.translate(_ESCAPES)
        case dict():
            return json.dumps(value).translate(_ESCAPES)
        case list():
            return "{" + ",".join(json.dumps(one) for one in value) + "}"
        case _:
            return str(value)


class Sheet:
    """The rows of one table that are not written yet. Hot loops add their lines themselves."""

    def __init__(self, table: str, columns: str) -> None:
        self.table = table
        self.columns = columns.split()
        self.lines: list[str] = []
        self.written = 0

    def add(self, *values: "Value | dict[str, object]") -> None:
        """One row, a value for each column."""
        assert len(values) == len(self.columns), (self.table, values)
        self.lines.append("\t".join([text_of(value) for value in values]))

    def take(self) -> list[str]:
        """What waits, which then waits no more."""
        lines, self.lines = self.lines, []
        return lines

    async def write(self, conn: "asyncpg.Connection[asyncpg.Record]", lines: list[str]) -> None:
        """Writes lines that were taken."""
        for at in range(0, len(lines), LINES_AT_ONCE):
            part = "\n".join(lines[at : at + LINES_AT_ONCE]) + "\n"
            await conn.copy_to_table(
                self.table, source=BytesIO(part.encode()), columns=self.columns, format="text"
            )
        self.written += len(lines)


class Book:
    """All tables a made-up programme fills."""

    def __init__(self) -> None:
        self.regions = Sheet("regions", "programme_id id name")
        self.schools = Sheet(
            "schools", "id country scheme code name place levels mail_domains created_at"
        )
        self.school_regions = Sheet(
            "school_regions", "programme_id school_id region_id valid_from valid_to"
        )
        self.networks = Sheet("networks", "programme_id id name named_at")
        self.network_members = Sheet(
            "network_members",
            "programme_id id network_id school_id company_id valid_from valid_to",
        )
        self.objectives = Sheet("objectives", "programme_id id names created_at ended_at")
        self.companies = Sheet(
            "companies", "programme_id id slug name about place region_id state created_at"
        )
        self.persons = Sheet("persons", "id email name language password_hash created_at")
        self.roles = Sheet(
            "roles",
            "id programme_id person_id role region_id company_id school_id is_confirmed created_at",
        )
        self.uploads = Sheet(
            "uploads", "programme_id id company_id person_id filename state created_at expires_at"
        )
        self.videos = Sheet("videos", "programme_id id company_id current_version_id created_at")
        self.versions = Sheet(
            "video_versions",
            "programme_id id video_id upload_id filename state prefix duration_ms original_ms"
            " width height created_at ready_at",
        )
        self.tours = Sheet(
            "tours",
            "programme_id id company_id video_id slug state sectors levels subjects rights_by"
            " rights_at rights_until region_id created_by created_at changed_at asked_at"
            " published_at objective_id main_sector",
        )
        self.tour_texts = Sheet("tour_texts", "programme_id tour_id language title description")
        self.classes = Sheet(
            "classes",
            "programme_id id school_id name level grade subject school_year pupils code code_until"
            " link_token created_by created_at",
        )
        self.class_teachers = Sheet("class_teachers", "programme_id class_id person_id created_at")
        self.rooms = Sheet(
            "rooms",
            "programme_id id title company_id region_id zone opened_by opened_at closed_at phase",
        )
        self.room_presenters = Sheet("room_presenters", "programme_id id room_id person_id came_at")
        self.webinars = Sheet(
            "webinars",
            "programme_id id kind state sectors levels company_id region_id zone day from_time"
            " until_time starts_at ends_at pass_share capacity is_listed room_id host_id"
            " created_by created_at changed_at announced_at opened_at live_at ended_at"
            " objective_id main_sector",
        )
        self.webinar_texts = Sheet(
            "webinar_texts", "programme_id webinar_id language title description"
        )
        self.webinar_presenters = Sheet(
            "webinar_presenters",
            "programme_id id webinar_id email name person_id link_hash link_until invited_at"
            " claimed_at",
        )
        self.presenter_checks = Sheet(
            "presenter_checks", "programme_id person_id vetted_on conduct_accepted_at"
        )
        self.webinar_moderators = Sheet(
            "webinar_moderators", "programme_id webinar_id person_id added_at"
        )
        self.webinar_preparations = Sheet(
            "webinar_preparations", "programme_id webinar_id person_id minutes told_at"
        )
        self.registrations = Sheet(
            "registrations",
            "programme_id id webinar_id class_id registered_by registered_at state expected"
            " changed_at session_class_id",
        )
        self.requests = Sheet(
            "requests",
            "programme_id id company_id class_id school_id region_id level grade asked_by asked_at"
            " kind subject goal weeks minutes headcount state changed_at day from_time word_on"
            " last_day webinar_id",
        )
        self.sessions = Sheet(
            "sessions",
            "programme_id id tour_id version_id room_id organiser_id state zone planned_on period"
            " chosen pass_share gap_grace_s rule_version created_at started_at ended_at end_reason"
            " local_date",
        )
        self.session_classes = Sheet(
            "session_classes",
            "programme_id id session_id class_id school_id region_id class_name level"
            " is_confirmed_teacher expected declared declared_at confirmed confirmed_at"
            " confirmed_by showing_declared_reason showing_declared_by showing_declared_at"
            " asked_to_confirm_at took_part_by took_part_at created_at",
        )
        self.on_air = Sheet("on_air", "programme_id session_id started_at seen_until ended_at")
        self.seats = Sheet(
            "seats", "programme_id id session_class_id kind token_hash created_at ended_at"
        )
        self.visits = Sheet(
            "visits",
            "programme_id seat_id connection started_at seen_until ended_at end_reason watched"
            " media_flowed is_late last_beat media_wanted rung",
        )
        self.corrections = Sheet(
            "corrections",
            "programme_id id session_class_id field measured corrected reason person_id at",
        )
        self.results = Sheet(
            "session_class_results",
            "programme_id session_class_id outcome measured_outcome reason_code reason_params"
            " window_ms present_ms headcount measured_headcount headcount_source seats"
            " seats_passed pupils student_seconds has_beamer intervals rule_version computed_at"
            " intervals_purged_at cut_off",
        )
        self.purges = Sheet("purges", "programme_id what removed until at")

    def sheets(self) -> Iterator[Sheet]:
        """Every table, those that others name first."""
        yield from (sheet for sheet in vars(self).values() if isinstance(sheet, Sheet))

    def take(self) -> list[tuple[Sheet, list[str]]]:
        """All that waits."""
        return [(sheet, sheet.take()) for sheet in self.sheets() if sheet.lines]

    @staticmethod
    async def write(
        conn: "asyncpg.Connection[asyncpg.Record]", taken: list[tuple[Sheet, list[str]]]
    ) -> None:
        """Writes what was taken."""
        for sheet, lines in taken:
            await sheet.write(conn, lines)

    @property
    def waiting(self) -> int:
        """How many lines wait."""
        return sum(len(sheet.lines) for sheet in self.sheets())
