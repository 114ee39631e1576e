"""sessions"""

from server.schema import sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
