"""A classroom PC that its teacher lets in from her phone."""

import re
from uuid import UUID, uuid4

import httpx

from rooms.people.codes import hash_token
from tests.support.floor import House


async def let_in(
    house: House, teacher: httpx.AsyncClient, pc: httpx.AsyncClient, session_class_id: UUID
) -> str:
    """The PC shows its number, she types it on the page of its QR code; where the PC goes then."""
    [number] = re.findall(r"<span>(\d\d)</span>", (await pc.get("/screen")).text)
    link = uuid4().hex  # as a camera reads it in the picture
    await house.pool.execute(
        "update screens set link_hash = $1 where token_hash = $2",
        hash_token(link),
        hash_token(pc.cookies["screen"]),
    )
    told = {"session_class_id": str(session_class_id), "number": number}
    answer = await teacher.post(f"/screen/{link}", data=told)
    assert answer.status_code == 303, answer.text[-600:]
    gone: dict[str, str] = (await pc.post("/screen/ask")).json()
    assert gone["state"] == "go"
    return gone["go"]
