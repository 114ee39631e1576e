"""What stands in the mails a test caused."""

import re
from dataclasses import dataclass

import asyncpg

from tests.support.floor import House


@dataclass(frozen=True)
class Received:
    """A mail as its reader uses it; code and link are '' where it has none."""

    to: str
    kind: str
    subject: str
    text: str
    code: str
    link: str
    calendar: str = ""


async def mails(house: House) -> list[Received]:
    """All mails written, oldest first."""
    rows = await house.pool.fetch("select * from mails order by id")
    return [_received(row, house) for row in rows]


async def last_mail(house: House) -> Received:
    """The mail written last."""
    return (await mails(house))[-1]


def _received(row: asyncpg.Record, house: House) -> Received:
    text = row["text_body"]
    code = re.search(r"^(\d{6})$", text, re.M)
    link = re.search(rf"^{re.escape(house.settings.url)}(/\S+)$", text, re.M)
    return Received(
        row["to_address"], row["kind"], row["subject"], text, code[1] if code else "",
        link[1] if link else "", row["calendar"],
    )  # fmt: skip
