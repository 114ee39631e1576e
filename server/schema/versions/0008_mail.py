"""mail"""

from server.schema import sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
