"""purges"""

from server.schema import sql

revision = "0055"
down_revision = "0052"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
