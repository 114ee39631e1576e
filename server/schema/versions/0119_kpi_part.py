"""kpi part"""

from server.schema import sql

revision = "0119"
down_revision = "0118"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
