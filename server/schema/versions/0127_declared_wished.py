"""declared wished"""

from server.schema import sql

revision = "0127"
down_revision = "0126"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
