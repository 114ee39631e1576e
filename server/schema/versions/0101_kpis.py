"""kpis"""

from server.schema import sql

revision = "0101"
down_revision = "0100"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
