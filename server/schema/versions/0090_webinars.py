"""webinars"""

from server.schema import sql

revision = "0090"
down_revision = "0080"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
