"""Modules on this machine: folders and Keras files in place, archives through the cache."""

from __future__ import annotations

import hashlib
import os

import pytest

from semsearch import fsio
from semsearch.errors import ModuleError
from semsearch.modules.handles.contents import files_in


def test_a_folder_is_used_where_it_lies(tmp_path, make_module, find, cache) -> None:
    folder = make_module(tmp_path / "soup")
    found = find(folder)
    assert (found.path, found.source) == (folder, str(folder))
    assert found.size == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert not (cache / "entries").exists()


def test_the_digest_is_the_one_that_its_docstring_describes(tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup", {"saved_model.pb": b"b", "assets/a": b"a"})
    of_a, of_b = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()
    lines = [f"assets/a {of_a}\n", f"saved_model.pb {of_b}\n"]
    assert find(folder).digest == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_cache_folder_of_python_changes_no_digest(tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup")
    before = find(folder)
    make_module(folder / "__pycache__", {"a.pyc": b"code"})
    assert find(folder) == before


def test_any_other_file_in_a_cache_folder_of_python_counts(tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup")
    find(folder)
    make_module(folder / "__pycache__", {"words.txt": b"shoes"})
    with pytest.raises(ModuleError, match="is not what it was"):
        find(folder)


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "a\n/b"])
def test_a_control_character_in_a_name_is_refused(name, tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup")
    make_module(folder, {name: b"x"})
    with pytest.raises(ModuleError, match="holds a control character"):
        find(folder)


def test_a_link_that_leads_to_another_module_by_now_is_refused(
    tmp_path, make_module, tar_gz, find
) -> None:
    make_module(tmp_path / "old")
    make_module(tmp_path / "new", {"saved_model.pb": b"shoes"})
    (tmp_path / "old.tgz").write_bytes(tar_gz())
    (tmp_path / "new.tgz").write_bytes(tar_gz({"saved_model.pb": b"shoes"}))
    for end in ("", ".tgz"):
        link = tmp_path / f"soup{end}"
        link.symlink_to(f"old{end}")
        find(link)
        link.unlink()
        link.symlink_to(f"new{end}")
        with pytest.raises(ModuleError, match="is not what it was"):
            find(link)


@pytest.mark.parametrize(
    "names",
    [["saved_model.pb"], ["tfhub_module.pb"], ["config.json", "model.safetensors", "vocab.txt"]],
)
def test_each_form_of_module_is_known_by_its_files(names, tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup", dict.fromkeys(names, b"x"))
    assert find(folder).path == folder


def test_a_keras_file_is_used_where_it_lies_whatever_its_name(tmp_path, find) -> None:
    (tmp_path / "soup.keras").write_bytes(b"model")
    (tmp_path / "other.keras").write_bytes(b"model")
    found = find(tmp_path / "soup.keras")
    assert (found.path, found.size) == (tmp_path / "soup.keras", 5)
    assert found.digest == find(tmp_path / "other.keras").digest


def test_options_after_the_hash_do_not_change_what_is_found(tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup")
    found = find(f"{folder}#signature=images")
    assert (found.path, found.digest) == (folder, find(folder).digest)
    assert found.handle.options == {"signature": "images"}


def test_a_relative_path_and_a_link_name_the_same_module(
    tmp_path, make_module, find, monkeypatch
) -> None:
    folder = make_module(tmp_path / "soup")
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    assert {find("soup").path, find("./link").path, find(folder).path} == {folder}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "is empty"),
        ({"readme.txt": b""}, "holds no module"),
        ({"config.json": b"", "vocab.txt": b""}, "holds no module"),
        ({"saved_model.pbtxt": b""}, r"as text \(saved_model.pbtxt\)"),
        ({"inner/saved_model.pb": b""}, r"holds no module \(but '.*/inner' does\)"),
    ],
)
def test_a_folder_without_a_module_is_refused_with_what_one_holds(
    files, reason, tmp_path, make_module, find
) -> None:
    folder = tmp_path / "soup"
    folder.mkdir()
    make_module(folder, files)
    with pytest.raises(ModuleError, match=reason) as info:
        find(folder)
    assert str(folder) in info.value.problem
    assert "saved_model.pb" in info.value.remedy and "model.safetensors" in info.value.remedy


def test_a_plain_file_is_refused(tmp_path, find) -> None:
    (tmp_path / "soup.h5").write_bytes(b"x")
    with pytest.raises(ModuleError, match=r"soup\.h5' is a plain file"):
        find(tmp_path / "soup.h5")


def test_a_linked_folder_or_a_pipe_inside_is_refused(tmp_path, make_module, find) -> None:
    linked, piped = make_module(tmp_path / "linked"), make_module(tmp_path / "piped")
    (linked / "more").symlink_to(tmp_path)
    os.mkfifo(piped / "pipe")
    for folder, name in ((linked, "more"), (piped, "pipe")):
        with pytest.raises(ModuleError, match=f"{name}' is not a regular file"):
            find(folder)


def test_a_linked_file_inside_counts_as_its_content(tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup")
    digest = find(folder).digest
    (folder / "saved_model.pb").rename(tmp_path / "blob")
    (folder / "saved_model.pb").symlink_to(tmp_path / "blob")
    assert find(folder).digest == digest


def test_a_name_that_nothing_answers_to_lists_what_was_tried(find) -> None:
    with pytest.raises(ModuleError, match="'no-such-soup'") as info:
        find("no-such-soup")
    for way in ("a folder", ".tar.gz", "pypi:", "npm:", "tfhub.dev", "https://", "nothing lies at"):
        assert way in info.value.problem
    assert info.value.remedy


@pytest.mark.parametrize("top", ["", "soup/", "./", "a/b/"])
@pytest.mark.parametrize("kind", [".tar.gz", ".tgz", ".tar", ".zip"])
def test_an_archive_gives_the_module_inside(
    kind, top, tmp_path, make_module, tar_gz, zipped, find
) -> None:
    expected = find(make_module(tmp_path / "folder"))
    files = {top + name: file.read_bytes() for name, file in files_in(expected.path).items()}
    packed = zipped(files) if kind == ".zip" else tar_gz(files, "w" if kind == ".tar" else "w:gz")
    archive = tmp_path / f"soup{kind}"
    archive.write_bytes(packed)
    found = find(archive)
    assert (found.digest, found.size) == (expected.digest, expected.size)
    assert (found.path / "saved_model.pb").is_file()
    assert found.source == str(archive)


def test_an_archive_that_is_gone_has_been_kept(tmp_path, tar_gz, find) -> None:
    archive = tmp_path / "soup.tgz"
    archive.write_bytes(tar_gz())
    found = find(archive)
    archive.unlink()
    assert find(archive) == found


def test_an_archive_with_another_content_under_the_same_name_is_refused(
    tmp_path, tar_gz, find
) -> None:
    archive = tmp_path / "soup.tgz"
    archive.write_bytes(tar_gz())
    old = find(archive).digest
    archive.write_bytes(tar_gz({"saved_model.pb": b"shoes"}))
    with pytest.raises(ModuleError, match=f"is not what it was: its digest was {old}"):
        find(archive)
    assert find(archive, update=True).digest != old


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"readme": b""}, "there is no module in"),
        (
            {"a/saved_model.pb": b"", "b/saved_model.pb": b""},
            r"there are 2 modules in .*: 'a', 'b'",
        ),
    ],
)
def test_an_archive_with_no_module_or_with_several_is_refused_and_not_kept(
    files, reason, tmp_path, tar_gz, find, cache
) -> None:
    archive = tmp_path / "soup.tgz"
    archive.write_bytes(tar_gz(files))
    with pytest.raises(ModuleError, match=reason):
        find(archive)
    assert list((cache / "entries").iterdir()) == []


def test_a_pinned_archive_is_compared_before_it_is_unpacked(tmp_path, tar_gz, find) -> None:
    archive = tmp_path / "soup.tgz"
    archive.write_bytes(tar_gz())
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert find(f"{archive}#sha256={sha256}").size
    with pytest.raises(
        ModuleError, match=f"has the SHA-256 {sha256}, but the handle pins {'0' * 64}"
    ):
        find(f"{archive}#sha256={'0' * 64}")


def test_an_archive_that_is_exchanged_meanwhile_is_unpacked_as_it_was_hashed(
    tmp_path, tar_gz, find, monkeypatch
) -> None:
    archive = tmp_path / "soup.tgz"
    archive.write_bytes(tar_gz())
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()

    def exchange(operation: str, path: object) -> None:
        if operation == "mkdir" and str(path).endswith("scratch"):
            archive.write_bytes(tar_gz({"saved_model.pb": b"shoes"}))

    monkeypatch.setattr(fsio, "checkpoint", exchange)
    found = find(f"{archive}#sha256={sha256}")
    assert (found.path / "saved_model.pb").read_bytes() == b"a graph of soup"


def test_a_pinned_keras_file_or_folder_is_compared_too(tmp_path, make_module, find) -> None:
    (tmp_path / "soup.keras").write_bytes(b"model")
    folder = make_module(tmp_path / "folder")
    for path, sha256 in (
        (tmp_path / "soup.keras", hashlib.sha256(b"model").hexdigest()),
        (folder, find(folder).digest),
    ):
        assert find(f"{path}#sha256={sha256}").path == path
        with pytest.raises(ModuleError, match="but the handle pins"):
            find(f"{path}#sha256={'0' * 64}")


@pytest.mark.parametrize("kind", [".tar.gz", ".zip"])
def test_a_file_that_is_no_archive_is_refused_with_its_beginning(kind, tmp_path, find) -> None:
    (tmp_path / f"soup{kind}").write_bytes(b"<html>no soup</html>")
    with pytest.raises(ModuleError, match="is no archive .it begins with b'<html>"):
        find(tmp_path / f"soup{kind}")
