"""kpi invited"""

from server.schema import sql

revision = "0113"
down_revision = "0112"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
