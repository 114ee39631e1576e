"""Bearer tokens of the API: a person's, in one programme; only their hashes are kept."""

from uuid import UUID

from rooms.connection import Connection
from rooms.people import codes
from rooms.scope import Scope


async def put(conn: Connection, scope: Scope, person_id: UUID, token: str, name: str) -> bool:
    """Makes this the person's one token of that name; others of the name end.

    True when it was not so before.
    """
    hashed = codes.hash_token(token)
    await conn.execute(
        """
        update api_tokens set ended_at = now()
        where programme_id = $1 and person_id = $2 and name = $3 and token_hash <> $4
          and ended_at is null
        """,
        scope.programme_id,
        person_id,
        name,
        hashed,
    )
    is_new = await conn.fetchval(
        """
        insert into api_tokens as t (token_hash, person_id, programme_id, name)
        values ($1, $2, $3, $4)
        on conflict (token_hash) do update set ended_at = null where t.ended_at is not null
        returning true
        """,
        hashed,
        person_id,
        scope.programme_id,
        name,
    )
    return bool(is_new)
