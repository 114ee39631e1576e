"""report_rows"""

from server.schema import sql

revision = "0052"
down_revision = "0030"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
