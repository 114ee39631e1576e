"""uploads"""

from server.schema import sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
