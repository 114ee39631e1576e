"""afterwards"""

from server.schema import sql

revision = "0096"
down_revision = "0094"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
