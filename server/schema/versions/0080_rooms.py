"""rooms"""

from server.schema import sql

revision = "0080"
down_revision = "0073"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
