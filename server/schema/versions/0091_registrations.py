"""registrations"""

from server.schema import sql

revision = "0091"
down_revision = "0090"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
