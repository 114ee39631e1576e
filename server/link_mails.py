"""The letter with the link by which somebody is asked to work on a webinar, without an account."""

from rooms.agenda import webinars
from rooms.people import persons
from server import mail
from server.context import Here
from server.database import Connection


async def send(
    here: Here, conn: Connection, kind: str, webinar: webinars.Webinar, email: str, link: str
) -> None:
    """Writes it, in the language of who is known by this address, else of who asks."""
    email = persons.checked_email(email)
    known = await persons.with_role(conn, email)
    language = known.language if known else here.language
    letter = mail.compose(
        kind,
        language,
        by=here.person.name or here.person.email,
        programme=webinar.programme_name,
        title=webinar.text(language).title,
        starts_at=webinar.starts_at,
        zone=webinar.zone,
        link=f"{here.settings.url}{link}",
    )
    await mail.write(
        conn,
        programme_id=webinar.programme_id,
        person_id=known.id if known else None,
        to=email,
        kind=kind,
        language=language,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
    )
