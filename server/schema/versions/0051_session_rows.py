"""session_rows"""

from server.schema import sql

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
