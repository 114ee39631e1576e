"""person corrections"""

from server.schema import sql

revision = "0120"
down_revision = "0119"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
