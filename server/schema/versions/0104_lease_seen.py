"""lease seen"""

from server.schema import sql

revision = "0104"
down_revision = "0103"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
