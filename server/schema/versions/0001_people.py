"""people"""

from server.schema import sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
