"""What a SavedModel says about itself is read without running it, and damage is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.graph import choose_graph, is_tf1_hub, read_graphs
from semsearch.modules.saved_model.structures import Port
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]


@pytest.fixture
def copy(module, tmp_path: Path):
    """Return a copy of a module that the test may damage."""

    def copied(name: str) -> Path:
        return Path(shutil.copytree(module(name), tmp_path / name))

    return copied


def test_signatures_come_with_names_types_and_shapes(module) -> None:
    (graph,) = read_graphs(module("use"))
    signature = graph.signatures["serving_default"]
    assert graph.tags == ("serve",)
    assert signature.inputs == (Port("inputs", signature.inputs[0].tensor, "string", (None,)),)
    assert str(signature) == "serving_default(inputs: string (?)) -> outputs: float32 (?, 512)"


def test_what_can_only_be_called_has_the_signature_call(module) -> None:
    (graph,) = read_graphs(module("use-callable"))
    assert str(graph.signatures["__call__"]) == (
        "__call__(inputs: string (?)) -> output_0: float32 (?, 512)"
    )


def test_assets_are_listed_for_both_formats(module) -> None:
    for name in ("nnlm", "nnlm-tf1"):
        (graph,) = read_graphs(module(name))
        assert [file for _, file in graph.asset_files] == [f"{name}_words.txt"]


def test_the_hub_format_of_tensorflow_1_is_known_by_its_file_and_has_graphs_by_tags(module) -> None:
    folder = module("images-tf1")
    graphs = read_graphs(folder)
    assert is_tf1_hub(folder)
    assert not is_tf1_hub(module("use"))
    assert [graph.tags for graph in graphs] == [(), ("train",)]
    assert choose_graph(folder, graphs, None).tags == ()
    assert choose_graph(folder, graphs, "train").tags == ("train",)


def test_tags_that_no_graph_has_are_refused_with_those_there_are(module) -> None:
    folder = module("images-tf1")
    with pytest.raises(ModuleError, match=r"no graph with the tags 'tpu'.*\(no tag\); train"):
        choose_graph(folder, read_graphs(folder), "tpu")


def test_a_folder_without_a_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match="there is no SavedModel in .* it holds no"):
        read_graphs(tmp_path)


@pytest.mark.parametrize(
    ("name", "kind"), [("saved_model.pbtxt", "as text"), ("saved_model.cpb", "in parts")]
)
def test_other_ways_to_store_a_graph_are_refused_by_name(tmp_path: Path, name, kind) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(ModuleError, match=f"stored {kind} .{name}., which is not read"):
        read_graphs(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no protobuf", b"\x08\x01", b"\xff" * 50])
def test_bytes_that_are_no_saved_model_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(ModuleError, match=r"saved_model\.pb' is damaged"):
        read_graphs(tmp_path)


def test_a_graph_cut_off_in_the_middle_is_refused(copy) -> None:
    folder = copy("use")
    whole = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModuleError, match="is damaged"):
        read_graphs(folder)


@pytest.mark.parametrize("name", ["variables.index", "variables.data-00000-of-00001"])
def test_a_missing_file_of_variables_is_named(copy, name: str) -> None:
    folder = copy("use")
    (folder / "variables" / name).unlink()
    with pytest.raises(ModuleError, match=r"variables\.(index|data).* is damaged: it is missing"):
        read_graphs(folder)


def test_a_missing_folder_of_variables_is_named(copy) -> None:
    folder = copy("use")
    shutil.rmtree(folder / "variables")
    with pytest.raises(ModuleError, match=r"variables\.index' is damaged"):
        read_graphs(folder)


def test_a_missing_shard_is_named(copy) -> None:
    folder = copy("use") / "variables"
    (folder / "variables.data-00000-of-00001").rename(folder / "variables.data-00000-of-00002")
    with pytest.raises(ModuleError, match=r"variables\.data-00001-of-00002' is damaged"):
        read_graphs(folder.parent)


def test_a_missing_asset_is_named(copy) -> None:
    folder = copy("nnlm")
    (folder / "assets" / "nnlm_words.txt").unlink()
    with pytest.raises(ModuleError, match=r"its asset 'nnlm_words\.txt' is missing"):
        read_graphs(folder)


@pytest.mark.parametrize("name", ["../../secret.txt", "/etc/passwd", ""])
def test_an_asset_outside_the_folder_is_refused(copy, name: str) -> None:
    folder = copy("nnlm")
    (folder.parent / "secret.txt").write_text("soup\n")

    def point_outside(model) -> None:
        model.meta_graphs[0].asset_file_def[0].filename = name

    small.edit_graph(folder, point_outside)
    with pytest.raises(ModuleError, match="names an asset outside its folder"):
        read_graphs(folder)


def test_an_asset_that_is_a_link_to_elsewhere_is_refused(copy) -> None:
    folder = copy("nnlm")
    secret = folder.parent / "secret.txt"
    secret.write_text("soup\n")
    (folder / "assets" / "nnlm_words.txt").unlink()
    (folder / "assets" / "nnlm_words.txt").symlink_to(secret)
    with pytest.raises(ModuleError, match="names an asset outside its folder"):
        read_graphs(folder)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5_000], ids=["nul", "long"])
def test_an_asset_with_an_impossible_name_is_damage(module, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(module("nnlm"), tmp_path / "nnlm"))

    def rename(model) -> None:
        model.meta_graphs[0].asset_file_def[0].filename = name

    small.edit_graph(folder, rename)
    with pytest.raises(ModuleError, match="is damaged: its asset '.{,70}' has an impossible name"):
        read_graphs(folder)


@pytest.mark.parametrize("is_linked", [False, True])
def test_an_asset_that_no_digest_covers_is_refused(module, tmp_path: Path, is_linked) -> None:
    folder = Path(shutil.copytree(module("nnlm"), tmp_path / "nnlm"))
    (words,) = (folder / "assets").iterdir()
    hidden = folder / "assets" / "__pycache__" / words.name
    hidden.parent.mkdir()
    words.rename(hidden)

    def name_it_there(model) -> None:
        model.meta_graphs[0].asset_file_def[0].filename = f"__pycache__/{words.name}"

    if is_linked:
        words.symlink_to(hidden)
    else:
        small.edit_graph(folder, name_it_there)
    with pytest.raises(ModuleError, match="names an asset in a folder that no digest covers"):
        read_graphs(folder)
