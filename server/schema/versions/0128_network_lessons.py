"""network lessons"""

from server.schema import sql

revision = "0128"
down_revision = "0127"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
