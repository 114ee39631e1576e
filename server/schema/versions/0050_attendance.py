"""attendance"""

from server.schema import sql

revision = "0050"
down_revision = "0040"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
