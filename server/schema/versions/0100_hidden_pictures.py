"""hidden pictures"""

from server.schema import sql

revision = "0100"
down_revision = "0099"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
