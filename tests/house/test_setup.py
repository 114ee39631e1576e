"""What set-up tells uv, which does not read pip's configuration."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pip_to_uv() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pip_to_uv", ROOT / "deploy" / "pip_to_uv.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pips_settings_become_uvs(pip_to_uv: ModuleType, tmp_path: Path) -> None:
    settings = pip_to_uv.read(
        [
            "global.index-url='https://mirror.example/simple'\n",
            "global.extra-index-url='\\nhttps://a.example\\nhttps://b.example'\n",
            "global.trusted-host='mirror.example'\n",
            ":env:.cert='/etc/ssl/own.crt'\n",
            f":env:.find-links='{tmp_path} /no/such/folder'\n",
            "freeze.timeout='10'\n",
        ]
    )
    assert dict(pip_to_uv.translate(settings)) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "mirror.example",
        "SSL_CERT_FILE": "/etc/ssl/own.crt",
        "UV_FIND_LINKS": str(tmp_path),
    }


def test_the_environment_wins_over_the_file(pip_to_uv: ModuleType) -> None:
    lines = [":env:.cert='/environment'", "global.cert='/file'"]
    assert pip_to_uv.read(lines) == {"cert": "/environment"}


def test_without_settings_nothing_is_said(pip_to_uv: ModuleType) -> None:
    assert not list(pip_to_uv.translate(pip_to_uv.read([""])))


def test_the_vendor_files_of_the_import_map_are_there() -> None:
    vendor = ROOT / "web" / "static" / "vendor"
    manifest = json.loads((vendor / "manifest.json").read_text())
    assert set(manifest["imports"]) == {"hls.js", "hls.js/worker", "tus-js-client"}
    for url in (*manifest["imports"].values(), *manifest["styles"].values()):
        assert (ROOT / "web" / url.removeprefix("/")).is_file(), url


def test_the_font_sheet_names_only_files_of_ours() -> None:
    sheet = (ROOT / "web" / "static" / "vendor" / "fonts.css").read_text()
    urls = re.findall(r"url\(([^)]+)\)", sheet)
    assert len(urls) == 7
    assert all((ROOT / "web" / url.removeprefix("/")).is_file() for url in urls)
