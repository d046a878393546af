"""What a site's network asks for: proxies and certificates of its own, from the environment."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest

from separate_cli.errors import RemoteError
from separate_cli.net.download import download
from separate_cli.net.session import Client
from servers.serving import Server

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""Of 127.0.0.1, signed by itself, with its key; good for nothing but these tests."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_a_proxy_is_used_where_it_is_named(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/a"] = b"by proxy"
    monkeypatch.setenv("HTTP_PROXY", server.url)
    path = download(["http://far.invalid/a"], tmp_path / "a", checksum=None, client=client)
    assert path.read_bytes() == b"by proxy"
    assert server.requests[0].headers["Host"] == "far.invalid"


def test_no_proxy_is_used_where_it_is_excepted(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["/a"] = b"straight"
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert client.request("GET", server.url + "/a").content == b"straight"


def test_a_proxy_that_is_not_there_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(RemoteError, match="the proxy does not answer") as caught:
        client.request("GET", "http://far.invalid/a")
    assert "HTTP_PROXY" in caught.value.hint


@pytest.fixture
def encrypted(server: Server) -> str:
    """The address of ``server``, which now speaks https with a certificate that nobody has heard of."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.encrypt(context)
    server.files["/a"] = b"safe"
    return server.url.replace("http:", "https:")


def test_a_certificate_of_nobody_is_not_trusted_and_not_asked_again(
    encrypted: str, client: Client, pauses: list[float]
) -> None:
    with pytest.raises(RemoteError, match="its certificate is not trusted") as caught:
        client.request("GET", encrypted + "/a")
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint
    assert pauses == []


def test_a_certificate_of_the_site_is_trusted(encrypted: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    assert client.request("GET", encrypted + "/a").content == b"safe"


def test_encryption_given_up_on_the_way_is_refused_unless_the_content_is_known(
    encrypted: str, server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with Server({"/plain": b"known"}) as other:
        server.redirect("/b", other.url + "/plain")
        with pytest.raises(RemoteError, match="which is not encrypted"):
            download([encrypted + "/b"], tmp_path / "b", checksum=None, client=client)
        checksum = "sha256:" + hashlib.sha256(b"known").hexdigest()
        path = download([encrypted + "/b"], tmp_path / "b", checksum=checksum, client=client)
    assert path.read_bytes() == b"known"
