"""review"""

from server.schema import sql

revision = "0103"
down_revision = "0102"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
