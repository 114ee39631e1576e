"""lines found"""

from server.schema import sql

revision = "0121"
down_revision = "0120"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
