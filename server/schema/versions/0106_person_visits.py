"""person visits"""

from server.schema import sql

revision = "0106"
down_revision = "0105"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
