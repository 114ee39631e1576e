"""The demo's sign-ins as a table for a terminal."""

from collections.abc import Iterable, Sequence

from rooms.people.codes import shown_class_code
from server.demo.told import ClassTold, PersonTold


def text(url: str, persons: Iterable[PersonTold], classes: Iterable[ClassTold]) -> str:
    """Who can sign in, with what, and what to try; those with something to try come first."""
    first = sorted(persons, key=lambda person: not person.try_this)
    rows = [(each.role, each.email, each.password, each.try_this) for each in first]
    codes = ", ".join(f"{each.name} {shown_class_code(each.code)}" for each in classes)
    return "\n".join(
        (
            f"Porthole is at {url}",
            "",
            *(f"  {line}" for line in _columns(rows)),
            "",
            f"  Sign in at {url}/sign-in. Pupils join at {url}/join with a class code: {codes}.",
            f"  Mail that would be sent stands at {url}/demo/mail.",
        )
    )


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
