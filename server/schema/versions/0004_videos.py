"""videos"""

from server.schema import sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
