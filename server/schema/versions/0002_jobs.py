"""jobs"""

from server.schema import sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
