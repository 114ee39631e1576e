"""calendar"""

from server.schema import sql

revision = "0094"
down_revision = "0093"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
