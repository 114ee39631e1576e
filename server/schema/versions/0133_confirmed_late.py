"""confirmed late"""

from server.schema import sql

revision = "0133"
down_revision = "0131"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
