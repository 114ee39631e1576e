"""network stays"""

from server.schema import sql

revision = "0122"
down_revision = "0121"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
