"""Archives behind an address, from a real server on this machine."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import current_policy, parse_handle, resolve
from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.download import check_redirect
from semsearch.modules.handles.web import AddressResolver


def test_an_archive_behind_an_address_is_fetched_once(server, tar_gz, find) -> None:
    server.pages["/soup.tar.gz"] = tar_gz()
    found = find(server.url("/soup.tar.gz"))
    assert (found.path / "saved_model.pb").read_bytes() == b"a graph of soup"
    assert found.source == server.url("/soup.tar.gz")
    assert find(server.url("/soup.tar.gz")) == found
    assert server.asked == ["/soup.tar.gz"]


def test_the_form_of_an_archive_is_seen_in_its_content(server, zipped, tar_gz, find) -> None:
    server.pages |= {"/a": zipped(), "/b?version=2": tar_gz(), "/c.zip": tar_gz(mode="w")}
    assert len({find(server.url(path)).digest for path in server.pages}) == 1


def test_update_fetches_again(server, tar_gz, find) -> None:
    server.pages["/soup"] = tar_gz()
    find(server.url("/soup"))
    server.pages["/soup"] = tar_gz({"saved_model.pb": b"new soup"})
    assert find(server.url("/soup")).size > 8
    found = find(server.url("/soup"), update=True)
    assert (found.path / "saved_model.pb").read_bytes() == b"new soup"
    assert find(server.url("/soup")) == found


def test_progress_tells_the_bytes_done_and_in_all(server, tar_gz, find) -> None:
    server.pages["/soup"] = packed = tar_gz({"saved_model.pb": bytes(range(256)) * 4000}, "w")
    told = []
    find(server.url("/soup"), on_progress=lambda *args: told.append(args))
    assert told[0] == (server.url("/soup"), 0, len(packed))
    assert told[-1] == (server.url("/soup"), len(packed), len(packed))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(403, "refuses it"), (404, "has nothing there"), (429, "too often"), (500, "with an error")],
)
def test_what_a_server_answers_is_told(code, reason, server, find, cache) -> None:
    server.pages["/soup"] = lambda handler: handler.send_error(code)
    with pytest.raises(ModuleError, match=rf"{reason} \({code}") as info:
        find(server.url("/soup"))
    assert server.url("/soup") in info.value.problem
    assert list((cache / "entries").iterdir()) == []


def test_a_refused_connection_is_told(server, find) -> None:
    url = server.url("/soup")
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(ModuleError, match="connection refused"):
        find(url)


def test_an_unknown_host_is_told(find) -> None:
    with pytest.raises(ModuleError, match="'https://soup.invalid/a.tgz' could not be fetched"):
        find("https://soup.invalid/a.tgz")


@pytest.mark.parametrize("when", ["before", "within"])
def test_a_server_that_falls_silent_is_given_up(when, server) -> None:
    def silent(handler) -> None:
        if when == "within":
            handler.send_response(200)
            handler.send_header("Content-Length", "100")
            handler.end_headers()
            handler.wfile.write(b"soup")
            handler.wfile.flush()
        time.sleep(1)

    server.pages["/soup"] = silent
    handle = parse_handle(server.url("/soup"))
    with pytest.raises(ModuleError, match="said nothing for too long"):
        resolve(handle, current_policy(), resolvers=[AddressResolver(silence=0.2)])


def drip_content(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
    drip(handler, b"x")


def drip_content_of_any_length(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    drip(handler, b"x")


def drip_answers(handler) -> None:
    drip(handler, b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_header(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    drip(handler, b"x")


def drip_trailers(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    drip(handler, b"x: y\r\n")


def drip_redirect(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /shoes\r\n\r\n")
    drip(handler, b"x")


def drip(handler, piece: bytes) -> None:
    """Send a little, never silent for long, until the other side is gone or for six seconds."""
    with suppress(OSError):
        for _ in range(120):
            handler.wfile.write(piece)
            time.sleep(0.05)


@pytest.mark.parametrize(
    "page",
    [
        drip_content,
        drip_content_of_any_length,
        drip_answers,
        drip_header,
        drip_trailers,
        drip_redirect,
    ],
)
def test_a_server_that_says_next_to_nothing_is_given_up(page, server) -> None:
    server.pages["/soup"] = page
    handle, begun = parse_handle(server.url("/soup")), time.monotonic()
    with pytest.raises(ModuleError, match="for too long, or next to nothing"):
        resolve(handle, current_policy(), resolvers=[AddressResolver(silence=0.3)])
    assert time.monotonic() - begun < 3


def test_a_server_that_is_slow_but_sends_enough_is_waited_for(server, tar_gz) -> None:
    packed = tar_gz({"saved_model.pb": bytes(range(256)) * 2000}, "w")

    def slow(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        for at in range(0, len(packed), 100_000):
            time.sleep(0.15)
            handler.wfile.write(packed[at : at + 100_000])

    server.pages["/soup"] = slow
    handle = parse_handle(server.url("/soup"))
    assert resolve(handle, current_policy(), resolvers=[AddressResolver(silence=0.4)]).size


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nsoup",
    ],
    ids=["address", "chunk", "length"],
)
def test_an_answer_that_makes_no_sense_is_told(answer, server, find) -> None:
    server.pages["/soup"] = lambda handler: handler.wfile.write(answer)
    with pytest.raises(NotObtained, match="/soup'"):
        find(server.url("/soup"))


def test_a_download_that_breaks_off_is_told_with_both_sizes(server, tar_gz, find, cache) -> None:
    packed = tar_gz()

    def short(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed[:-9])

    server.pages["/soup"] = short
    with pytest.raises(ModuleError, match=f"after {len(packed) - 9} of {len(packed)} bytes"):
        find(server.url("/soup"))
    assert list((cache / "entries").iterdir()) == []


def test_a_page_instead_of_an_archive_is_refused_with_its_beginning(server, find) -> None:
    server.pages["/soup"] = b"<!doctype html><p>Please log in"
    with pytest.raises(ModuleError, match="is no archive .it begins with b'<!doctype html>"):
        find(server.url("/soup"))


@pytest.mark.parametrize(
    "handle",
    [
        "http://example.org/soup.tgz",
        "http://127.0.0.1.example.org/soup.tgz",
        "ftp://127.0.0.1/soup.tgz",
        "file:///etc/passwd",
        "gs://bucket/soup.tgz",
        "https://",
        "https://host:port/soup.tgz",
        "https://exa mple.org/soup.tgz",
    ],
)
def test_other_addresses_than_https_are_refused(handle, find) -> None:
    with pytest.raises(ModuleError, match="is not fetched|is no address"):
        find(handle)


def test_a_redirect_is_followed_but_not_to_where_an_address_may_not_lead(
    server, tar_gz, find
) -> None:
    def to(target: str):
        def page(handler) -> None:
            handler.send_response(302)
            handler.send_header("Location", target)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return page

    server.pages |= {"/soup": tar_gz(), "/good": to("/soup"), "/bad": to("http://example.org/x")}
    assert find(server.url("/good")).size
    with pytest.raises(ModuleError, match="'http://example.org/x' is not fetched"):
        find(server.url("/bad"))


def test_no_redirect_leads_from_elsewhere_to_this_machine_by_http(server) -> None:
    with pytest.raises(ModuleError, match="'https://example.org/soup.tgz' leads to 'http://127"):
        check_redirect("https://example.org/soup.tgz", server.url("/soup"))


def test_the_pinned_archive_is_compared_before_it_is_unpacked(server, tar_gz, find) -> None:
    server.pages["/soup"] = packed = tar_gz()
    sha256 = hashlib.sha256(packed).hexdigest()
    with pytest.raises(
        ModuleError, match=f"has the SHA-256 {sha256}, but the handle pins {'0' * 64}"
    ):
        find(f"{server.url('/soup')}#sha256={'0' * 64}")
    assert find(f"{server.url('/soup')}#sha256={sha256}").size


def test_a_pin_added_later_is_compared_with_what_was_fetched(server, tar_gz, find) -> None:
    server.pages["/soup"] = packed = tar_gz()
    found = find(server.url("/soup"))
    assert (
        find(f"{server.url('/soup')}#sha256={hashlib.sha256(packed).hexdigest()}").path
        == found.path
    )
    assert len(server.asked) == 1
    with pytest.raises(ModuleError, match="but the handle pins"):
        find(f"{server.url('/soup')}#sha256={'0' * 64}")
    assert find(server.url("/soup")) == found


def test_an_unsafe_archive_is_refused_and_nothing_of_it_is_kept(
    server, tar_gz, find, cache
) -> None:
    server.pages["/soup"] = tar_gz({"saved_model.pb": b"x", "../../../soup.txt": b"out"})
    with pytest.raises(ModuleError, match="would write outside its folder"):
        find(server.url("/soup"))
    assert [path for path in cache.rglob("*soup*") if path.suffix != ".lock"] == []
