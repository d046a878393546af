"""The client asks again where that helps, waits as it is told, and keeps its secrets."""

from __future__ import annotations

import io
from email.utils import formatdate
from pathlib import Path

import pytest

from separate_cli.errors import RemoteError
from separate_cli.net.session import Client, HttpError
from servers.serving import Reply, Request, Server

SECRET = "t0ken-that-nobody-may-see"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_faults_are_outlasted(server: Server, client: Client, pauses: list[float], status: int) -> None:
    server.files["/a"] = b"here"
    server.fault("/a", status=status, times=3)
    assert client.request("GET", server.url + "/a").content == b"here"
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_lasting_faults_are_told(server: Server, client: Client, status: int) -> None:
    server.fault("/a", status=status, times=None)
    with pytest.raises(HttpError, match=f"/a answers {status}") as caught:
        client.request("GET", server.url + "/a", check=False)
    assert caught.value.status == status
    assert caught.value.hint
    assert len(server.requests) == client.retries + 1


def test_without_retry_it_asks_once(server: Server, client: Client) -> None:
    server.fault("/a", status=503, times=None)
    with pytest.raises(HttpError):
        client.request("POST", server.url + "/a", retry=False)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "is_heard"), [(429, True), (503, True), (500, False), (502, False)])
def test_retry_after_counts_only_where_it_means_something(
    server: Server, client: Client, pauses: list[float], status: int, is_heard: bool
) -> None:
    server.files["/a"] = b"here"
    server.fault("/a", status=status, headers={"Retry-After": "59"})
    client.request("GET", server.url + "/a")
    assert (pauses == [59.0]) is is_heard


def test_retry_after_is_a_number_or_a_date_and_has_a_limit(server: Server, client: Client, pauses: list[float]) -> None:
    server.files["/a"] = b"here"
    for text in ("7200", formatdate(4e9, usegmt=True), "whenever"):
        server.fault("/a", status=429, headers={"Retry-After": text})
    client.request("GET", server.url + "/a")
    assert pauses[:2] == [120.0, 120.0]
    assert pauses[2] < 10


def test_a_success_with_retry_after_is_a_success(server: Server, client: Client, pauses: list[float]) -> None:
    server.on("GET", "/a", lambda *_: Reply(200, b"here", {"Retry-After": "59"}))
    assert client.request("GET", server.url + "/a").content == b"here"
    assert pauses == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_answers_that_stay_the_same_are_not_asked_for_again(server: Server, client: Client, status: int) -> None:
    server.fault("/a", status=status, times=None)
    assert client.request("GET", server.url + "/a", check=False).status_code == status
    with pytest.raises(HttpError):
        client.request("GET", server.url + "/a")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "It does not exist.", "status": 404}', "It does not exist"),
        (b'{"errors": [{"field": "size", "messages": ["too large", "odd"]}]}', "size: too large odd"),
        (b'{"errors": [{"field": "title", "message": "missing"}]}', "title: missing"),
        (b'{"error": "\\u001b[31mred"}', " [31mred"),
        (b"<html>You are being blocked</html>", "answers 404"),
        (b'["odd"]', "answers 404"),
        (b"\xff\xfe", "answers 404"),
    ],
)
def test_the_servers_own_words_are_passed_on_tamely(server: Server, client: Client, body: bytes, words: str) -> None:
    server.fault("/a", status=404, body=body)
    with pytest.raises(HttpError) as caught:
        client.request("GET", server.url + "/a", stream=True)
    assert words in caught.value.message
    assert caught.value.message.isprintable()
    assert "<html>" not in caught.value.message


def test_a_connection_that_is_lost_is_made_again(server: Server, client: Client) -> None:
    server.files["/a"] = b"x" * 1000
    server.fault("/a", cut_after=10, times=2)
    assert client.request("GET", server.url + "/a").content == b"x" * 1000


def test_nobody_there_is_told_without_a_traceback_of_names(client: Client, pauses: list[float]) -> None:
    with pytest.raises(RemoteError, match=r"Cannot reach http://127\.0\.0\.1:9/a: the connection failed") as caught:
        client.request("GET", "http://me:word@127.0.0.1:9/a?access_token=word")
    assert "word" not in caught.value.message + caught.value.hint
    assert len(pauses) == client.retries


def test_offline_forbids_every_request(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEP_OFFLINE", "1")
    with pytest.raises(RemoteError, match="SEP_OFFLINE"):
        client.request("GET", server.url + "/a")
    assert server.requests == []


def test_a_file_that_is_sent_is_sent_again_from_where_it_stood(server: Server, client: Client, tmp_path: Path) -> None:
    received: list[bytes] = []

    def take(request: Request, _: object) -> Reply:
        received.append(request.body)
        return Reply(503 if len(received) < 2 else 201)

    server.on("PUT", "/bucket/f", take)
    stream = io.BytesIO(b"skipped, kept")
    stream.seek(9)
    assert client.request("PUT", server.url + "/bucket/f", data=stream).status_code == 201
    assert received == [b"kept", b"kept"]


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_redirects_of_a_post_change_it_as_browsers_do(server: Server, client: Client, status: int, method: str) -> None:
    server.redirect("/a", "/b?c=1", status)
    server.on(method, "/b", lambda request, _: Reply(200, request.body))
    answer = client.request("POST", server.url + "/a", data=b"body", params={"q": "1"})
    assert answer.content == (b"body" if method == "POST" else b"")
    assert server.requests[-1].query == {"c": ["1"]}


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://x", "http://", "http://[x/"])
def test_redirects_lead_only_to_the_web(server: Server, client: Client, target: str) -> None:
    server.redirect("/a", target)
    with pytest.raises(RemoteError):
        client.request("GET", server.url + "/a")


def test_a_circle_of_redirects_ends(server: Server, client: Client) -> None:
    server.redirect("/a", "/b")
    server.redirect("/b", "/a")
    with pytest.raises(RemoteError, match="circle"):
        client.request("GET", server.url + "/a")


def test_a_token_goes_to_its_host_and_no_other(server: Server) -> None:
    server.files["/end"] = b"here"
    with Server({"/end": b"there"}) as stranger, Client(token=SECRET, token_host=server.host) as client:
        server.redirect("/away", stranger.url + "/end")
        server.redirect("/near", "/end")
        stranger.redirect("/back", server.url + "/end")
        assert client.request("GET", server.url + "/away").content == b"there"
        assert client.request("GET", server.url + "/near").content == b"here"
        assert client.request("GET", stranger.url + "/back").content == b"here"
        assert {one.headers.get("Authorization") for one in server.requests} == {f"Bearer {SECRET}"}
        assert {one.headers.get("Authorization") for one in stranger.requests} == {None}


def test_headers_with_secrets_stay_behind_when_the_host_changes(server: Server, client: Client) -> None:
    with Server({"/end": b"there"}) as stranger:
        server.redirect("/a", stranger.url + "/end")
        client.request("GET", server.url + "/a", headers={"Cookie": SECRET, "X-Kind": "kept"})
        assert server.requests[0].headers["Cookie"] == SECRET
        assert "Cookie" not in stranger.requests[0].headers
        assert stranger.requests[0].headers["X-Kind"] == "kept"


def test_a_users_netrc_never_takes_the_place_of_the_token(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.files["/a"] = b""
    with Client(token=SECRET, token_host=server.host) as client:
        client.request("GET", server.url + "/a")
    assert server.requests[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_user_and_password_of_an_address_are_used_and_never_shown(server: Server, client: Client) -> None:
    with pytest.raises(HttpError) as caught:
        client.request("GET", f"http://me:pass%20word@{server.host}/missing")
    assert server.requests[0].headers["Authorization"] == "Basic bWU6cGFzcyB3b3Jk"
    assert "pass" not in caught.value.message


def test_a_token_without_a_host_is_the_programmers_to_fix() -> None:
    with pytest.raises(ValueError, match="host"):
        Client(token=SECRET)


def test_we_say_who_we_are(server: Server, client: Client) -> None:
    client.request("GET", server.url + "/a", check=False)
    assert server.requests[0].headers["User-Agent"].startswith("sep/")


@pytest.mark.parametrize(
    ("body", "words"), [(b"<html>", "does not answer in JSON"), (b"[" * 100_000, "JSON"), (b'"' + b"x" * 999, "500")]
)
def test_what_should_be_json_and_is_not_is_told(server: Server, client: Client, body: bytes, words: str) -> None:
    server.files["/a"] = body
    with pytest.raises(RemoteError, match=words):
        client.get_json(server.url + "/a", limit=500 if len(body) == 1000 else 10**6)


def test_json_that_breaks_off_is_asked_for_again(server: Server, client: Client, pauses: list[float]) -> None:
    server.files["/a"] = b'{"a": [1, 2, 3]}'
    server.fault("/a", cut_after=5, times=2)
    assert client.get_json(server.url + "/a") == {"a": [1, 2, 3]}
    assert len(pauses) == 2
    server.fault("/a", cut_after=5, times=None)
    with pytest.raises(RemoteError, match="connection failed"):
        client.get_json(server.url + "/a")


def test_json_comes_with_its_headers_and_refusals_without(server: Server, client: Client) -> None:
    server.on("GET", "/a", lambda request, _: Reply.json([1], headers={"Link": '<http://x/b>; rel="next"'}))
    answer, document = client.fetch_json(server.url + "/a")
    assert (answer.links["next"]["url"], document) == ("http://x/b", [1])
    answer, document = client.fetch_json(server.url + "/none", check=False)
    assert (answer.status_code, document) == (404, None)


def test_json_is_read(server: Server, client: Client) -> None:
    server.on("GET", "/a", lambda request, _: Reply.json({"asked": request.query}))
    assert client.get_json(server.url + "/a", params={"q": "ü"}) == {"asked": {"q": ["ü"]}}
