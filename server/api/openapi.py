"""The API's description, OpenAPI 3.1, made from the table that makes the routes."""

from functools import cache
from inspect import getdoc
from typing import Any

import msgspec
from starlette.responses import Response

from server.api.calls import Endpoint, Problem
from server.api.table import ENDPOINTS, ROOT
from server.context import Here

REFS = "#/components/schemas/{name}"
REFUSALS = {
    "400": "The request cannot be read as HTTP",
    "401": "No token, or one that has ended",
    "404": "Not there, or not yours: the two look the same",
    "409": "The world has moved on: look again",
    "413": "Too large",
    "415": "The body is not application/json",
    "422": "Understood, but not possible as it stands",
}
ENUMS = {"language": ["nl", "en", "de", "fr", "es", "eu", "da", "fy", "pl", "tr", "ar", "uk"]}


async def show(_: Here) -> Response:
    """`GET /api/v1/openapi.json`: for everybody; it tells nothing but the form."""
    return Response(_encoded(), media_type="application/json")


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """The whole document."""
    structs = [each for row in ENDPOINTS for each in (row.gives, row.takes) if each is not None]
    _, components = msgspec.json.schema_components([*structs, Problem], ref_template=REFS)
    paths: dict[str, dict[str, Any]] = {}
    for row in ENDPOINTS:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Porthole", "version": ROOT.rsplit("/", 1)[1]},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(row: Endpoint) -> dict[str, Any]:
    name = row.path.removeprefix(ROOT).replace("{", "").replace("}", "").strip("/")
    told: dict[str, Any] = {
        "operationId": f"{row.method.lower()}_{name.replace('/', '_')}",
        "summary": row.says,
        "tags": [name.split("/")[0]],
        "parameters": [*(_in_path(each) for each in row.names), *_in_query(row)],
        "responses": {str(row.status): _answer(row), **_refusals(row)},
    }
    if words := _description(row):
        told["description"] = words
    if row.takes is not None:
        told["requestBody"] = {"required": True, "content": _json(row.takes)}
    return told


def _description(row: Endpoint) -> str:
    """For whom it is, and what its query means."""
    roles = f"For: {', '.join(row.roles)}." if row.roles else ""
    return " ".join([*roles.split(), *(getdoc(row.asks) or "").split()])


def _in_path(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    schema |= {"enum": ENUMS[name]} if name in ENUMS else {"format": "uuid"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(row: Endpoint) -> list[dict[str, Any]]:
    if row.asks is None:
        return []
    (_,), components = msgspec.json.schema_components([row.asks], ref_template=REFS)
    schema = components[row.asks.__name__]
    return [
        {"name": name, "in": "query", "required": False, "schema": _plain(each)}
        for name, each in schema["properties"].items()
    ]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """In a query there is no null: what is left out is null."""
    given = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return given[0] if given else schema


# Of a stored file, whose form its own first key tells.
ANY_OBJECT = {"type": "object"}


def _json(struct: Any) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REFS.format(name=struct.__name__)}}}


def _answer(row: Endpoint) -> dict[str, Any]:
    content = _json(row.gives) if row.gives else {"application/json": {"schema": ANY_OBJECT}}
    if "text/csv" in row.kinds:
        content["text/csv"] = {"schema": {"type": "string"}}
    return {"description": row.says, "content": content}


def _refusals(row: Endpoint) -> dict[str, Any]:
    codes = {"400", "401", "404"}
    codes |= {"422"} if row.asks is not None or row.method != "GET" else set()
    codes |= {"409"} if row.method != "GET" else set()
    codes |= {"413", "415"} if row.takes is not None else set()
    return {
        code: {"description": REFUSALS[code], "content": _json(Problem)} for code in sorted(codes)
    }
