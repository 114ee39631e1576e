"""sector counts"""

from server.schema import sql

revision = "0126"
down_revision = "0125"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
