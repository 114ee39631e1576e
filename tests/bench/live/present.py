"""The presenter of the load, a process of its own: `... -m tests.bench.live.present DOOR PACED`.

Says `sending` once it sends; ends when its input does.
"""

import asyncio
import sys

from tests.bench.live.doors import open_door
from tests.bench.live.lines import say, until_closed
from tests.support.live.presenter import Presenter


async def main(word: str, is_paced: bool) -> None:
    """Sends until told to stop, then says what happened."""
    door = await open_door(word)
    presenter = Presenter(is_paced=is_paced)
    await door.present(presenter)
    presenter.start()
    say({"is_sending": True, "profile": presenter.wire.profile})
    try:
        await until_closed()
    finally:
        await presenter.close()
        await door.close()
    say(
        {
            "packets": presenter.packets,
            "key_requests": presenter.key_requests,
            "retransmitted": presenter.retransmitted,
            "twcc_feedback": presenter.twcc_feedback,
        }
    )


asyncio.run(main(sys.argv[1], sys.argv[2] == "paced"))
