"""export links"""

from server.schema import sql

revision = "0118"
down_revision = "0117"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
