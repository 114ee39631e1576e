"""What the tests of uploads send: an editor's sign-in or token, and requests of tus 1.0."""

import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import httpx

from rooms.connection import Connection
from rooms.people.companies import Company
from rooms.people.persons import Person
from rooms.people.programmes import Programme
from server.auth import token_hash
from tests.support import people

BYTES = "application/offset+octet-stream"


@dataclass(frozen=True)
class Sender:
    """An editor with an API token, and the company she makes films for."""

    programme: Programme
    company: Company
    person: Person
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request of a tus client with her token carries."""
        return {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}"}


async def a_sender(
    conn: Connection, slug: str = "jetstream", name: str = "Havenlicht", quota: int | None = None
) -> Sender:
    """An editor of a company in a programme of its own."""
    programme = await people.a_programme(conn, slug)
    company = await people.a_company(conn, programme, name)
    if quota is not None:
        await conn.execute("update companies set quota_bytes = $2 where id = $1", company.id, quota)
    person = await people.an_editor(conn, programme, company)
    return Sender(programme, company, person, await a_token(conn, programme, person))


async def a_token(conn: Connection, programme: Programme, person: Person) -> str:
    """An API token of the person in the programme."""
    token = secrets.token_urlsafe(24)
    await conn.execute(
        "insert into api_tokens (token_hash, person_id, programme_id) values ($1, $2, $3)",
        token_hash(token),
        person.id,
        programme.id,
    )
    return token


def metadata(**values: str) -> dict[str, str]:
    """`Upload-Metadata` of these values."""
    pairs = (f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in values.items())
    return {"Upload-Metadata": ",".join(pairs)}


async def create(
    client: httpx.AsyncClient, length: int | None, headers: Mapping[str, str] | None = None
) -> str:
    """Creates an upload; returns its address."""
    size = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    answer = await client.post("/uploads/", headers={**size, **(headers or {})})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def patch(
    client: httpx.AsyncClient,
    address: str,
    offset: int,
    data: bytes | AsyncIterator[bytes],
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Sends bytes at an offset."""
    own = {"Content-Type": BYTES, "Upload-Offset": str(offset)}
    return await client.patch(address, content=data, headers={**own, **(headers or {})})


async def offset(client: httpx.AsyncClient, address: str) -> int:
    """The offset HEAD tells."""
    answer = await client.head(address)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["upload-offset"])


def id_of(address: str) -> UUID:
    """The id in an upload's address."""
    return UUID(address.rpartition("/")[2])
