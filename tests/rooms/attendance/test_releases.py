"""A release comes out the same as long as nothing changed, and never changes once it is out."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from rooms.agenda import objectives, session_classes
from rooms.attendance import (
    blanking,
    kpi_rows,
    published,
    release_documents,
    release_links,
    releases,
    retention,
)
from rooms.attendance.cells import utc_text
from rooms.attendance.kpi_periods import Period
from rooms.attendance.release_documents import Document
from rooms.attendance.tables import MEASURES
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.people import programmes, regions, registry, schools
from rooms.scope import Scope
from server.database import Pool
from tests.rooms.attendance.attack import reader_of
from tests.rooms.attendance.test_blanking import one_table
from tests.support.histories import NOW, History, a_history
from tests.support.people import a_person, a_programme, scope_of

YEAR = Period(date(2025, 8, 1), date(2026, 7, 31))
NEXT = Period(date(2026, 8, 1), date(2027, 7, 31))
WORDS = {"nl": {"schools": {"name": "scholen", "definition": "…"}}, "en": {}}
DAY = timedelta(days=1)
LATER = NOW + 800 * DAY


async def a_year(conn: Connection, slug: str = "one", seed: int = 1) -> History:
    """A programme large enough that something of it may be told."""
    history = await a_history(conn, slug, seed, lessons=90, schools=9)
    await kpi_rows.run(conn, NOW)
    return history


async def composed(conn: Connection, history: History, today: date) -> bytes:
    programme = await programmes.by_id(conn, history.programme.id)
    made = await releases.compose(conn, history.office, programme, YEAR, WORDS, today, ())
    return release_documents.to_bytes(made)


async def correct(conn: Connection, history: History, now: datetime) -> None:
    """One class had three pupils more than was thought."""
    await conn.execute(
        """
        update session_class_results r set pupils = r.pupils + 3
        from kpi_classes k where k.session_class_id = r.session_class_id
            and k.session_class_id = (select session_class_id from kpi_classes
                where programme_id = $1 and passes and is_counted
                    and local_date between '2025-08-01' and '2026-07-31'
                order by session_class_id limit 1)
        """,
        history.programme.id,
    )
    assert await kpi_rows.run(conn, now) == 1


async def test_an_edition_is_the_same_as_long_as_nothing_changed(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_year(conn)
        version = await registry.note(conn, NOW, "list.csv")
        first = await composed(conn, history, NOW.date())
        again = await composed(conn, history, NOW.date() + DAY)
        made = await releases.make(conn, history.office, YEAR, WORDS, NOW)
        with pytest.raises(Conflict, match="release_unchanged"):
            await releases.make(conn, history.office, YEAR, WORDS, NOW + DAY)
        purged = await retention.purge(conn, LATER)
        after_purge = await composed(conn, history, LATER.date())
        stored = await releases.get(conn, history.office, made.id)
    assert first == again == stored.document == after_purge
    assert purged > 0
    assert (made.edition, made.is_provisional, made.is_latest) == (1, False, True)
    assert made.as_of == NOW
    known = {"version": version.number, "sha256": version.sha256}
    assert stored.read["registry"] == known and version.number > 0
    assert stored.csv.startswith(b"\xef\xbb\xbftable;row;")
    assert tells_nothing_small(stored.read)


async def test_a_correction_makes_the_next_edition_and_says_what_changed(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_year(conn)
        first = await releases.make(conn, history.office, YEAR, WORDS, NOW)
        before = await releases.get(conn, history.office, first.id)
        await correct(conn, history, NOW + DAY)
        second = await releases.make(conn, history.office, YEAR, WORDS, NOW + 2 * DAY)
        after = await releases.get(conn, history.office, second.id)
        listed = await releases.every(conn, history.office)
        tables = await published.tables(conn, history.office, YEAR)
        known = release_documents.known_of([after.read], tables)
        long_known = release_documents.known_of([before.read, after.read], tables)
        await stays(conn)
        untouched = await releases.get(conn, history.office, first.id)
        with pytest.raises(NotThere):
            await releases.get(conn, Scope((await a_programme(conn, "twin")).id), first.id)
    for table in after.read["tables"]:
        lines = (*table["cells"], table["row_totals"], table["column_totals"])
        told = sum(one is not None for line in lines for one in line)
        assert 0 < told == len(known[table["name"]])
        assert known[table["name"]] <= long_known[table["name"]]
    assert untouched.document == before.document
    assert [(one.edition, one.is_latest) for one in listed] == [(2, True), (1, False)]
    assert after.read["replaces"] == {"edition": 1, "sha256": first.sha256}
    changed = {
        one["measure"]: (one["before"], one["after"])
        for one in after.read["differences"]
        if one["table"] == ""
    }
    pupils = before.read["figures"]["participations"]
    assert changed["participations"] == (pupils, pupils + 3)
    assert {one["measure"] for one in after.read["differences"]} <= {
        "participations", "pupils_reached",
    }  # fmt: skip


async def test_two_changes_in_one_second_make_two_editions(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = NOW + timedelta(milliseconds=300), NOW + timedelta(milliseconds=700)
    async with pool.acquire() as conn, conn.transaction():
        history = await a_year(conn)
        await correct(conn, history, early)
        with monkeypatch.context() as patch:
            # as the first editions told it: the next full second
            patch.setattr(
                release_documents, "exact_text", lambda at: utc_text(at + timedelta(seconds=1))
            )
            first = await releases.make(conn, history.office, YEAR, WORDS, NOW)
        with pytest.raises(Conflict, match="release_unchanged"):
            await releases.make(conn, history.office, YEAR, WORDS, NOW)
        await correct(conn, history, late)
        second = await releases.make(conn, history.office, YEAR, WORDS, NOW)
        with pytest.raises(Conflict, match="release_unchanged"):
            await releases.make(conn, history.office, YEAR, WORDS, NOW)
        await correct(conn, history, late + timedelta(microseconds=1))
        third = await releases.make(conn, history.office, YEAR, WORDS, NOW)
        read = (await releases.get(conn, history.office, third.id)).read
    assert [one.as_of for one in (first, second, third)] == [
        NOW + timedelta(seconds=1), late, late + timedelta(microseconds=1),
    ]  # fmt: skip
    assert read["differences"] and read["as_of"].endswith(".700001Z")


async def test_what_changes_while_it_is_counted_is_counted_anew(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_year(conn)
        count, calls = published.tables, 0

        async def slowly(conn: Connection, scope: Scope, period: Period) -> list[blanking.Table]:
            nonlocal calls
            calls += 1
            if calls == 1:
                await correct(conn, history, NOW + DAY)
            return await count(conn, scope, period)

        monkeypatch.setattr(published, "tables", slowly)
        made = await releases.make(conn, history.office, YEAR, WORDS, NOW + 2 * DAY)
        read = (await releases.get(conn, history.office, made.id)).read
    assert calls == 2 and made.as_of == NOW + DAY
    told = read["tables"][0]["total"]["participations"]
    assert read["figures"]["participations"] == told


async def test_lessons_begin_while_an_edition_is_made(pool: Pool) -> None:
    async with pool.acquire() as conn, pool.acquire() as other:
        office = scope_of(await a_programme(conn))
        async with conn.transaction(), other.transaction():
            await releases.make(conn, office, YEAR, WORDS, NOW)
            await other.execute("set local lock_timeout = '2s'")
            assert (await regions.create(other, office, "Friesland")).name == "Friesland"


async def stays(conn: Connection) -> None:
    """No statement changes or removes an edition; only its maker's name can go."""
    for statement in (
        "update releases set document = csv, sha256 = encode(sha256(csv), 'hex')",
        "update releases set as_of = now()",
        "delete from releases",
    ):
        with pytest.raises(asyncpg.RaiseError):
            async with conn.transaction():
                await conn.execute(statement)
    await conn.execute("update releases set made_by = null")


async def test_days_are_released_once_and_open_ones_are_provisional(pool: Pool) -> None:
    """Who has a year and three of its quarters could subtract."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_year(conn)
        await releases.make(conn, history.office, YEAR, WORDS, NOW)
        for since, until in (("2026-05-01", "2026-07-31"), ("2025-07-31", "2025-08-01")):
            part = Period(date.fromisoformat(since), date.fromisoformat(until))
            with pytest.raises(Conflict, match="release_overlaps"):
                await releases.make(conn, history.office, part, WORDS, NOW)
        with pytest.raises(Conflict, match="release_early"):
            early = Period(date(2027, 8, 1), date(2028, 7, 31))
            await releases.make(conn, history.office, early, WORDS, NOW)
        opened = await releases.make(conn, history.office, NEXT, WORDS, NOW)
        # what did not leave keeps no quarter from being released
        quarter = Period(NEXT.since, date(2026, 10, 31))
        await releases.make(conn, history.office, quarter, WORDS, NOW)
        closed = await releases.make(conn, history.office, NEXT, WORDS, NOW + 365 * DAY)
        seen = await releases.every(conn, Scope(history.programme.id))
        regional = history.coordinator(history.regions[0])
        assert await releases.every(conn, regional) == seen
        for reader in (Scope(history.programme.id), regional):
            with pytest.raises(NotThere):
                await releases.get(conn, reader, opened.id)
        final = await releases.get(conn, Scope(history.programme.id), closed.id)
    assert (opened.is_provisional, closed.is_provisional) == (True, False)
    assert closed.as_of == datetime(2027, 7, 31, 22, 0, tzinfo=UTC)
    # Outside there are final editions only, and they say nothing of what was before the end.
    assert closed.id in {one.id for one in seen} and opened.id not in {one.id for one in seen}
    assert final.read["edition"] == 2 and "differences" not in final.read


def test_two_provisional_editions_would_tell_what_final_ones_do_not() -> None:
    """The hole is real: what an edition blanks is found with another that blanks other things. So
    only who sees everything reads provisional editions; and final ones blank what those before them
    blanked."""
    early = one_table("levels", {"A": [(9, 200), (1, 4)], "B": [(8, 180), (7, 150)]})
    # a class more passed: what was small is large enough now, and all is told
    late = one_table("levels", {"A": [(9, 200), (3, 24)], "B": [(8, 180), (7, 150)]})
    first, second = blanking.blank([early]), blanking.blank([late])
    assert first.tables["levels"].cells and not second.tables["levels"].cells
    both = reader_of([early], first, "participations")
    for place, figures in late.cells.items():
        if place != ("A", "1"):  # nothing happened there
            at = both.names["levels", *place]
            both.low[at] = both.high[at] = figures["participations"]
    assert both.span(("levels", "A", "1")) == (4, 4)
    kept = blanking.blank([late], first.tables)
    assert kept.tables["levels"].cells >= first.tables["levels"].cells
    again = reader_of([late], kept, "participations")
    low, high = again.span(("levels", "A", "1"))
    assert high - low >= 20


def test_what_one_edition_hid_stays_hidden_over_one_that_had_it_not() -> None:
    """All schools left a network and came back, or the whole was small for once."""
    figures = dict.fromkeys(MEASURES, 40)

    def table(name: str, *lines: list[dict[str, int] | None], **more: object) -> Document:
        keys = [str(at) for at in range(len(lines))]
        return {
            "name": name, "is_withheld": False, "rows": keys, "columns": ["x", "y"],
            "cells": list(lines), "row_totals": [figures for _ in keys],
            "column_totals": [figures, figures], "total": figures, **more,
        }  # fmt: skip

    levels = table("levels", [None, None], [None, figures])
    networks = table("networks", [None, figures], column_totals=[None, figures])
    shorter = table("levels", [None, None])
    nothing = table("levels", [None, None], total=None, is_withheld=True)
    first = {"tables": [levels, networks]}
    editions = [first, {"tables": [shorter]}, {"tables": [nothing]}]
    hidden = release_documents.hidden_in(editions)
    assert hidden == release_documents.blanks_of(first)
    assert hidden["levels"].cells == {("0", "x"), ("0", "y"), ("1", "x")}
    assert hidden["networks"].columns == {"x"}
    assert release_documents.hidden_in([]) == {}


def test_what_was_not_there_before_is_new_and_what_was_blanked_is_not() -> None:
    figures = dict.fromkeys(MEASURES, 40)
    table = {
        "name": "levels", "rows": ["A"], "columns": ["x", "y"], "cells": [[None, figures]],
        "row_totals": [figures], "column_totals": [None, figures], "total": figures,
    }  # fmt: skip
    told = {**table, "cells": [[figures, figures]], "column_totals": [figures, figures]}
    before = {"figures": {}, "names": {}, "tables": [table]}
    after = {"figures": {}, "names": {}, "tables": [told, {**told, "name": "networks"}]}
    found = release_documents.differences(before, after)
    assert all(one["before"] is None and one["after"] == 40 for one in found)
    is_new = {(one["table"], one["column"]): one.get("is_new", False) for one in found}
    assert is_new == {
        ("levels", "x"): False,
        **{("networks", column): True for column in ("x", "y", "")},
    }


async def test_a_new_name_and_a_late_placing_make_the_next_edition(pool: Pool) -> None:
    """Both are listed; what an edition called things when it was made it calls them for ever."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_year(conn)
        first = await releases.make(conn, history.office, YEAR, WORDS, NOW)
        region, aim = history.regions[0], history.objectives[0]
        await regions.rename(conn, history.office, region.id, region.name, NOW + DAY)
        with pytest.raises(Conflict, match="release_unchanged"):
            await releases.make(conn, history.office, YEAR, WORDS, NOW + DAY)
        await regions.rename(conn, history.office, region.id, "Oost", NOW + DAY)
        await objectives.rename(conn, history.office, aim, {"nl": "Anders"}, NOW + DAY)
        # a region without lessons is in no table: what it is called changes nothing
        empty = await regions.create(conn, history.office, "Leeg")
        await regions.rename(conn, history.office, empty.id, "Nog leeg", NOW + 5 * DAY)
        second = await releases.make(conn, history.office, YEAR, WORDS, NOW + 2 * DAY)
        school = history.schools[0]
        await schools.place(conn, history.office, school.id, history.regions[1].id, YEAR.since)
        moved = await session_classes.regions_since(conn, history.office, YEAR.since)
        await kpi_rows.keep(conn, moved, NOW + 3 * DAY)
        third = await releases.make(conn, history.office, YEAR, WORDS, NOW + 4 * DAY)
        read = [(await releases.get(conn, history.office, one.id)).read
                for one in (first, second, third)]  # fmt: skip
    assert second.as_of == NOW + DAY and third.as_of == NOW + 3 * DAY
    said = {(one["row"], one["before"] if isinstance(one["before"], str) else ""): one["after"]
            for one in read[1]["differences"]}  # fmt: skip
    assert said == {("region", "Twente"): "Oost", ("objective", ""): {"nl": "Anders"}}
    assert read[0]["names"]["region"][str(region.id)] == "Twente"
    assert {one["table"] for one in read[2]["differences"]} >= {"region_by_level"}
    assert str(empty.id) not in read[1]["names"]["region"]


def tells_nothing_small(read: Document) -> bool:
    """Every cell and total that is told is empty or large, and not all are told."""
    told = [
        figures
        for table in read["tables"]
        for line in (*table["cells"], table["row_totals"], table["column_totals"])
        for figures in line
    ]
    assert None in told and any(told)
    return all(
        not any(one.values()) or (one["pupils_reached"] >= 10 and one["schools"] >= 3)
        for one in told
        if one is not None
    )


async def test_a_link_opens_until_its_day_or_until_it_is_revoked(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        programme, person = await a_programme(conn), await a_person(conn)
        scope, today = Scope(programme.id, person.id), NOW.date()
        token = await release_links.make(conn, scope, " Fonds ", today + DAY, today, NOW)
        opened = await release_links.opened_by(conn, token, NOW + DAY)
        [link] = await release_links.every(conn, scope, NOW)
        for moment, word in ((NOW + 2 * DAY, token), (NOW, token[:-1]), (NOW, "")):
            with pytest.raises(NotThere):
                await release_links.opened_by(conn, word, moment)
        with pytest.raises(NotThere):
            await release_links.revoke(
                conn, Scope((await a_programme(conn, "twin")).id), link.id, NOW
            )
        await release_links.revoke(conn, scope, link.id, NOW)
        with pytest.raises(NotThere):
            await release_links.opened_by(conn, token, NOW)
        with pytest.raises(NotThere):
            await release_links.revoke(conn, scope, link.id, NOW)
        [revoked] = await release_links.every(conn, scope, NOW)
        kept = await conn.fetchval("select token_hash from release_links")
        for label, day in (("", today), ("x" * 81, today), ("Fonds", today - DAY), ("F", None)):
            with pytest.raises(Refused):
                await release_links.make(conn, scope, label, day, today, NOW)
    assert (opened.id, opened.scope) == (link.id, Scope(programme.id))
    assert (link.label, link.is_open, link.made_by) == ("Fonds", True, person.name)
    assert (revoked.is_open, revoked.revoked_by, revoked.revoked_at) == (False, person.name, NOW)
    assert token.encode() not in kept
