"""tour_rows"""

from server.schema import sql

revision = "0040"
down_revision = "0008"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
