"""The names of TensorFlow Hub, by our own download, from a local server in place of both hosts."""

from __future__ import annotations

import hashlib

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import current_policy, parse_handle, resolve
from semsearch.modules.handles.aliases import ALIASES
from semsearch.modules.handles.hub import HubResolver

QUERY = "?tf-hub-format=compressed"
OLD = "google/universal-sentence-encoder/4"
NEW = "google/universal-sentence-encoder/tensorFlow2/universal-sentence-encoder/2"


@pytest.fixture
def find(server):
    hub = HubResolver(server.url("/old"), server.url("/new"), with_library=False)

    def found(handle: str, **changes: object):
        return resolve(parse_handle(handle), current_policy(**changes), resolvers=[hub])

    return found


@pytest.mark.parametrize(
    "handle",
    [
        f"https://www.kaggle.com/models/{NEW}",
        f"https://kaggle.com/models/{NEW}/",
        NEW,
        "https://www.kaggle.com/models/google/universal-sentence-encoder/frameworks/tensorFlow2"
        "/variations/universal-sentence-encoder/versions/2",
    ],
)
def test_every_way_to_write_a_kaggle_handle_asks_for_the_compressed_form(
    handle, server, tar_gz, find
) -> None:
    server.pages[f"/new/{NEW}{QUERY}"] = tar_gz()
    assert find(handle).source == server.url(f"/new/{NEW}")


def test_an_old_handle_is_asked_for_under_its_own_name_first(server, tar_gz, find) -> None:
    server.pages |= {f"/old/{OLD}{QUERY}": tar_gz(), f"/new/{NEW}{QUERY}": tar_gz()}
    assert find(f"https://tfhub.dev/{OLD}").source == server.url(f"/old/{OLD}")
    assert server.asked == [f"/old/{OLD}{QUERY}"]


@pytest.mark.parametrize(
    ("handle", "page"),
    [(f"https://tfhub.dev/{OLD}", f"/new/{NEW}"), (NEW, f"/old/{OLD}")],
)
def test_a_handle_that_died_is_found_under_its_other_name(
    handle, page, server, tar_gz, find
) -> None:
    server.pages[page + QUERY] = tar_gz()
    assert find(handle).source == server.url(page)
    assert len(server.asked) == 2


def test_a_page_instead_of_the_module_counts_as_dead(server, tar_gz, find) -> None:
    server.pages |= {f"/old/{OLD}{QUERY}": b"<html>moved", f"/new/{NEW}{QUERY}": tar_gz()}
    assert find(f"https://tfhub.dev/{OLD}").source == server.url(f"/new/{NEW}")


def test_the_failure_lists_every_name_that_was_tried(server, find) -> None:
    server.pages[f"/new/{NEW}{QUERY}"] = lambda handler: handler.send_error(403)
    with pytest.raises(ModuleError, match=r"\(404 .*\(403 ") as info:
        find(f"https://tfhub.dev/{OLD}")
    assert f"/old/{OLD}" in info.value.problem and f"/new/{NEW}" in info.value.problem
    assert "download the module's archive yourself" in info.value.remedy


def test_an_unsafe_archive_ends_the_search(server, tar_gz, find) -> None:
    server.pages |= {
        f"/old/{OLD}{QUERY}": tar_gz({"../saved_model.pb": b""}),
        f"/new/{NEW}{QUERY}": tar_gz(),
    }
    with pytest.raises(ModuleError, match="would write outside"):
        find(f"https://tfhub.dev/{OLD}")


def test_a_pinned_archive_is_compared(server, tar_gz, find) -> None:
    server.pages[f"/new/{NEW}{QUERY}"] = packed = tar_gz()
    with pytest.raises(ModuleError, match="but the handle pins"):
        find(f"{NEW}#sha256={'0' * 64}")
    assert find(f"{NEW}#sha256={hashlib.sha256(packed).hexdigest()}").size


def test_a_folder_of_the_same_name_comes_before_a_kaggle_handle(
    tmp_path, make_module, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_module(tmp_path / NEW)
    assert resolve(parse_handle(NEW), current_policy()).path == folder


def test_every_alias_is_a_handle_of_each_host_and_stands_there_once() -> None:
    hub = HubResolver()
    for alias in ALIASES:
        assert hub.addresses(parse_handle(f"https://tfhub.dev/{alias.tfhub}")) == [
            f"https://tfhub.dev/{alias.tfhub}",
            f"https://www.kaggle.com/models/{alias.kaggle}",
        ]
        assert hub.accepts(parse_handle(alias.kaggle))
    assert len({alias.tfhub for alias in ALIASES}) == len(ALIASES)
    assert len({alias.kaggle.lower() for alias in ALIASES}) == len(ALIASES)
