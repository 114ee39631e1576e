"""Whether the ports of the settings are ours to have, asked before anything is started."""

import asyncio
import errno
import ipaddress
import socket

from server.config import Settings, WrongSetting

# What a Porthole that was killed just now needs to let go of its own.
FREE_WITHIN_S = 5.0
LOOK_AGAIN_S = 0.1


async def check(settings: Settings) -> None:
    """Raises `WrongSetting` where another program listens: it would be taken for ours."""
    await _free("PORTHOLE_PORT", socket.SOCK_STREAM, settings.bind, settings.port)
    for host in live_hosts(settings.live_addresses):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            await _free("PORTHOLE_LIVE_PORT", kind, host, settings.live_port)


def live_hosts(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Where the live process listens: everywhere, unless it is there for this machine alone."""
    told = [ipaddress.ip_address(each) for each in addresses]
    if all(each.is_loopback for each in told):
        return addresses
    return ("0.0.0.0", "::") if any(each.version == 6 for each in told) else ("0.0.0.0",)  # noqa: S104


async def _free(name: str, kind: socket.SocketKind, host: str, port: int) -> None:
    deadline = asyncio.get_running_loop().time() + FREE_WITHIN_S
    while error := _why_not(kind, host, port):
        is_late = asyncio.get_running_loop().time() > deadline
        if error.errno != errno.EADDRINUSE or is_late:
            raise WrongSetting(
                name, f"nothing can listen at {host} port {port}: {error.strerror}. Choose another."
            )
        await asyncio.sleep(LOOK_AGAIN_S)


def _why_not(kind: socket.SocketKind, host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as tried:
            if kind == socket.SOCK_STREAM:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            tried.bind((host, port))
    except OSError as error:
        return error
    return None
