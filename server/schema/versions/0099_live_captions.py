"""live captions"""

from server.schema import sql

revision = "0099"
down_revision = "0098"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
