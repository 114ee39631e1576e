"""incident words"""

from server.schema import sql

revision = "0111"
down_revision = "0110"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
