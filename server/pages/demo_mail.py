"""The demo's mailbox: what would have been mailed, for whoever tries it on this machine."""

from starlette.responses import Response

from rooms.errors import NotThere
from server import mail
from server.context import Here


async def show(here: Here) -> Response:
    """`GET /demo/mail`: the last mails with their links and codes; not there outside a demo."""
    if not here.settings.is_demo:
        raise NotThere
    async with here.transaction() as conn:
        mails = await mail.newest(conn)
    return here.page(
        "demo_mail/show.html", mails=[(each, _paragraphs(each.text)) for each in mails]
    )


def _paragraphs(text: str) -> list[str]:
    return [part for part in text.strip().split("\n\n") if part]
