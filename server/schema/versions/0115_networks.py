"""networks"""

from server.schema import sql

revision = "0115"
down_revision = "0114"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
