"""requests"""

from server.schema import sql

revision = "0093"
down_revision = "0092"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
