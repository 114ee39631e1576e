"""attendance"""

from server.schema import sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
