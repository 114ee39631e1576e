"""tours"""

from server.schema import sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
