"""Unpacking refuses whatever could do harm, and names it."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import uuid
import zipfile
import zlib

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles.unpack import Bounds, unpack

MIB = 1 << 20


@pytest.fixture
def take(tmp_path):
    """Unpack bytes and return what came out by name."""

    def taken(packed: bytes, **bounds: int) -> dict[str, bytes]:
        # A new folder each time, two below the test's own, so that two ways up still are in it.
        archive, folder = tmp_path / "packed", tmp_path / uuid.uuid4().hex / "out"
        archive.write_bytes(packed)
        unpack(
            archive, folder, scratch=tmp_path / "scratch", what="'soup'", bounds=Bounds(**bounds)
        )
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    return taken


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def linked(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


FILES = {"a.txt": b"soup", "b/c.txt": b"", "b/d/e.bin": bytes(3 * MIB)}


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_what_was_packed_as_tar_comes_out(mode, take, tar_gz) -> None:
    assert take(tar_gz(FILES, mode)) == FILES


def test_what_was_packed_as_zip_comes_out(take, zipped) -> None:
    assert take(zipped({"b/": b"", **FILES})) == FILES


@pytest.mark.parametrize("name", ["/tmp/soup", "../soup", "a/../../soup", "a\\..\\soup"])
def test_a_way_out_of_the_folder_is_refused(name, take, tar_gz, zipped, tmp_path) -> None:
    for packed in (tar_gz({name: b"x"}), zipped({name: b"x"})):
        with pytest.raises(ModuleError, match="'soup' would write outside its folder"):
            take(packed)
    assert not list(tmp_path.rglob("*soup*"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(kind, take, tar_gz) -> None:
    with pytest.raises(ModuleError, match="holds a link or a device: 'out'"):
        take(tar_gz({"out": special("out", kind, "/etc"), "out/passwd": b"x"}))


def test_links_in_a_zip_are_refused(take, zipped) -> None:
    with pytest.raises(ModuleError, match="holds a link or a device: 'out'"):
        take(zipped({linked("out"): b"/etc"}))


def test_an_encrypted_file_in_a_zip_is_refused(take, zipped) -> None:
    packed = bytearray(zipped({"a": b"x"}))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ModuleError, match="holds an encrypted file: 'a'"):
        take(bytes(packed))


def test_a_name_twice_is_refused(take, tar_gz, zipped) -> None:
    for files in ({"a": b"1", "./a": b"2"}, {"a": b"1", "a/b": b"2"}):
        for packed in (tar_gz(files), zipped(files)):
            with pytest.raises(ModuleError, match="twice"):
                take(packed)


def test_a_bomb_is_refused_by_what_it_promises_and_by_what_comes_out(take, tar_gz, zipped) -> None:
    packed = zipped({"a": bytes(8 * MIB)})
    assert len(packed) < MIB / 10
    liar = bytearray(packed)
    at = liar.index(b"PK\x01\x02") + 24
    liar[at : at + 4] = (10).to_bytes(4, "little")
    for bomb in (packed, tar_gz({"a": bytes(8 * MIB)})):
        with pytest.raises(ModuleError, match="too many for its size"):
            take(bomb, free=MIB)
    with pytest.raises(ModuleError):
        take(bytes(liar), free=MIB)


def test_the_default_bounds_stop_a_third_of_a_gibibyte_of_zeros(take) -> None:
    head = tarfile.TarInfo("zeros")
    head.size = (1 << 30) // 3
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.addfile(head, _Zeros())
    with pytest.raises(ModuleError, match="too many for its size"):
        take(packed.getvalue())


class _Zeros(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        return bytes(size)


def test_too_many_files_are_refused(take, tar_gz, zipped) -> None:
    files = {str(n): b"" for n in range(11)}
    for packed in (tar_gz(files), zipped(files)):
        with pytest.raises(ModuleError, match="more than 10 files and folders"):
            take(packed, entries=10)


def test_folders_that_only_the_names_of_files_mention_count_too(take, tar_gz, zipped) -> None:
    for packed in (tar_gz({"1/2/3/4/5/6/7/8/9/a": b""}), zipped({"1/2/3/4/5/6/7/8/9/a": b""})):
        assert take(packed, entries=10)
        with pytest.raises(ModuleError, match="more than 9 files and folders"):
            take(packed, entries=9)


def test_folders_that_are_nested_too_deep_are_refused(take, tar_gz, zipped) -> None:
    name = "/".join("d" * 1500)
    for packed in (tar_gz({name: b""}), zipped({name: b""})):
        with pytest.raises(ModuleError, match="nests folders more than 64 deep"):
            take(packed)


def test_a_control_character_in_a_name_is_refused(take, tar_gz, zipped) -> None:
    for packed in (tar_gz({"a\nb": b""}), zipped({"a\nb": b""})):
        with pytest.raises(ModuleError, match="control character: 'a.nb'"):
            take(packed)


def test_headers_that_go_on_for_ever_are_refused(take) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 10
    header = info.tobuf(tarfile.USTAR_FORMAT) + b"a" * 10 + bytes(502)
    with pytest.raises(ModuleError, match="cannot be unpacked .*recursion"):
        take(header * 3000 + bytes(1024))


def test_a_header_that_makes_no_sense_is_refused(take) -> None:
    body = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
    extended, info = tarfile.TarInfo("p"), tarfile.TarInfo("a")
    extended.type, extended.size, info.size = tarfile.XHDTYPE, len(body), 1
    packed = [
        extended.tobuf(tarfile.USTAR_FORMAT),
        body.ljust(512, b"\0"),
        info.tobuf(),
        b"x".ljust(512, b"\0"),
    ]
    with pytest.raises(ModuleError, match="cannot be unpacked"):
        take(b"".join(packed) + bytes(1024))


def test_a_header_that_claims_to_be_huge_takes_no_memory(take) -> None:
    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    with pytest.raises(ModuleError, match="cannot be unpacked .an entry is too large"):
        take(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


NOISE = bytes((n * n * 7919 >> 5) & 255 for n in range(20_000))


@pytest.mark.parametrize("keep", [0.3, 0.6])
def test_an_archive_that_was_cut_off_is_refused(keep, take, tar_gz, zipped) -> None:
    for packed in (tar_gz({"a": NOISE}), tar_gz({"a": NOISE}, "w"), zipped({"a": NOISE})):
        with pytest.raises(ModuleError, match="cannot be unpacked"):
            take(packed[: int(len(packed) * keep)])


def test_an_archive_that_was_cut_off_between_two_files_is_refused(take, tar_gz) -> None:
    whole = tar_gz({"a": b"1", "b": b"2"}, "w")
    with pytest.raises(ModuleError, match="cannot be unpacked .it has no end"):
        take(whole[:1024])


def test_a_flipped_byte_in_a_compressed_tar_is_refused_wherever_it_matters(take, tar_gz) -> None:
    packed = tar_gz({"a": NOISE[:100]})
    for at in range(10, len(packed), 5):
        damaged = bytearray(packed)
        damaged[at] ^= 0x10
        try:
            # A few bits of the compression's own can be read either way.
            assert gzip.decompress(damaged) == gzip.decompress(packed)
        except (OSError, EOFError, zlib.error):
            with pytest.raises(ModuleError):
                take(bytes(damaged))


def test_a_flipped_byte_in_a_zip_is_refused(take, zipped) -> None:
    packed = bytearray(zipped({"a": b"soup" * 10}))
    packed[34] ^= 0xFF
    with pytest.raises(ModuleError, match="cannot be unpacked"):
        take(bytes(packed))
