"""WHIP and WHEP: who may send and watch, and every status and header of RFC 9725."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from media.live.messages import (
    Hide,
    Listen,
    Mute,
    Open,
    Patch,
    Patched,
    Publish,
    Remove,
    Subscribe,
)
from rooms.live import log, presenters, rooms, stream_keys
from server import viewer_tokens
from server.allowance import Allowances
from tests.support import people
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, a_part, live_house
from tests.support.live_rooms import a_room, presenter_of
from tests.support.scripted_live import ANSWER, accepted, refuse
from tests.support.waiting import until

SDP = {"content-type": "application/sdp"}
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}
OFFER = "v=0\r\n"
TURN = {"turn_urls": ("turns:turn.example:443?transport=tcp",), "turn_secret": "s" * 20}


@pytest.fixture
async def there(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[LiveHouse]:
    async with live_house(dsn, tmp_path, clock, **TURN) as made:
        yield made


def whip(there: LiveHouse, resource: str = "") -> str:
    return f"/rooms/{there.room.id}/whip{resource and '/' + resource}"


def whep(there: LiveHouse, resource: str = "") -> str:
    return f"/rooms/{there.room.id}/whep{resource and '/' + resource}"


async def post(
    client: httpx.AsyncClient, url: str, offer: str | bytes = OFFER, **headers: str
) -> httpx.Response:
    return await client.post(url, content=offer, headers={**SDP, **headers})


async def publish(there: LiveHouse, query: str = "", **headers: str) -> httpx.Response:
    async with there.client() as client:
        return await post(client, whip(there) + query, **{**there.bearer, **headers})


def token_of(there: LiveHouse, **changes: Any) -> dict[str, str]:
    asked = {"room_id": there.room.id, "seat_id": there.seat.id, "now": there.house.clock()}
    token = viewer_tokens.make(there.house.settings.secret, **{**asked, **changes})
    return {"authorization": f"Bearer {token}"}


def untouched(there: LiveHouse) -> bool:
    """The live process was asked nothing but to listen."""
    return all(isinstance(one, Listen) for one in there.live.asked)


# --- going live ----------------------------------------------------------------------------------


async def test_a_stream_key_goes_live(there: LiveHouse) -> None:
    answer = await publish(there, "?source=screen")
    assert (answer.status_code, answer.text) == (201, ANSWER)
    assert answer.headers["content-type"] == "application/sdp"
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["accept-patch"] == FRAGMENT["content-type"]
    assert answer.headers["link"].startswith(
        '<turns:turn.example:443?transport=tcp>; rel="ice-server"; username="'
    )
    resource = answer.headers["location"].removeprefix(f"{whip(there)}/")
    assert len(resource) == 32
    (asked,) = there.live.of(Publish)
    assert (asked.room, asked.epoch, asked.source) == (there.room.id, 1, "screen")
    assert (asked.offer, asked.is_recordable) == (OFFER, True)
    assert asked.creator == f"key:{there.key.id}"
    assert [one.epoch for one in there.live.of(Open)] == [1]


async def test_the_same_member_by_key_and_by_sign_in(there: LiveHouse) -> None:
    await publish(there)
    async with await there.client_of(there.world.editor) as studio:
        assert (await post(studio, whip(there))).status_code == 201
    by_key, by_sign_in = there.live.of(Publish)
    assert by_key.member == by_sign_in.member
    assert by_key.creator != by_sign_in.creator
    assert by_sign_in.creator.startswith("sign-in:")
    assert by_sign_in.source == "camera"


async def test_a_phone_watches(there: LiveHouse) -> None:
    connection = uuid4()
    async with there.phone() as phone:
        answer = await post(phone, f"{whep(there)}?connection={connection}&wish=low")
    assert (answer.status_code, answer.text) == (201, ANSWER)
    assert answer.headers["location"].startswith(f"{whep(there)}/")
    (asked,) = there.live.of(Subscribe)
    assert (asked.member, asked.wish) == (connection, "low")
    assert asked.creator == f"seat:{there.seat.id}"
    assert "access-control-allow-origin" not in answer.headers


async def test_a_player_watches_with_a_token_from_any_site(there: LiveHouse) -> None:
    async with there.client() as player:
        answer = await post(
            player, whep(there), **token_of(there), origin="https://elsewhere.example"
        )
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Location", "ETag", "Link"} <= set(exposed)
    (asked,) = there.live.of(Subscribe)
    assert (asked.creator, asked.wish) == (f"seat:{there.seat.id}", "auto")


@pytest.mark.parametrize("who", ["editor", "teacher"])
async def test_who_is_signed_in_watches_under_her_own_name(there: LiveHouse, who: str) -> None:
    async with await there.client_of(getattr(there.world, who)) as client:
        assert (await post(client, whep(there))).status_code == 201
    name, sign_in = there.live.of(Subscribe)[0].creator.split()
    assert name == f"person:{getattr(there.world, who).id}" and sign_in.startswith("sign-in:")


async def test_what_she_hid_stays_hidden_when_a_program_takes_over(there: LiveHouse) -> None:
    async with await there.client_of(there.world.editor) as studio:
        assert (await post(studio, whip(there))).status_code == 201
        member = there.live.of(Publish)[0].member
        url = f"/rooms/{there.room.id}/hide"
        assert (await studio.post(url, json={"hidden": True})).status_code == 200
    async with there.house.pool.acquire() as conn, conn.transaction():
        await log.append(
            conn, presenter_of(there.world), there.room.id, "presenter_came",
            there.house.clock(), {"member": str(member)},
        )  # fmt: skip
    there.live.asked.clear()
    await publish(there)
    assert there.live.of(Hide) == [Hide(there.room.id, 1, member, True)]
    assert there.live.of(Mute) == []


async def test_who_comes_another_day_is_seen_and_heard(there: LiveHouse) -> None:
    async with await there.client_of(there.world.editor) as studio:
        assert (await post(studio, whip(there))).status_code == 201
        member = there.live.of(Publish)[0].member
        await studio.post(f"/rooms/{there.room.id}/hide", json={"hidden": True})
    there.live.asked.clear()
    there.house.clock.move(minutes=11)
    await publish(there)
    assert there.live.of(Hide) == [Hide(there.room.id, 1, member, False)]
    assert there.live.of(Mute) == [Mute(there.room.id, 1, member, False)]


# --- who may not ---------------------------------------------------------------------------------


async def test_nobody_is_told_to_say_who_they_are(there: LiveHouse) -> None:
    async with there.client() as client:
        for url in (whip(there), whep(there)):
            answer = await post(client, url)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"] == "credentials_missing"
    assert untouched(there)


async def test_a_wrong_key_never_touches_what_is_live(there: LiveHouse) -> None:
    """Unknown, revoked, over, or of another kind: 401, whatever else comes along."""
    async with there.house.pool.acquire() as conn, conn.transaction():
        scope = presenter_of(there.world)
        revoked = await stream_keys.create(conn, scope, there.room.id, "", there.house.clock())
        await stream_keys.revoke(conn, scope, there.room.id, revoked.id, there.house.clock())
    wrong = ["", "nobody's", revoked.token, *(one.split()[1] for one in token_of(there).values())]
    async with await there.client_of(there.world.editor) as studio:
        for token in wrong:
            for verb in ("POST", "PATCH", "DELETE", "GET"):
                url = whip(there) if verb == "POST" else whip(there, "r" * 32)
                answer = await studio.request(
                    verb, url, content=OFFER,
                    headers={**SDP, "authorization": f"Bearer {token}", "if-match": "*"},
                )  # fmt: skip
                assert answer.status_code == 401, (token, verb)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.headers["access-control-allow-origin"] == "*"
    there.house.clock.move(days=7, seconds=1)
    assert (await publish(there)).status_code == 401
    assert untouched(there)


async def test_a_key_of_another_room_finds_nothing(there: LiveHouse) -> None:
    async with there.house.pool.acquire() as conn, conn.transaction():
        other = await a_room(conn, there.world, there.house.clock(), "Another")
    async with there.client() as client:
        for room_id in (other.id, uuid4(), "nothing"):
            answer = await post(client, f"/rooms/{room_id}/whip", **there.bearer)
            assert answer.status_code == 404, room_id
    assert untouched(there)


async def test_a_removed_presenters_key_is_none(there: LiveHouse) -> None:
    await publish(there)
    async with there.house.pool.acquire() as conn, conn.transaction():
        scope = presenter_of(there.world)
        (place,) = await presenters.of_room(conn, scope, there.room.id)
        await presenters.remove(conn, scope, there.room.id, place.member, there.house.clock())
    assert (await publish(there)).status_code == 401
    async with await there.client_of(there.world.editor) as studio:
        assert (await post(studio, whip(there))).status_code == 403
    assert len(there.live.of(Publish)) == 1


async def test_the_key_of_who_lost_her_role_sends_no_more(there: LiveHouse) -> None:
    assert (await publish(there)).status_code == 201
    async with there.house.pool.acquire() as conn:
        editor = there.world.editor.id
        await conn.execute("update roles set ended_at = now() where person_id = $1", editor)
    answer = await publish(there)
    assert (answer.status_code, answer.json()["error"]) == (403, "not_on_stage")
    assert len(there.live.of(Publish)) == 1


async def test_who_is_taken_off_while_her_offer_is_on_its_way_is_not_left_there(
    there: LiveHouse,
) -> None:
    pool, editor = there.house.pool, there.world.editor.id

    async def late(taken_off: str, *who: object) -> AsyncIterator[bytes]:
        await pool.execute(taken_off, *who)
        yield OFFER.encode()

    async with there.phone() as phone, there.client() as obs:
        leaves = late("update seats set ended_at = now()")
        watches = await phone.post(whep(there), content=leaves, headers=SDP)
        loses = late("update roles set ended_at = now() where person_id = $1", editor)
        sends = await obs.post(whip(there), content=loses, headers={**SDP, **there.bearer})
    assert watches.status_code in {401, 404}
    assert (sends.status_code, sends.json()["error"]) == (403, "not_on_stage")
    made = [there.live.of(Subscribe)[0].creator, there.live.of(Publish)[0].creator]
    assert [one.creator for one in there.live.of(Remove)] == made


async def test_who_may_watch_may_not_send(there: LiveHouse) -> None:
    async with there.phone() as phone, await there.client_of(there.world.teacher) as teacher:
        for client in (phone, teacher):
            answer = await post(client, whip(there))
            assert (answer.status_code, answer.json()["error"]) == (403, "not_on_stage")
    assert untouched(there)


async def test_who_does_not_see_the_room_finds_nothing(there: LiveHouse) -> None:
    async with there.house.pool.acquire() as conn, conn.transaction():
        company = await people.a_company(conn, there.world.programme, "Molen")
        stranger = await people.an_editor(conn, there.world.programme, company)
        other = await a_room(conn, there.world, there.house.clock(), "Another")
    _, token = await a_part(there.house, there.world, other, "4A")
    phone = there.house.client(cookies={"seat": token})
    async with phone, await there.client_of(stranger) as editor:
        for client in (phone, editor):
            for url in (whip(there), whep(there)):
                assert (await post(client, url)).status_code == 404
    assert untouched(there)


async def test_a_cookie_from_another_site_is_worth_nothing(there: LiveHouse) -> None:
    async with there.phone() as phone, await there.client_of(there.world.editor) as studio:
        for headers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
            for client, url in ((studio, whip(there)), (phone, whep(there))):
                answer = await post(client, url, **headers)
                assert (answer.status_code, answer.json()["error"]) == (403, "cross_site")
    assert untouched(there)


async def test_a_device_that_waits_for_the_teacher_waits(there: LiveHouse) -> None:
    await there.house.pool.execute("update seats set is_waiting = true")
    async with there.phone() as phone, there.client() as player:
        assert (await post(phone, whep(there))).status_code == 403
        assert (await post(player, whep(there), **token_of(there))).status_code == 403
    assert untouched(there)


async def test_tokens_are_for_their_room_and_a_minute(there: LiveHouse) -> None:
    async with there.client() as player:
        elsewhere = token_of(there, room_id=uuid4())
        assert (await post(player, whep(there), **elsewhere)).status_code == 404
        nobody = token_of(there, seat_id=uuid4())
        assert (await post(player, whep(there), **nobody)).status_code == 401
        old = token_of(there)
        there.house.clock.move(seconds=61)
        assert (await post(player, whep(there), **old)).status_code == 401
        assert (await post(player, whep(there), **there.bearer)).status_code == 401
        assert untouched(there)
        assert (await post(player, whep(there), **token_of(there))).status_code == 201
        await there.house.pool.execute("update seats set ended_at = now()")
        assert (await post(player, whep(there), **token_of(there))).status_code == 401


async def test_a_closed_room_is_gone(there: LiveHouse) -> None:
    async with there.house.pool.acquire() as conn, conn.transaction():
        now = there.house.clock()
        await rooms.close(conn, presenter_of(there.world), there.room.id, now)
    assert (await publish(there)).status_code == 410
    async with there.phone() as phone:
        assert (await post(phone, whep(there))).status_code in {404, 410}
    assert there.live.of(Publish) == []


async def test_nobody_watches_under_the_name_of_anothers_visit(there: LiveHouse) -> None:
    seat, token = await a_part(there.house, there.world, there.room, "4A")
    connection = uuid4()
    await there.house.pool.execute(
        """
        insert into visits (programme_id, seat_id, connection, started_at, seen_until)
        values ($1, $2, $3, now(), now())
        """,
        there.world.programme.id, seat.id, connection,
    )  # fmt: skip
    url = f"{whep(there)}?connection={connection}"
    async with there.phone() as phone, await there.client_of(there.world.teacher) as teacher:
        assert (await post(phone, url)).status_code == 404
        assert (await post(teacher, url)).status_code == 404
        assert (await post(phone, f"{whep(there)}?connection=mine")).status_code == 404
    assert there.live.of(Subscribe) == []
    async with there.house.client(cookies={"seat": token}) as owner:
        assert (await post(owner, url)).status_code == 201


async def test_a_seat_asks_for_a_players_token(there: LiveHouse) -> None:
    url = f"/rooms/{there.room.id}/token"
    async with there.phone() as phone:
        told = (await phone.post(url)).json()
        assert told["expires_s"] == 60
    headers = {"authorization": f"Bearer {told['token']}"}
    async with there.client() as player:
        assert (await post(player, whep(there), **headers)).status_code == 201
        assert (await player.post(url, headers=headers)).status_code == 401
        assert (await player.post(url)).status_code == 401
    async with await there.client_of(there.world.teacher) as teacher:
        assert (await teacher.post(url)).status_code == 422
    async with there.phone() as phone:
        there.house.clock.move(seconds=1)
        away = await phone.post(url, headers={"origin": "https://elsewhere.example"})
        assert away.status_code == 403


# --- what is sent --------------------------------------------------------------------------------


async def test_only_sdp_of_a_reasonable_size_is_taken(there: LiveHouse) -> None:
    wrong = await publish(there, **{"content-type": "application/json"})
    assert (wrong.status_code, wrong.headers["accept-post"]) == (415, "application/sdp")
    async with there.client() as client:
        for size, status in ((65_536, 201), (65_537, 413)):
            answer = await post(client, whip(there), b"x" * size, **there.bearer)
            assert answer.status_code == status

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 1000

        answer = await client.post(whip(there), content=endless(), headers={**SDP, **there.bearer})
        assert answer.status_code == 413
        assert (await post(client, whip(there), b"\xff", **there.bearer)).status_code == 400
    assert len(there.live.of(Publish)) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("bad_offer", 400),
        ("media_unsupported", 422),
        ("stage_full", 409),
        ("live_overloaded", 503),
        ("stale_epoch", 503),
    ],
)
async def test_what_the_live_process_refuses(there: LiveHouse, code: str, status: int) -> None:
    there.live.answers[Publish] = refuse(code)
    answer = await publish(there)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["message"] != code
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


async def test_nobody_makes_offers_without_end(there: LiveHouse) -> None:
    async with there.client() as client, there.phone() as phone:
        statuses = [
            (await post(client, whip(there), **there.bearer)).status_code for _ in range(31)
        ]
        assert statuses == [*[201] * 30, 429]
        answer = await post(client, whip(there), **there.bearer)
        assert (answer.json()["error"], answer.headers["retry-after"]) == ("offers_many", "1")
        assert (await post(phone, whep(there))).status_code == 201
    assert len(there.live.of(Publish)) == 30


async def test_signing_in_anew_buys_no_more_offers(there: LiveHouse) -> None:
    there.house.app.state.floor.rooms["offers"] = Allowances(4, 0)
    async with (
        await there.client_of(there.world.editor) as first,
        await there.client_of(there.world.editor) as second,
        await there.client_of(there.world.teacher) as teacher,
    ):
        for url in (whip(there), whep(there)):
            answers = [await post((first, second)[n % 2], url) for n in range(6)]
            assert [one.status_code for one in answers] == [*[201] * 4, 429, 429]
        assert (await post(teacher, whep(there))).status_code == 201


async def test_without_a_live_process_one_comes_back_later(there: LiveHouse) -> None:
    await there.live.kill()
    await until(lambda: not there.rooms.is_there)
    answer = await publish(there)
    assert (answer.status_code, answer.json()["error"]) == (503, "live_away")
    assert answer.headers["retry-after"] == "1"


async def test_another_method_is_told_which_there_are(there: LiveHouse) -> None:
    async with there.client(headers=there.bearer) as client:
        answer = await client.put(whip(there))
        assert (answer.status_code, answer.json()["error"]) == (405, "method_other")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
        answer = await client.post(whip(there, "r"))
        assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


@pytest.mark.parametrize("query", ["?source=window", "?source="])
async def test_a_source_we_do_not_know(there: LiveHouse, query: str) -> None:
    assert (await publish(there, query)).status_code == 400
    async with there.phone() as phone:
        assert (await post(phone, f"{whep(there)}?wish=everything")).status_code == 400
    assert untouched(there)


# --- a resource ----------------------------------------------------------------------------------


async def test_candidates_and_restarts(there: LiveHouse) -> None:
    made = await publish(there)
    url = made.headers["location"]
    async with there.client(headers=there.bearer) as client:
        missing = await client.patch(url, content="a=x", headers=FRAGMENT)
        assert (missing.status_code, missing.json()["error"]) == (428, "if_match_missing")
        wrong = await client.patch(url, content="a=x", headers={**SDP, "if-match": '"1"'})
        assert (wrong.status_code, wrong.headers["accept-patch"]) == (415, FRAGMENT["content-type"])
        assert there.live.of(Patch) == []
        trickle = await client.patch(url, content="a=x", headers={**FRAGMENT, "if-match": '"1"'})
        assert (trickle.status_code, trickle.content) == (204, b"")
        there.live.answers[Patch] = Patched('"2"', "a=ice-ufrag:x\r\n")
        restart = await client.patch(url, content="a=x", headers={**FRAGMENT, "if-match": "*"})
        assert (restart.status_code, restart.text) == (200, "a=ice-ufrag:x\r\n")
        assert restart.headers["etag"] == '"2"'
        assert restart.headers["content-type"] == FRAGMENT["content-type"]
        for code, status in (("wrong_etag", 412), ("no_resource", 404), ("bad_fragment", 400)):
            there.live.answers[Patch] = refuse(code)
            answer = await client.patch(url, content="a=x", headers={**FRAGMENT, "if-match": '"1"'})
            assert answer.status_code == status
    asked = there.live.of(Patch)[0]
    assert asked == Patch(there.room.id, url.rsplit("/", 1)[1], f"key:{there.key.id}", '"1"', "a=x")


async def test_it_is_ended_by_its_creator(there: LiveHouse) -> None:
    made = await publish(there)
    async with there.client(headers=there.bearer) as client:
        answer = await client.delete(made.headers["location"])
        assert (answer.status_code, answer.content) == (200, b"")
        there.live.answers[Remove] = refuse("no_resource")
        assert (await client.delete(made.headers["location"])).status_code == 404
    assert there.live.of(Remove)[0].creator == f"key:{there.key.id}"


async def test_a_viewer_ends_and_renews_its_own(there: LiveHouse) -> None:
    async with there.phone() as phone:
        url = (await post(phone, whep(there))).headers["location"]
        headers = {**FRAGMENT, "if-match": '"1"'}
        assert (await phone.patch(url, content="a=x", headers=headers)).status_code == 204
        assert (await phone.delete(url)).status_code == 200
    assert there.live.of(Patch)[0].creator == f"seat:{there.seat.id}"
    assert there.live.of(Remove)[0].creator == f"seat:{there.seat.id}"


async def test_a_token_that_is_over_still_ends_what_it_opened(there: LiveHouse) -> None:
    token = token_of(there)
    async with there.client(headers=token) as player:
        url = (await post(player, whep(there))).headers["location"]
        there.house.clock.move(minutes=50)
        assert (await player.delete(url)).status_code == 200
        there.house.clock.move(hours=12)
        assert (await player.delete(url)).status_code == 401


async def test_get_answers_nothing_to_whoever_may(there: LiveHouse) -> None:
    async with there.phone() as phone, there.client(headers=there.bearer) as obs:
        for client, url in (
            (obs, whip(there)), (obs, whip(there, "r")), (phone, whep(there)),
            (phone, whep(there, "r")),
        ):  # fmt: skip
            answer = await client.get(url)
            assert (answer.status_code, answer.content) == (204, b"")
        assert (await phone.get(whip(there))).status_code == 403
    async with there.client() as nobody:
        assert (await nobody.get(whip(there))).status_code == 401


async def test_options_say_what_is_taken(there: LiveHouse) -> None:
    async with there.client() as client:
        for url in (whip(there), whep(there)):
            answer = await client.options(url)
            assert answer.status_code == 204
            assert answer.headers["accept-post"] == "application/sdp"
            assert "access-control-allow-origin" not in answer.headers
        answer = await client.options(whip(there, "r"))
        assert answer.headers["accept-patch"] == FRAGMENT["content-type"]


async def test_a_browser_elsewhere_may_ask_with_a_bearer_only(there: LiveHouse) -> None:
    asked = {
        "origin": "https://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    async with there.client() as client:
        answer = await client.options(whip(there), headers=asked)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "POST" in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert "authorization" in allowed
        assert "if-match" in allowed
        asked["access-control-request-headers"] = "content-type"
        answer = await client.options(whip(there), headers=asked)
        assert "access-control-allow-origin" not in answer.headers


# --- a live process that starts anew -------------------------------------------------------------


async def test_after_a_restart_the_room_is_opened_with_a_higher_epoch(there: LiveHouse) -> None:
    await publish(there)
    await there.live.restart()
    await there.live.next(Open, 2)
    assert [one.epoch for one in there.live.of(Open)] == [1, 2]
    await until(lambda: there.rooms.epoch(there.room.id) == 2)
    assert (await publish(there)).status_code == 201
    assert there.live.of(Publish)[-1].epoch == 2


async def test_a_room_the_live_process_does_not_know_is_opened_on_the_way(
    there: LiveHouse,
) -> None:
    await publish(there)
    refusals = [refuse("room_not_open")]
    there.live.answers[Publish] = lambda ask: refusals.pop() if refusals else accepted(ask)
    assert (await publish(there)).status_code == 201
    assert [one.epoch for one in there.live.of(Open)] == [1, 1]
