"""kpi changes"""

from server.schema import sql

revision = "0109"
down_revision = "0108"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
