"""releases"""

from server.schema import sql

revision = "0105"
down_revision = "0104"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
