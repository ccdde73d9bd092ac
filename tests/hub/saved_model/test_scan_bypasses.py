"""What a crafted graph may say in two ways is read as TensorFlow reads it, or refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.graph import read_graphs
from semsearch.modules.saved_model.scan import risks
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]

ELSEWHERE = b"/tmp/elsewhere"


def edited(source: Path, target: Path, change) -> Path:
    """Copy a module and change its only graph."""
    folder = Path(shutil.copytree(source, target / "edited"))
    return small.edit_graph(folder, lambda model: change(model.meta_graphs[0]))


def ops_at_risk(folder: Path) -> set[str]:
    return {risk.op for risk in risks(folder)}


def node_doing(graph, op: str):
    """Return the one node of an operation, in the graph or in a function."""
    nodes = [*graph.graph_def.node]
    for function in graph.graph_def.library.function:
        nodes.extend(function.node_def)
    return next(node for node in nodes if node.op == op)


def hashing_function(graph):
    return next(
        function
        for function in graph.graph_def.library.function
        if any(node.op == "StringToHashBucketFast" for node in function.node_def)
    )


def named(graph, name: str):
    return next(node for node in graph.graph_def.node if node.name == name)


def add_path(graph) -> None:
    """Add a constant that names a file elsewhere."""
    path = graph.graph_def.node.add(name="path", op="Const")
    path.attr["value"].tensor.string_val.append(ELSEWHERE)


def caching(folder: Path, filename: bytes = b"marked") -> Path:
    """Save a module that caches numbers under a constant file name."""

    def act(tf, texts):
        numbers = tf.raw_ops.CacheDataset(
            input_dataset=tf.data.Dataset.range(3)._variant_tensor,
            filename=tf.identity(tf.constant(filename)),
            output_types=[tf.int64],
            output_shapes=[[]],
        )
        return tf.raw_ops.DatasetCardinality(input_dataset=numbers)

    return small.module_doing(folder, act)


def saving_function(name: str, **attributes: str):
    """Return a function that writes a checkpoint, as it stands in a graph's library."""
    import tensorflow as tf

    def save(texts):
        saved = tf.raw_ops.SaveV2(
            prefix=ELSEWHERE, tensor_names=["x"], shape_and_slices=[""], tensors=[texts]
        )
        with tf.control_dependencies([saved]):
            return tf.identity(texts)

    save.__name__ = name
    spec = tf.TensorSpec([None], tf.string)
    function = tf.function(save, input_signature=[spec], autograph=False)
    definition = function.get_concrete_function().function_def
    for key, value in attributes.items():
        definition.attr[key].s = value.encode()
    return definition


def direct(attributes) -> None:
    attributes["_open"].placeholder = "x"


def handed_on(attributes) -> None:
    attributes["_open"].func.attr["inner"].placeholder = "x"


def listed(attributes) -> None:
    attributes["_open"].list.func.add().attr["inner"].placeholder = "x"


@pytest.mark.parametrize("leave_open", [direct, handed_on, listed], ids=lambda act: act.__name__)
def test_an_attribute_that_a_caller_fills_is_a_risk(module, tmp_path: Path, leave_open) -> None:
    def change(graph) -> None:
        leave_open(node_doing(graph, "StringToHashBucketFast").attr)

    (risk,) = risks(edited(module("use"), tmp_path, change))
    assert risk.reason == "it leaves an attribute open, which another function fills"


@pytest.mark.parametrize("op", ["PrintV2", "FixedUnigramCandidateSampler", "DecodeProtoV2"])
def test_a_file_name_that_a_caller_fills_is_a_risk(module, tmp_path: Path, op: str) -> None:
    name = {"PrintV2": "output_stream", "DecodeProtoV2": "descriptor_source"}.get(op, "vocab_file")

    def change(graph) -> None:
        node = node_doing(graph, "StringToHashBucketFast")
        node.op = op
        node.attr[name].placeholder = "x"

    assert op in ops_at_risk(edited(module("use"), tmp_path, change))


def test_a_function_that_may_replace_one_that_runs_runs_too(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        hashing_function(graph).attr["api_implements"].s = b"both"
        graph.graph_def.library.function.append(saving_function("quiet", api_implements="both"))

    assert ops_at_risk(edited(module("use"), tmp_path, change)) == {"SaveV2"}


def test_a_function_that_replaces_nothing_that_runs_is_no_risk(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        hashing_function(graph).attr["api_implements"].s = b"one"
        graph.graph_def.library.function.append(saving_function("quiet", api_implements="other"))

    assert risks(edited(module("use"), tmp_path, change)) == []


def test_the_gradient_of_a_function_that_runs_runs_too(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        library = graph.graph_def.library
        name = hashing_function(graph).signature.name
        library.function.append(saving_function("quiet"))
        saver = library.function[-1].signature.name
        library.gradient.add(function_name=name, gradient_func=saver)

    assert ops_at_risk(edited(module("use"), tmp_path, change)) == {"SaveV2"}


def test_what_the_gradient_of_a_function_is_given_is_unknown(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        library = graph.graph_def.library
        library.gradient.add(
            function_name=hashing_function(graph).signature.name, gradient_func="fill"
        )
        fill = library.function.add()
        fill.signature.name = "fill"
        fill.signature.input_arg.add(name="path")
        fill.node_def.add(name="x", op="InitializeTableFromTextFileV2", input=["table", "path"])

    folder = edited(module("use"), tmp_path, change)
    assert ops_at_risk(folder) == {"InitializeTableFromTextFileV2"}


def test_several_graphs_with_objects_are_read_as_those_of_tensorflow_1(module, tmp_path) -> None:
    folder = Path(shutil.copytree(module("nnlm-tf1"), tmp_path / "nnlm"))

    def add_objects_and_a_graph(model) -> None:
        graph = model.meta_graphs[0]
        named(graph, "save/restore_all").input.append("^save/SaveV2")
        graph.object_graph_def.nodes.add().user_object.identifier = "x"
        model.meta_graphs.add().CopyFrom(graph)
        graph.meta_info_def.tags[:] = ["serve"]

    small.edit_graph(folder, add_objects_and_a_graph)
    assert ops_at_risk(folder) == {"SaveV2"}
    assert all(graph.is_tf1 for graph in read_graphs(folder))


def test_a_constant_with_packed_content_beside_its_string_is_unknown(tmp_path: Path) -> None:
    folder = caching(tmp_path / "module", b"")
    assert risks(folder) == []

    def pack(graph) -> None:
        for function in graph.graph_def.library.function:
            for node in function.node_def:
                tensor = node.attr["value"].tensor
                if node.op == "Const" and list(tensor.string_val) == [b""]:
                    tensor.tensor_content = bytes([len(ELSEWHERE)]) + ELSEWHERE

    assert ops_at_risk(edited(folder, tmp_path, pack)) == {"CacheDataset"}


def test_a_function_named_like_an_operation_passes_no_constant_on(tmp_path: Path) -> None:
    def name_it_identity(graph) -> None:
        graph.graph_def.library.function.add().signature.name = "Identity"

    folder = edited(caching(tmp_path / "module", b""), tmp_path, name_it_identity)
    assert ops_at_risk(folder) == {"Identity", "CacheDataset"}


def bind_too_much(graph) -> None:
    objects = graph.object_graph_def
    asset = next(
        number for number, node in enumerate(objects.nodes) if node.WhichOneof("kind") == "asset"
    )
    add_path(graph)
    path = len(objects.nodes)
    objects.nodes.add().constant.operation = "path"
    for function in objects.concrete_functions.values():
        if asset in function.bound_inputs:
            bound = [path if each == asset else each for each in function.bound_inputs]
            function.bound_inputs[:] = [*bound, *[asset] * len(bound)]


def the_asset(graph):
    nodes = graph.object_graph_def.nodes
    return next(node for node in nodes if node.WhichOneof("kind") == "asset")


def give_the_asset_a_class(graph) -> None:
    the_asset(graph).registered_name = "tf.TrackableConstant"


def give_the_asset_a_child(graph) -> None:
    the_asset(graph).children.add(node_id=0, local_name="_path")


def make_the_asset_a_slot(graph) -> None:
    nodes = graph.object_graph_def.nodes
    number = list(nodes).index(the_asset(graph))
    nodes[0].slot_variables.add(slot_variable_node_id=number)


@pytest.mark.parametrize(
    "change",
    [bind_too_much, give_the_asset_a_class, give_the_asset_a_child, make_the_asset_a_slot],
    ids=lambda change: change.__name__,
)
def test_an_asset_that_the_loader_takes_for_something_else_is_unknown(module, tmp_path, change):
    folder = edited(module("nnlm"), tmp_path, change)
    assert ops_at_risk(folder) == {"InitializeTableFromTextFileV2"}


def leave_out_a_name(graph) -> None:
    graph.graph_def.node.add(op="Const")


def leave_out_a_functions_name(graph) -> None:
    graph.graph_def.library.function.add()


def name_two_alike(graph) -> None:
    function = graph.graph_def.library.function[0]
    function.node_def.append(function.node_def[0])


def name_one_like_an_argument(graph) -> None:
    function = next(each for each in graph.graph_def.library.function if each.signature.input_arg)
    function.node_def[0].name = function.signature.input_arg[0].name


def name_two_functions_alike(graph) -> None:
    graph.graph_def.library.function.append(graph.graph_def.library.function[0])


@pytest.mark.parametrize(
    "change",
    [
        leave_out_a_name,
        leave_out_a_functions_name,
        name_two_alike,
        name_one_like_an_argument,
        name_two_functions_alike,
    ],
    ids=lambda change: change.__name__,
)
def test_names_that_do_not_tell_apart_are_refused(module, tmp_path: Path, change) -> None:
    folder = edited(module("nnlm"), tmp_path, change)
    with pytest.raises(ModuleError, match="is damaged: .* name"):
        risks(folder)


def test_a_table_that_the_restore_fills_does_not_get_the_asset(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        fill = node_doing(graph, "InitializeTableFromTextFileV2")
        named(graph, "save/restore_all").input.append(f"^{fill.name}")

    folder = edited(module("nnlm-tf1"), tmp_path, change)
    assert ops_at_risk(folder) == {"InitializeTableFromTextFileV2"}


def test_a_restore_that_the_initialisation_runs_does_not_get_the_savers_file(module, tmp_path):
    def change(graph) -> None:
        named(graph, "init_all_tables_1").input.append("^save/restore_all")

    assert ops_at_risk(edited(module("nnlm-tf1"), tmp_path, change)) == {"RestoreV2"}


def test_a_restore_in_a_function_that_a_signature_calls_does_not_get_the_savers_file(
    module, tmp_path: Path
) -> None:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
    def restore(prefix):
        return tf.raw_ops.RestoreV2(
            prefix=prefix, tensor_names=["x"], shape_and_slices=[""], dtypes=[tf.float32]
        )[0]

    definition = restore.get_concrete_function().function_def

    def change(graph, *, calls: bool) -> None:
        graph.graph_def.library.function.append(definition)
        called = graph.graph_def.node.add(name="called", op="PartitionedCall")
        called.input.append("save/Const")
        called.attr["f"].func.name = definition.signature.name
        output = graph.signature_def["default"].outputs["default"].name.split(":")[0]
        named(graph, output if calls else "save/restore_all").input.append("^called")

    called = edited(module("nnlm-tf1"), tmp_path, lambda graph: change(graph, calls=True))
    assert ops_at_risk(called) == {"RestoreV2"}
    restored = edited(
        module("nnlm-tf1"), tmp_path / "restored", lambda graph: change(graph, calls=False)
    )
    assert risks(restored) == []


def test_the_initialisation_may_stand_among_the_signatures_of_tensorflow_1(module, tmp_path):
    def change(graph) -> None:
        (name,) = graph.collection_def.pop("saved_model_main_op").node_list.value
        key = "__saved_model_init_op"
        graph.signature_def[key].outputs[key].name = name

    assert risks(edited(module("nnlm-tf1"), tmp_path, change)) == []


def test_what_only_a_sparse_output_needs_runs(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        sparse = graph.signature_def["default"].outputs["more"].coo_sparse
        sparse.values_tensor_name = "save/Identity:0"

    assert "SaveV2" in ops_at_risk(edited(module("nnlm-tf1"), tmp_path, change))


def test_a_file_name_that_a_signature_takes_is_unknown(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        (asset,) = graph.collection_def["asset_filepaths"].node_list.value
        graph.signature_def["default"].inputs["path"].name = asset

    folder = edited(module("nnlm-tf1"), tmp_path, change)
    assert ops_at_risk(folder) == {"InitializeTableFromTextFileV2"}


def test_another_output_of_what_is_fed_is_unknown(module, tmp_path: Path) -> None:
    def change(graph) -> None:
        fill = node_doing(graph, "InitializeTableFromTextFileV2")
        fill.input[1] = fill.input[1].split(":")[0] + ":1"

    folder = edited(module("nnlm-tf1"), tmp_path, change)
    assert ops_at_risk(folder) == {"InitializeTableFromTextFileV2"}


@pytest.mark.parametrize("field", ["variant_val", "resource_handle_val"])
def test_a_stored_object_among_the_constants_is_a_risk(module, tmp_path: Path, field) -> None:
    def change(graph) -> None:
        getattr(node_doing(graph, "Const").attr["value"].tensor, field).add()

    (risk,) = risks(edited(module("use"), tmp_path, change))
    assert risk.reason == "it holds a stored object that cannot be looked into"


def an_optimizer_by_name(config) -> None:
    config.graph_options.rewrite_options.custom_optimizers.add(name="mine")


def a_dump(config) -> None:
    config.experimental.tf2xla_dump_dir = "/tmp/elsewhere"


def another_machine(config) -> None:
    config.cluster_def.job.add(name="worker")


@pytest.mark.parametrize(
    "ask", [an_optimizer_by_name, a_dump, another_machine], ids=lambda ask: ask.__name__
)
def test_a_call_that_configures_tensorflow_is_a_risk(module, tmp_path: Path, ask) -> None:
    from tensorflow.core.protobuf import config_pb2

    config = config_pb2.ConfigProto()
    ask(config)

    def change(graph) -> None:
        call = node_doing(graph, "StatefulPartitionedCall")
        call.attr["config_proto"].s = config.SerializeToString()

    assert ops_at_risk(edited(module("use"), tmp_path, change)) == {"StatefulPartitionedCall"}
