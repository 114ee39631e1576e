"""The description matches the calls: made-up requests after it, answers held against it."""

import asyncio
import json
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from server.api.openapi import document
from server.api.table import ENDPOINTS
from tests.support.api import Office, an_office, caller
from tests.support.floor import House

EXAMPLES = 12
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# Every request carries a token: what happens without one is tried in `test_calls`.
OPEN = {name: part for name, part in document().items() if name != "security"}
SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(OPEN)))
OPERATIONS: list[Any] = [result.ok() for result in SCHEMA.get_all_operations()]  # type: ignore[union-attr]


async def test_the_document_tells_every_call(app_house: House) -> None:
    async with app_house.client() as client:
        told = (await client.get("/api/v1/openapi.json")).json()
    assert told["openapi"].startswith("3.1")
    calls = {(m.upper(), path) for path, row in told["paths"].items() for m in row}
    assert calls == {(call.method, call.path) for call in ENDPOINTS}
    names = [row[method]["operationId"] for row in told["paths"].values() for method in row]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
async def test_answers_are_as_described(app_house: House, operation: Any) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        office = await an_office(conn)
    token, loop = _token(office, operation), asyncio.get_running_loop()
    strategies = operation.as_strategy()
    negative = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    async with caller(app_house, token) as client:

        def send(case: Any) -> httpx.Response:
            made = case.as_transport_kwargs(base_url="http://testserver")
            made = {name: made[name] for name in SENT if made.get(name) is not None}
            made["headers"] = dict(made.pop("headers", {}))
            made["headers"] |= {"authorization": f"Bearer {token}"}
            if "data" in made:
                made["content"] = made.pop("data")
            return asyncio.run_coroutine_threadsafe(client.request(**made), loop).result(30)

        def run() -> None:
            for strategy in (strategies, negative):

                @settings(
                    max_examples=EXAMPLES,
                    deadline=None,
                    database=None,
                    derandomize=True,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                @given(case=strategy)
                def each(case: Any) -> None:
                    case = _aimed(case, office)
                    case.validate_response(send(case), checks=CHECKS)

                each()

        await asyncio.to_thread(run)


SENT = ("method", "url", "headers", "params", "json", "data")


def _token(office: Office, operation: Any) -> str:
    roles = next(
        call.roles
        for call in ENDPOINTS
        if (call.method, call.path) == (operation.method.upper(), operation.path)
    )
    role = roles[0] if roles else "editor"
    return {"editor": office.editor, "teacher": office.teacher}.get(role, office.reviewer)


def _aimed(case: Any, office: Office) -> Any:
    """Every other made-up id becomes one that is there, so that more than 404 is tried."""
    if "id" in case.path_parameters and len(str(case.path_parameters["id"])) % 2 == 0:
        noun = case.operation.path.split("/")[3]
        known = {"tours": office.tour_id, "videos": office.video_id}.get(noun)
        if known is not None:
            case.path_parameters["id"] = str(known)
    return case
