"""lessons cancelled"""

from server.schema import sql

revision = "0117"
down_revision = "0116"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
