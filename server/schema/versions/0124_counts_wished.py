"""counts wished"""

from server.schema import sql

revision = "0124"
down_revision = "0123"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
