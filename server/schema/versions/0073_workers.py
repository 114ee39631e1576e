"""workers"""

from server.schema import sql

revision = "0073"
down_revision = "0055"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
