"""What is in the cache can be listed, verified and removed."""

from __future__ import annotations

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import cached_modules, forget, verify_cached


@pytest.fixture
def soup(server, tar_gz, find) -> str:
    server.pages["/soup"] = tar_gz(top="inner/")
    find(server.url("/soup"))
    return server.url("/soup")


def test_an_empty_cache_lists_nothing() -> None:
    assert cached_modules() == [] and verify_cached() == []


def test_the_list_tells_where_a_module_came_from_and_lies(soup, find) -> None:
    found = find(soup, trust=True)
    (module,) = cached_modules()
    assert (module.handle, module.source, module.path) == (soup, soup, found.path)
    assert (module.size, module.digest, module.is_trusted) == (found.size, found.digest, True)
    assert module.added.endswith("+00:00")


def test_verifying_names_what_is_wrong_and_mends_nothing(
    soup, find, server, tmp_path, tar_gz
) -> None:
    (tmp_path / "good.tgz").write_bytes(tar_gz())
    find(tmp_path / "good.tgz")
    (find(soup).path / "saved_model.pb").unlink()
    problem = "its file 'inner/saved_model.pb' is missing"
    for _ in range(2):
        assert {one.handle: one.problem for one in verify_cached()} == {
            soup: problem,
            str(tmp_path / "good.tgz"): None,
        }
    assert [one.problem for one in verify_cached(soup)] == [problem]
    assert server.asked == ["/soup"]


def test_verifying_names_an_entry_without_a_completeness_file(soup, cache) -> None:
    (entry,) = (cache / "entries").iterdir()
    (entry / "module.json").unlink()
    (finding,) = verify_cached()
    assert (finding.handle, finding.problem) == (entry.name, "its file 'module.json' is missing")
    assert cached_modules() == []


def test_verifying_compares_with_the_first_use(soup, cache) -> None:
    (pin,) = (cache / "pins").iterdir()
    digest = cached_modules()[0].digest
    pin.write_text(pin.read_text().replace(digest, "0" * 64))
    assert "was met at its first use" in verify_cached()[0].problem
    pin.write_text("")
    assert "cannot be read" in verify_cached()[0].problem


def test_a_forgotten_module_is_gone_with_its_pin_and_its_trust(soup, find, server, tar_gz) -> None:
    digest = find(soup, trust=True).digest
    forget(soup)
    assert cached_modules() == []
    server.pages["/soup"] = tar_gz({"saved_model.pb": b"shoes"})
    assert find(soup).digest != digest
    server.pages["/soup"] = tar_gz(top="inner/")
    assert not find(soup, update=True).is_trusted


def test_a_damaged_module_can_be_forgotten(soup, find) -> None:
    (find(soup).path.parent.parent / "module.json").unlink()
    forget(soup)
    assert verify_cached() == []


def test_an_archive_is_known_by_its_path(tmp_path, tar_gz, find, monkeypatch) -> None:
    (tmp_path / "soup.tgz").write_bytes(tar_gz())
    find(tmp_path / "soup.tgz")
    monkeypatch.chdir(tmp_path)
    assert verify_cached("soup.tgz")[0].problem is None
    forget("./soup.tgz")
    assert cached_modules() == []


def test_what_is_not_in_the_cache_cannot_be_verified_or_forgotten() -> None:
    for ask in (verify_cached, forget):
        with pytest.raises(ModuleError, match="'soup' is not in the cache"):
            ask("soup")
