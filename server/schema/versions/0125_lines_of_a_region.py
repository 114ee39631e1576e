"""lines of a region"""

from server.schema import sql

revision = "0125"
down_revision = "0124"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
