"""version_alive"""

from server.schema import sql

revision = "0030"
down_revision = "0020"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
