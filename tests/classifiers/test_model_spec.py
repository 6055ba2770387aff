"""What a model file does not say: TOML, --spec, templates, contradictions."""

import tomllib
from pathlib import Path

import pytest

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.model_files.loader import fields_of_shape
from scsampler_cli.classifiers.model_spec import (
    REQUIRED,
    complete,
    merged,
    parse_fields,
    read_fields,
    template,
    with_fields,
)
from scsampler_cli.errors import ClassifierError, SettingsError

WHOLE = """
frames = 8
stride = 2
resize = 80
crop = [64, 48]
mean = [0, 0.5, 1]
std = [1, 1, 1]
layout = "NTHWC"
activation = "sigmoid"
labels = ["a", "b"]
"""


def test_a_toml_file_beside_the_model_is_read(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(WHOLE)
    fields = complete(read_fields(tmp_path / "model.onnx", []), tmp_path / "model.onnx")
    assert with_fields(InputSpec(), fields) == InputSpec(
        8, 2, 80, crop=(64, 48), mean=(0, 0.5, 1), std=(1, 1, 1)
    )
    assert (fields["layout"], fields["activation"], fields["labels"]) == (
        "NTHWC",
        "sigmoid",
        ("a", "b"),
    )


def test_what_is_given_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(WHOLE)
    given = [
        "frames=4",
        "mean=0.1, 0.2,0.3",
        "layout=NTCHW",
        "labels=['x','y']",
        "crop=32",
        "resize=[40,50]",
    ]
    fields = read_fields(tmp_path / "model.pt2", given)
    assert fields["frames"] == 4
    assert fields["mean"] == (0.1, 0.2, 0.3)
    assert fields["layout"] == "NTCHW"
    assert fields["labels"] == ("x", "y")
    assert fields["crop"] == (32, 32)
    assert fields["resize"] == (40, 50)
    assert fields["stride"] == 2


def test_how_frames_are_resized_can_be_given() -> None:
    fields = parse_fields(["antialias=true", "interpolation=bicubic", 'rounding="down"'])
    assert with_fields(InputSpec(), fields) == InputSpec(
        antialias=True, interpolation="bicubic", rounding="down"
    )
    assert with_fields(InputSpec(), {}).interpolation == "bilinear"
    assert with_fields(InputSpec(), {}).rounding == "nearest"


def test_labels_in_a_file_lie_beside_the_toml(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("a\nb\n")
    (tmp_path / "model.toml").write_text('labels = "names.txt"')
    assert read_fields(tmp_path / "model.onnx", [])["labels"] == str(tmp_path / "names.txt")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frames", "0"),
        ("frames", "2.5"),
        ("frames", "true"),
        ("stride", "-1"),
        ("crop", "4"),
        ("crop", "[1,2,3]"),
        ("resize", "big"),
        ("mean", "0.5"),
        ("mean", "[1,2]"),
        ("mean", "[nan,0,0]"),
        ("mean", "[123.6,116.3,103.5]"),
        ("std", "[58.4,57.1,57.4]"),
        ("std", "[inf,1,1]"),
        ("std", "[1,0,1]"),
        ("layout", "NCHW"),
        ("layout", "5"),
        ("activation", "relu"),
        ("labels", "7"),
        ("labels", "[1,2]"),
        ("multi_label", "1"),
        ("interpolation", "nearest"),
        ("interpolation", "3"),
        ("rounding", "up"),
        ("rounding", "true"),
        ("arch", "3"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_an_example(field: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"spec: {field} cannot be") as caught:
        parse_fields([f"{field}={value}"])
    assert f"such as {field} = " in str(caught.value.hint)


def test_unknown_fields_and_broken_toml_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown field 'fps'"):
        parse_fields(["fps=25"])
    with pytest.raises(SettingsError, match="expected KEY=VALUE"):
        parse_fields(["frames"])
    (tmp_path / "m.toml").write_text("frames = ")
    with pytest.raises(ClassifierError, match=r"m\.toml: "):
        read_fields(tmp_path / "m.onnx", [])
    (tmp_path / "m.toml").write_text("size = 5")
    with pytest.raises(ClassifierError, match=r"m\.toml: unknown field 'size'"):
        read_fields(tmp_path / "m.onnx", [])


def test_missing_fields_are_named_with_a_template_that_works(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    with pytest.raises(
        ClassifierError,
        match=r"model\.onnx lacks the spec fields stride, resize, mean, std, activation, labels",
    ) as caught:
        complete({"layout": "NCTHW", "frames": 8, "crop": (64, 64)}, model)
    assert "model.toml" in str(caught.value.hint)
    text = str(caught.value.example)
    written = tomllib.loads(text)
    assert (written["frames"], written["crop"], written["layout"]) == (8, [64, 64], "NCTHW")
    assert set(written) == set(REQUIRED)
    model.with_suffix(".toml").write_text(text)
    assert complete(read_fields(model, []), model)["crop"] == (64, 64)
    assert "labels" not in tomllib.loads(template({"labels": ("a", "b")}))


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((None, 3, 16, 112, 112), {"layout": "NCTHW", "frames": 16, "crop": (112, 112)}),
        ((1, 8, 3, 64, 48), {"layout": "NTCHW", "frames": 8, "crop": (64, 48)}),
        ((None, None, 224, 224, 3), {"layout": "NTHWC", "crop": (224, 224)}),
        ((None, 3, None, None, None), {"layout": "NCTHW"}),
        ((None, 3, 3, 64, 64), {}),  # which of them is colour?
        ((None, 3, 64, 64), {}),
        (None, {}),
    ],
)
def test_the_shape_of_the_input_tells_what_it_can(
    shape: tuple[int | None, ...] | None, said: dict[str, object]
) -> None:
    assert fields_of_shape(shape) == said


def test_a_description_that_contradicts_the_model_is_refused() -> None:
    with pytest.raises(ClassifierError, match=r"m\.onnx has frames = 16 in its input shape, not 8"):
        merged({"frames": 16}, {"frames": 8}, "m.onnx")
    assert merged({"frames": 16}, {"stride": 2}, "m.onnx") == {"frames": 16, "stride": 2}


def test_a_folder_in_the_place_of_the_toml_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.toml").mkdir()
    with pytest.raises(ClassifierError, match=r"m\.toml: Is a directory"):
        read_fields(tmp_path / "m.onnx", [])
