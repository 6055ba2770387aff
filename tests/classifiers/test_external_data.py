"""Weights that a model keeps in other files: all count, wherever they are named, and none may lie
outside the folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.model_files.external_data import external_files
from scsampler_cli.errors import WeightsError
from scsampler_cli.pipeline.settings_record import identity_of
from tests.classifiers.making import FIELDS, Small, save_onnx


def load(path: Path) -> ClipClassifier:
    return registry.load(str(path), torch.device("cpu"), torch.float32)


def apart(location: str, name: str = "w") -> TensorProto:
    """A tensor of two numbers that lie in a file of their own."""
    tensor = TensorProto(
        name=name, data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL
    )
    for key, value in {"location": location, "offset": "0", "length": "8"}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def graph(*nodes: onnx.NodeProto, initialisers: tuple[TensorProto, ...] = ()) -> onnx.GraphProto:
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    return helper.make_graph(list(nodes), "g", [], [out], list(initialisers))


def constant(tensor: TensorProto) -> onnx.NodeProto:
    return helper.make_node("Constant", [], ["y"], value=tensor)


def sparse(location: str) -> onnx.SparseTensorProto:
    return helper.make_sparse_tensor(
        apart(location), helper.make_tensor("i", TensorProto.INT64, [2], [0, 1]), [4]
    )


def with_function(location: str) -> onnx.ModelProto:
    opset = [helper.make_opsetid("", 18)]
    function = helper.make_function("own", "f", [], ["y"], [constant(apart(location))], opset)
    default = helper.make_attribute("table", apart(location))
    function.attribute_proto.append(default)
    return helper.make_model(
        graph(helper.make_node("f", [], ["y"], domain="own")), functions=[function]
    )


def with_training(location: str) -> onnx.ModelProto:
    model = helper.make_model(graph())
    model.training_info.add().algorithm.CopyFrom(graph(initialisers=(apart(location),)))
    return model


def branch(inner: onnx.GraphProto) -> onnx.NodeProto:
    return helper.make_node(
        "If", ["c"], ["y"], then_branch=inner, else_branch=graph(constant(apart("plain.bin")))
    )


PLACES: dict[str, Callable[[str], onnx.ModelProto]] = {
    "initialiser": lambda at: helper.make_model(graph(initialisers=(apart(at),))),
    "sparse initialiser": lambda at: _with_sparse(at),
    "constant": lambda at: helper.make_model(graph(constant(apart(at)))),
    "sparse constant": lambda at: helper.make_model(
        graph(helper.make_node("Constant", [], ["y"], sparse_value=sparse(at)))
    ),
    "list of tensors": lambda at: helper.make_model(
        graph(helper.make_node("x", [], ["y"], tables=[apart(at), apart(at, "v")], domain="own"))
    ),
    "subgraph": lambda at: helper.make_model(graph(branch(graph(initialisers=(apart(at),))))),
    "subgraph of a subgraph": lambda at: helper.make_model(
        graph(branch(graph(branch(graph(constant(apart(at)))))))
    ),
    "function": with_function,
    "training": with_training,
}


def _with_sparse(location: str) -> onnx.ModelProto:
    model = helper.make_model(graph())
    model.graph.sparse_initializer.append(sparse(location))
    return model


@pytest.mark.parametrize("place", PLACES)
def test_a_file_is_found_wherever_a_tensor_names_it(tmp_path: Path, place: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "any name.bin").write_bytes(bytes(8))
    (tmp_path / "plain.bin").write_bytes(bytes(8))
    (tmp_path / "m.onnx").write_bytes(PLACES[place]("sub/any name.bin").SerializeToString())
    found = {file.relative_to(tmp_path).as_posix() for file in external_files(tmp_path / "m.onnx")}
    assert found - {"plain.bin"} == {"sub/any name.bin"}


@pytest.mark.parametrize(
    "name",
    ["../w.bin", "/etc/hostname", "sub/../../w.bin", "C:\\w.bin", "..\\w.bin", "none.bin", ""],
)
@pytest.mark.parametrize("place", ["initialiser", "subgraph"])
def test_a_file_outside_the_folder_or_a_missing_one_is_refused(
    tmp_path: Path, name: str, place: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(8))
    (folder / "plain.bin").write_bytes(bytes(8))
    (folder / "m.onnx").write_bytes(PLACES[place](name).SerializeToString())
    (folder / "m.toml").write_text(FIELDS)
    with pytest.raises(WeightsError, match="keeps weights in") as caught:
        load(folder / "m.onnx")
    assert caught.value.hint


def test_a_tensor_of_the_model_itself_names_no_file(tmp_path: Path) -> None:
    tensor = numpy_helper.from_array(np.zeros(2, np.float32), "location")
    model = helper.make_model(graph(initialisers=(tensor,)), doc_string="location")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert external_files(tmp_path / "m.onnx") == []


def saved(path: Path, seed: int, names: Callable[[str], str]) -> None:
    """The small network with each of its weights in a file; all files begin with the same bytes of
    the model."""
    save_onnx(Small(seed).eval(), path)
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if numpy_helper.to_array(tensor).dtype != np.float32:
            continue
        target = path.parent / names(tensor.name)
        target.parent.mkdir(exist_ok=True)
        values = numpy_helper.to_array(tensor)
        target.write_bytes(values.tobytes())
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": names(tensor.name), "length": str(values.nbytes)}.items():
            tensor.external_data.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    path.with_suffix(".toml").write_text(FIELDS)


def test_weights_under_any_name_in_several_files_count(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    saved(path, 0, lambda name: f"parts/{name}.bin")
    files = sorted((tmp_path / "parts").iterdir())
    assert len(files) == 4
    digests = [load(path).weights.sha256]
    for file in files:
        values = np.frombuffer(file.read_bytes(), np.float32) + np.float32(0.5)
        file.write_bytes(values.tobytes())
        digests.append(load(path).weights.sha256)
    assert None not in digests
    assert len(set(digests)) == 5
    assert load(path).weights.sha256 == digests[-1]


def test_garbage_is_damaged_and_no_bug(tmp_path: Path) -> None:
    saved(tmp_path / "m.onnx", 0, lambda name: "w.bin" if "conv" in name else "v.bin")
    whole = (tmp_path / "m.onnx").read_bytes()
    rng = np.random.default_rng(0)
    hints = []
    for cut in rng.integers(0, len(whole), 60):
        data = bytearray(whole[:cut]) + rng.bytes(20)
        (tmp_path / "bad.onnx").write_bytes(data)
        try:
            external_files(tmp_path / "bad.onnx")
        except WeightsError as error:
            hints.append(error.hint)
    assert hints
    assert all(hints)
    (tmp_path / "bad.onnx").write_bytes(b"")
    with pytest.raises(WeightsError, match="damaged"):
        external_files(tmp_path / "bad.onnx")


def test_what_a_description_says_beyond_geometry_tells_runs_apart(tmp_path: Path) -> None:
    save_onnx(Small().eval(), tmp_path / "m.onnx")
    (tmp_path / "m.toml").write_text(FIELDS)
    fields = FIELDS.replace('activation = "softmax"', 'activation = "sigmoid"\nmulti_label = false')
    before = identity_of(load(tmp_path / "m.onnx"))
    (tmp_path / "m.toml").write_text(fields)
    with pytest.raises(Exception, match="sum"):
        load(tmp_path / "m.onnx")
    (tmp_path / "m.toml").write_text(fields.replace("false", "true"))
    after = identity_of(load(tmp_path / "m.onnx"))
    assert "activation" not in before
    assert after["activation"] == "sigmoid"
    json.dumps(after)
