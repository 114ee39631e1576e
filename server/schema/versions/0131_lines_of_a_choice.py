"""lines of a choice"""

from server.schema import sql

revision = "0131"
down_revision = "0130"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
