"""years indexes"""

from server.schema import sql

revision = "0114"
down_revision = "0113"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
