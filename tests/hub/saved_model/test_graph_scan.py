"""The scan finds what reaches out of a graph, spares what does not, and asks for trust."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.encoders import open_saved_model
from semsearch.modules.saved_model.scan import refuse_risky, risks
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]


def reads(tf, texts):
    return tf.strings.length(tf.io.read_file("/etc/hostname"))


def writes(tf, texts):
    with tf.control_dependencies([tf.io.write_file("/tmp/never-written", texts[0])]):
        return tf.constant(0)


def prints_to_a_file(tf, texts):
    with tf.control_dependencies([tf.print(texts, output_stream="file:///tmp/never-written")]):
        return tf.constant(0)


def prints(tf, texts):
    with tf.control_dependencies([tf.print(texts)]):
        return tf.constant(0)


def runs_python(tf, texts):
    return tf.ensure_shape(tf.py_function(lambda each: 0.0, [texts], tf.float32), [])


def runs_numpy(tf, texts):
    return tf.ensure_shape(tf.numpy_function(lambda each: 0.0, [texts], tf.float32), [])


def lists_files(tf, texts):
    return tf.size(tf.io.matching_files("/etc/*"))


def reads_lines(tf, texts):
    lines = tf.data.TextLineDataset("/etc/hostname")
    return lines.reduce(tf.constant(0), lambda total, line: total + 1)


def caches_to_a_file(tf, texts):
    numbers = tf.data.Dataset.range(3).cache("/tmp/never-written")
    return numbers.reduce(tf.constant(0), lambda total, _: total)


def caches_in_memory(tf, texts):
    numbers = tf.data.Dataset.range(3).cache()
    return numbers.reduce(tf.constant(0), lambda total, _: total)


def restores_another_checkpoint(tf, texts):
    (value,) = tf.raw_ops.RestoreV2(
        prefix="/tmp/elsewhere", tensor_names=["x"], shape_and_slices=[""], dtypes=[tf.float32]
    )
    return tf.ensure_shape(value, [])


def saves_a_checkpoint(tf, texts):
    save = tf.raw_ops.SaveV2(
        prefix="/tmp/elsewhere", tensor_names=["x"], shape_and_slices=[""], tensors=[texts]
    )
    with tf.control_dependencies([save]):
        return tf.constant(0)


def ends_the_process(tf, texts):
    tf.raw_ops.Abort(error_msg="")
    return tf.constant(0)


def unpacks_a_graph(tf, texts):
    numbers = tf.raw_ops.DatasetFromGraph(graph_def=texts[0])
    return tf.raw_ops.DatasetCardinality(input_dataset=numbers)


def hides_in_a_branch(tf, texts):
    return tf.cond(tf.size(texts) > 99, lambda: reads(tf, texts), lambda: tf.constant(0))


RISKY = {
    reads: ("ReadFile", "reads files"),
    writes: ("WriteFile", "writes files"),
    prints_to_a_file: ("PrintV2", "writes files"),
    runs_python: ("EagerPyFunc", "runs Python"),
    runs_numpy: ("PyFunc", "runs Python"),
    lists_files: ("MatchingFiles", "reads files"),
    reads_lines: ("TextLineDataset", "reads files"),
    caches_to_a_file: ("CacheDatasetV2", "writes files"),
    restores_another_checkpoint: ("RestoreV2", "reads files: /tmp/elsewhere"),
    saves_a_checkpoint: ("SaveV2", "writes files"),
    ends_the_process: ("Abort", "ends the process"),
    unpacks_a_graph: ("DatasetFromGraph", "holds a compiled program"),
    hides_in_a_branch: ("ReadFile", "reads files"),
}


@pytest.mark.parametrize("act", RISKY, ids=lambda act: act.__name__)
def test_what_reaches_out_is_refused_by_name(tmp_path: Path, act) -> None:
    op, reason = RISKY[act]
    folder = small.module_doing(tmp_path / "module", act)
    assert {risk.op for risk in risks(folder)} == {op}
    with pytest.raises(ModuleError, match=f"is refused: it holds {op} .it {reason}") as caught:
        open_saved_model(small.resolved(folder))
    assert "semsearch modules add" in caught.value.remedy
    assert "--trust" in caught.value.remedy


@pytest.mark.parametrize("act", [prints, caches_in_memory], ids=lambda act: act.__name__)
def test_what_only_looks_so_is_spared(tmp_path: Path, act) -> None:
    assert risks(small.module_doing(tmp_path / "module", act)) == []


@pytest.mark.parametrize(
    "name",
    [
        *("use", "use-callable", "nnlm", "nnlm-tf1", "images-tf1", "inception-v3", "delf"),
        *("keras-image", "keras-text"),
    ],
)
def test_honest_modules_with_variables_tables_and_savers_have_no_risks(module, name) -> None:
    assert risks(module(name)) == []


def test_a_risky_module_runs_for_who_trusts_it(tmp_path: Path) -> None:
    target = tmp_path / "written.txt"

    def write(tf, texts):
        with tf.control_dependencies([tf.io.write_file(str(target), texts[0])]):
            return tf.constant(0)

    folder = small.module_doing(tmp_path / "module", write)
    encoder = open_saved_model(small.resolved(folder, trust=True))
    assert encoder.encode(["soup"]).shape == (1, 8)
    assert target.read_text() == "soup"


def test_a_refused_module_has_run_nothing(tmp_path: Path) -> None:
    target = tmp_path / "written.txt"

    def write(tf, texts):
        with tf.control_dependencies([tf.io.write_file(str(target), "gotcha")]):
            return tf.constant(0)

    with pytest.raises(ModuleError):
        open_saved_model(small.resolved(small.module_doing(tmp_path / "module", write)))
    assert not target.exists()


def test_a_vocabulary_that_is_no_asset_is_a_risk(module, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(module("nnlm"), tmp_path / "nnlm"))

    def replace_the_asset(model) -> None:
        graph = model.meta_graphs[0]
        path = graph.graph_def.node.add(name="path", op="Const")
        path.attr["value"].tensor.string_val.append(b"/etc/passwd")
        for node in graph.object_graph_def.nodes:
            if node.WhichOneof("kind") == "asset":
                node.constant.operation = "path"

    small.edit_graph(folder, replace_the_asset)
    (risk,) = risks(folder)
    assert risk.op == "InitializeTableFromTextFileV2"
    assert risk.reason == "it reads files: /etc/passwd"


def test_a_vocabulary_of_tensorflow_1_that_is_no_asset_is_a_risk(module, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(module("nnlm-tf1"), tmp_path / "nnlm"))

    def forget_the_asset(model) -> None:
        del model.meta_graphs[0].asset_file_def[:]
        model.meta_graphs[0].collection_def.pop("saved_model_assets", None)

    small.edit_graph(folder, forget_the_asset)
    (risk,) = risks(folder)
    assert risk.op == "InitializeTableFromTextFileV2"


def test_a_save_that_hangs_on_the_restore_of_tensorflow_1_is_a_risk(module, tmp_path) -> None:
    folder = Path(shutil.copytree(module("nnlm-tf1"), tmp_path / "nnlm"))

    def save_while_restoring(model) -> None:
        nodes = {node.name: node for node in model.meta_graphs[0].graph_def.node}
        nodes["save/restore_all"].input.append("^save/SaveV2")

    small.edit_graph(folder, save_while_restoring)
    assert "SaveV2" in {risk.op for risk in risks(folder)}


def test_a_restore_of_another_file_is_a_risk_in_tensorflow_1(module, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(module("nnlm-tf1"), tmp_path / "nnlm"))

    def restore_another(model) -> None:
        graph = model.meta_graphs[0].graph_def
        path = graph.node.add(name="path", op="Const")
        path.attr["value"].tensor.string_val.append(b"/etc/other")
        for node in graph.node:
            if node.op == "RestoreV2":
                node.input[0] = "path"

    small.edit_graph(folder, restore_another)
    (risk,) = risks(folder)
    assert risk == type(risk)("RestoreV2", risk.where, "it reads files: /etc/other")


def test_a_table_that_a_call_fills_does_not_get_the_asset_in_tensorflow_1(module, tmp_path):
    folder = Path(shutil.copytree(module("nnlm-tf1"), tmp_path / "nnlm"))

    def fill_when_called(model) -> None:
        nodes = {node.name: node for node in model.meta_graphs[0].graph_def.node}
        fill = next(node for node in nodes.values() if node.op == "InitializeTableFromTextFileV2")
        output = model.meta_graphs[0].signature_def["default"].outputs["default"].name
        nodes[output.split(":")[0]].input.append(f"^{fill.name}")

    small.edit_graph(folder, fill_when_called)
    assert {risk.op for risk in risks(folder)} == {"InitializeTableFromTextFileV2"}


def test_a_saver_that_an_object_calls_is_a_risk(module, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(module("use"), tmp_path / "use"))

    def call_the_saver(model) -> None:
        graph = model.meta_graphs[0]
        library = graph.graph_def.library.function
        names = [function.signature.name for function in library]
        (saver,) = [name for name in names if "traced_save" in name]
        for node in graph.object_graph_def.nodes:
            if node.WhichOneof("kind") == "bare_concrete_function":
                node.bare_concrete_function.concrete_function_name = saver

    small.edit_graph(folder, call_the_saver)
    assert {risk.op for risk in risks(folder)} == {"SaveV2", "MergeV2Checkpoints"}


def test_a_graph_that_contradicts_itself_is_refused(module, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(module("nnlm"), tmp_path / "nnlm"))

    def name_an_object_that_is_not_there(model) -> None:
        for function in model.meta_graphs[0].object_graph_def.concrete_functions.values():
            function.bound_inputs[:] = [9_999 for _ in function.bound_inputs]

    small.edit_graph(folder, name_an_object_that_is_not_there)
    with pytest.raises(ModuleError, match="cannot be scanned"):
        risks(folder)


def test_a_function_named_like_an_operation_hides_nothing(module, tmp_path: Path) -> None:
    folder = renamed(module("use"), tmp_path, "ReadFile")

    def name_a_function(model) -> None:
        model.meta_graphs[0].graph_def.library.function.add().signature.name = "ReadFile"

    small.edit_graph(folder, name_a_function)
    assert {risk.op for risk in risks(folder)} == {"ReadFile"}


@pytest.mark.parametrize(
    ("op", "words"),
    [
        ("Frobnicate", "unknown to this TensorFlow"),
        ("IO>AudioReadable", "likely from tensorflow-io"),
    ],
)
def test_an_operation_that_is_missing_here_is_refused_whatever_the_trust(
    module, tmp_path: Path, op: str, words: str
) -> None:
    folder = renamed(module("use"), tmp_path, op)
    with pytest.raises(ModuleError, match=f"cannot run here: it holds {op} .*{words}"):
        refuse_risky(small.resolved(folder, trust=True))


def test_tensorflow_texts_operations_are_harmless_and_brought_by_its_package(module, tmp_path):
    folder = renamed(module("use"), tmp_path, "CaseFoldUTF8")
    assert risks(folder) == []


def test_a_stateful_operation_that_nobody_has_looked_at_is_a_risk(module, tmp_path: Path) -> None:
    folder = renamed(module("use"), tmp_path, "WorkerHeartbeat")
    (risk,) = risks(folder)
    assert risk.reason == "it speaks to other processes or machines"
    folder = renamed(module("use"), tmp_path / "second", "ConfigureTPUEmbedding")
    (risk,) = risks(folder)
    assert risk.reason == "it reaches out of the graph in a way that nobody has looked at"


def renamed(folder: Path, target: Path, op: str) -> Path:
    """Copy a module whose one hashing operation becomes another."""
    copied = Path(shutil.copytree(folder, target / "renamed"))

    def rename(model) -> None:
        for function in model.meta_graphs[0].graph_def.library.function:
            for node in function.node_def:
                if node.op == "StringToHashBucketFast":
                    node.op = op

    return small.edit_graph(copied, rename)
