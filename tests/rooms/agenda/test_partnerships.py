"""The pairs that are listed are those that the figure counts, whoever asks for whatever."""

from datetime import date

from rooms.agenda import partnerships
from rooms.attendance import kpi, kpi_rows
from rooms.attendance.kpi import Asked
from rooms.attendance.kpi_periods import Period
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support.histories import NOW, a_history
from tests.support.people import a_person

YEAR = Period(date(2025, 8, 1), date(2026, 7, 31))


async def test_pairs_follow_every_filter_and_role_as_their_figure_does(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history, twin = [await a_history(conn, f"s{seed}", seed) for seed in (4, 5)]
        await kpi_rows.run(conn, NOW)
        await conn.execute("update kpi_classes set invited = level <> 'vmbo'")
        person, key = await a_person(conn), history.programme.id
        await conn.execute(
            "insert into class_teachers (programme_id, class_id, person_id) "
            "select $1, id, $2 from classes where programme_id = $1",
            key, person.id,
        )  # fmt: skip
        await conn.execute(
            "insert into facilitator_pairs (programme_id, person_id, school_id, company_id, "
            "made_at) values ($1, $2, $3, $4, now())",
            key, person.id, history.schools[1].id, history.companies[0].id,
        )  # fmt: skip
        office = history.office
        questions = {
            "all": (office, Asked(YEAR)),
            "region": (office, Asked(YEAR, region_id=history.regions[1].id)),
            "network": (office, Asked(YEAR, network_id=history.networks[0].id)),
            "level": (office, Asked(YEAR, level="havo")),
            "sector": (office, Asked(YEAR, sector="water")),
            "objective": (office, Asked(YEAR, objective_id=history.objectives[0])),
            "kind": (office, Asked(YEAR, kind="on_demand")),
            "coordinator": (history.coordinator(history.regions[0]), Asked(YEAR)),
            "teacher": (Scope(key, person.id, (Grant("teacher"),)), Asked(YEAR)),
            "facilitator": (Scope(key, person.id, (Grant("facilitator"),)), Asked(YEAR)),
            "presenter": (Scope(key, person.id, (Grant("presenter"),)), Asked(YEAR)),
            "another office": (twin.office, Asked(YEAR)),
        }
        found = {}
        for name, (scope, asked) in questions.items():
            pairs = await partnerships.alive(conn, scope, asked)
            figures = (await kpi.report(conn, scope, asked)).total.attended
            found[name] = (len(set(pairs)), figures.partnerships)
    assert all(listed == told for listed, told in found.values()), found
    counts = {name: told for name, (_, told) in found.items()}
    assert counts.pop("presenter") == 0
    assert 0 < min(counts.values()) <= counts["sector"] < counts["all"]
