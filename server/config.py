"""Settings, read once from the environment, frozen, and refused by name."""

import contextlib
import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import psutil

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SOCKET_NAME_BYTES = 100

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 7065; what stands in it goes into headers and pages as it is.
_TURN_URL = re.compile(
    r"turns?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?"
)


class WrongSetting(Exception):
    """A setting cannot be used. `name` is the variable's, the text says what is wrong with it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Sizes in bytes, times in seconds.

    `database_url` None means the embedded PostgreSQL under `home`. `s3` holds what an `s3://`
    store needs beyond its address, from the AWS_* variables its operators already know.
    `live_port`: UDP and TCP, of the live process. `live_addresses`: where browsers find it.
    `turn_urls` and `turn_secret`: the relay for who reaches neither; both or none.
    `registry`: a folder or an address to look for lists of schools at; "" looks nowhere.
    `socket`: a unix socket at which a proxy on this machine asks; None: it asks at the port.
    """

    home: Path
    url: str
    bind: str
    port: int
    secret: bytes
    database_url: str | None
    storage_url: str
    mail_url: str | None
    s3: Mapping[str, Any] = field(default_factory=dict)
    trusted_proxies: tuple[Network, ...] = ()
    metrics_token: str | None = None
    is_demo: bool = False
    live_port: int = 7900
    live_addresses: tuple[str, ...] = ("127.0.0.1",)
    turn_urls: tuple[str, ...] = ()
    turn_secret: str | None = None
    registry: str = ""
    socket: Path | None = None

    @property
    def has_proxy(self) -> bool:
        """Whether somebody is before us who says whose a request is."""
        return self.socket is not None or bool(self.trusted_proxies)

    @property
    def is_secure(self) -> bool:
        """Whether people reach us over HTTPS, so that cookies may insist on it."""
        return self.url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether the installation's address is this machine's own."""
        host = urlsplit(self.url).hostname or ""
        return host in LOOPBACK


def read(environment: Mapping[str, str]) -> Settings:
    """Reads every `PORTHOLE_*`, `DATABASE_URL` and `STORAGE_URL`; makes the secret if need be.

    Raises `WrongSetting` with the variable's name.
    """
    home = Path(environment.get("PORTHOLE_HOME") or ".porthole").absolute()
    port = _port("PORTHOLE_PORT", environment.get("PORTHOLE_PORT") or "8000")
    bind = _bind(environment.get("PORTHOLE_BIND") or "127.0.0.1")
    url = _url(environment.get("PORTHOLE_URL") or f"http://127.0.0.1:{port}")
    turn_urls = _turn_urls(environment.get("PORTHOLE_TURN_URL") or "")
    database_url = _database_url(environment.get("DATABASE_URL"))
    return Settings(
        home=home,
        url=url,
        bind=bind,
        port=port,
        secret=_secret(environment.get("PORTHOLE_SECRET"), home, database_url),
        database_url=database_url,
        storage_url=_storage_url(environment.get("STORAGE_URL"), home),
        mail_url=_mail_url(environment.get("PORTHOLE_MAIL_URL")),
        s3=_s3(environment),
        trusted_proxies=_networks(environment.get("PORTHOLE_TRUSTED_PROXIES") or ""),
        metrics_token=_metrics_token(environment.get("PORTHOLE_METRICS_TOKEN")),
        is_demo=_is_demo(environment, database_url, bind),
        live_port=_live_port(environment.get("PORTHOLE_LIVE_PORT") or "7900", port),
        live_addresses=_live_addresses(environment.get("PORTHOLE_LIVE_ADDRESSES"), url, bind),
        turn_urls=turn_urls,
        turn_secret=_turn_secret(environment.get("PORTHOLE_TURN_SECRET"), turn_urls),
        registry=_registry(environment.get("PORTHOLE_REGISTRY") or ""),
        socket=_socket(environment.get("PORTHOLE_SOCKET")),
    )


def _parts(name: str, text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:  # half an IPv6 address
        raise WrongSetting(name, f"is no address: {error}") from None


def _asked_at(name: str, text: str, like: str) -> SplitResult:
    """The parts of an address somebody is asked at: it has a host, and its port is one."""
    parts = _parts(name, text)
    try:
        is_sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or not text.isprintable() or " " in text:
        raise WrongSetting(name, f"is not like {like}")
    return parts


def _port(name: str, text: str) -> int:
    if not text.isdecimal() or len(text) > 5 or not 1 <= int(text) <= 65535:
        raise WrongSetting(name, f"{text!r} is not a port between 1 and 65535")
    return int(text)


def _live_port(text: str, port: int) -> int:
    """The live process would start for ever: the port is taken."""
    live_port = _port("PORTHOLE_LIVE_PORT", text)
    if live_port == port:
        raise WrongSetting("PORTHOLE_LIVE_PORT", f"{port} is PORTHOLE_PORT already")
    return live_port


def _socket(text: str | None) -> Path | None:
    """A system takes about a hundred characters for the name of a socket."""
    if not text:
        return None
    path = Path(text)
    if not path.is_absolute() or len(text.encode()) > SOCKET_NAME_BYTES:
        raise WrongSetting("PORTHOLE_SOCKET", f"{text!r} is not like /run/porthole/web.sock")
    return path


def _bind(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise WrongSetting("PORTHOLE_BIND", f"{text!r} is not an IP address") from None
    return text


def _url(text: str) -> str:
    """Only an origin: mails and QR codes put their paths behind it."""
    like = "https://porthole.example"
    parts = _asked_at("PORTHOLE_URL", text, like)
    is_origin = "@" not in parts.netloc and parts.path in {"", "/"} and not {*"?#"} & {*text}
    if parts.scheme not in {"http", "https"} or not is_origin:
        raise WrongSetting("PORTHOLE_URL", f"{text!r} is not like {like}")
    return text.rstrip("/")


def _database_url(text: str | None) -> str | None:
    """Its host and port are asyncpg's to read: there may be several."""
    if text and _parts("DATABASE_URL", text).scheme not in {"postgresql", "postgres"}:
        raise WrongSetting("DATABASE_URL", "is not like postgresql://user:password@host/name")
    return text or None


def _storage_url(text: str | None, home: Path) -> str:
    if not text:
        return (home / "storage").as_uri()
    parts = _parts("STORAGE_URL", text)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return text
    if parts.scheme == "s3" and parts.netloc:
        return text
    raise WrongSetting("STORAGE_URL", f"{text!r} is neither file:///folder nor s3://bucket/prefix")


def _s3(environment: Mapping[str, str]) -> dict[str, str]:
    names = {
        "endpoint": "AWS_ENDPOINT_URL",
        "region": "AWS_REGION",
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    }
    return {key: environment[name] for key, name in names.items() if environment.get(name)}


def _mail_url(text: str | None) -> str | None:
    if not text:
        return None
    like = "smtp://user:password@host:587"
    if _asked_at("PORTHOLE_MAIL_URL", text, like).scheme not in {"smtp", "smtps"}:
        raise WrongSetting("PORTHOLE_MAIL_URL", f"is not like {like}")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise WrongSetting("PORTHOLE_TRUSTED_PROXIES", str(error)) from None


def _is_demo(environment: Mapping[str, str], database_url: str | None, bind: str) -> bool:
    """The demo programme is there by default only where it can harm nobody: on loopback.

    Its mailbox shows every code and link, so nobody else may be able to reach this process:
    by default it is there only where we listen to this machine alone.
    """
    given = environment.get("PORTHOLE_DEMO")
    if given:
        return _yes_or_no("PORTHOLE_DEMO", given)
    host = urlsplit(environment.get("PORTHOLE_URL") or "http://127.0.0.1").hostname
    is_ours_alone = ipaddress.ip_address(bind).is_loopback
    return database_url is None and host in LOOPBACK and is_ours_alone


def _live_addresses(text: str | None, url: str, bind: str) -> tuple[str, ...]:
    """Where browsers are told to find the live process.

    By default this machine's own loopback where Porthole is for this machine alone, else every
    address the machine has.
    """
    if not text:
        is_ours_alone = ipaddress.ip_address(bind).is_loopback
        return (bind,) if is_ours_alone and urlsplit(url).hostname in LOOPBACK else _own_addresses()
    return tuple(_live_address(part.strip()) for part in text.split(","))


def _live_address(text: str) -> str:
    name = "PORTHOLE_LIVE_ADDRESSES"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise WrongSetting(name, f"{text!r} is not an IP address") from None
    if address.is_unspecified or address.is_multicast:
        raise WrongSetting(name, f"{text!r} is not an address one can be reached at")
    return str(address)


def _own_addresses() -> tuple[str, ...]:
    told = (one.address for each in psutil.net_if_addrs().values() for one in each)
    found = tuple(dict.fromkeys(text for text in told if _is_reachable(text)))
    return found or ("127.0.0.1",)


def _is_reachable(text: str) -> bool:
    """Not a hardware address, not this machine's own, none that needs a zone to be understood."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not address.is_loopback and not address.is_link_local


def _turn_urls(text: str) -> tuple[str, ...]:
    urls = tuple(part.strip() for part in text.split(",") if part.strip())
    for url in urls:
        if not _TURN_URL.fullmatch(url):
            raise WrongSetting(
                "PORTHOLE_TURN_URL", f"{url!r} is not like turns:turn.example:443?transport=tcp"
            )
    return urls


def _turn_secret(text: str | None, urls: tuple[str, ...]) -> str | None:
    if urls and not text:
        raise WrongSetting("PORTHOLE_TURN_SECRET", "is required with PORTHOLE_TURN_URL")
    if text and not urls:
        raise WrongSetting("PORTHOLE_TURN_URL", "is required with PORTHOLE_TURN_SECRET")
    if text and len(text) < 16:
        raise WrongSetting("PORTHOLE_TURN_SECRET", "is shorter than 16 characters")
    return text or None


def _registry(text: str) -> str:
    """Over the net only what nobody can change on its way; this machine's own is that too."""
    parts = _parts("PORTHOLE_REGISTRY", text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not text or (is_safe and parts.hostname) or Path(text).is_absolute():
        return text
    raise WrongSetting(
        "PORTHOLE_REGISTRY", f"{text!r} is neither a whole path of a folder nor https://…"
    )


def _metrics_token(text: str | None) -> str | None:
    if text and not (text.isascii() and text.isprintable() and " " not in text):
        raise WrongSetting("PORTHOLE_METRICS_TOKEN", "holds what no HTTP header can carry")
    return text or None


def _yes_or_no(name: str, text: str) -> bool:
    if text.lower() not in {"yes", "no", "1", "0", "true", "false"}:
        raise WrongSetting(name, f"{text!r} is neither yes nor no")
    return text.lower() in {"yes", "1", "true"}


def _secret(text: str | None, home: Path, database_url: str | None) -> bytes:
    if text:
        if len(text) < 32:
            raise WrongSetting("PORTHOLE_SECRET", "is shorter than 32 characters")
        return text.encode()
    if database_url:
        raise WrongSetting(
            "PORTHOLE_SECRET", "is required with DATABASE_URL: all machines must share it"
        )
    return _own_secret(home / "secret")


def _own_secret(path: Path) -> bytes:
    """The secret of this folder, made on the first start."""
    try:
        if not path.exists():
            _make_secret(path)
        return _read_secret(path)
    except OSError as error:
        why = f"{path.parent} cannot be used: {error.strerror}"
        raise WrongSetting("PORTHOLE_HOME", why) from error


def _make_secret(path: Path) -> None:
    """Puts a whole file in its place: a start that was cut short leaves none that is half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        # Two processes starting together agree on the first one's secret.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()


def _read_secret(path: Path) -> bytes:
    text = path.read_text().strip()
    if len(text) < 32:
        raise WrongSetting("PORTHOLE_SECRET", f"the one in {path} is shorter than 32 characters")
    return text.encode()
