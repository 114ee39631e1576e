"""captioners told"""

from server.schema import sql

revision = "0110"
down_revision = "0109"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
