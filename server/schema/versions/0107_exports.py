"""exports"""

from server.schema import sql

revision = "0107"
down_revision = "0106"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
