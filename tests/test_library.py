"""The library for people at a prompt: names, short lines, times as floats, text as paths."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from numpy import ones

import scsampler_cli
from scsampler_cli import ClassifyResult, Failure, Scorer, ScoreResult, Segment, Tagger
from scsampler_cli.bench import run_folder
from scsampler_cli.classifiers.labels import read_labels
from scsampler_cli.datasets import read_list, segment_list
from scsampler_cli.errors import VideoError
from scsampler_cli.features import store
from scsampler_cli.model_zoo import weightfile
from scsampler_cli.model_zoo.bundled_weights import sampler_files
from scsampler_cli.output.records import ExtractResult
from scsampler_cli.pipeline import selection_inputs
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.pipeline.video import Video
from tests.synthetic import pan, tone, write_video

FOUND = Segment(Fraction(3, 2), Fraction(1001, 300), "pan", probability=0.945, clips=(2, 3))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "v.mp4"
    return write_video(path, pan(64, 3, 0, 64, 96), audio=tone(2.56, 440))


@pytest.fixture(scope="module")
def tagged(video: Path) -> ClassifyResult:
    return Tagger("demo", k=2, device="cpu", precision="fp32").tag(video)


def test_dir_lists_the_public_names_before_any_is_used() -> None:
    assert dir(scsampler_cli) == sorted(scsampler_cli.__all__)
    script = (
        "import sys, scsampler_cli; print('Tagger' in dir(scsampler_cli), 'torch' in sys.modules)"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert made.stdout.split() == ["True", "False"]


def test_times_are_floats_with_the_exact_ones_beside(tagged: ClassifyResult) -> None:
    for clip in (*tagged.clips, *tagged.scored, FOUND):
        assert isinstance(clip.start, float)
        assert isinstance(clip.exact_start, Fraction)
        assert (clip.start, clip.end) == (float(clip.exact_start), float(clip.exact_end))
    assert FOUND.end != FOUND.exact_end


def test_each_object_is_shown_in_a_short_line(video: Path, tagged: ClassifyResult) -> None:
    short = replace(tagged, path="v.mp4", tags=(("pan", 0.945), ("still", 0.05)))
    assert repr(short) == "ClassifyResult('v.mp4', 'pan' 94.5 %, 2 clips)"
    assert repr(replace(short, segments=(FOUND,))) == (
        "ClassifyResult('v.mp4', 'pan' 94.5 %, 2 clips, 1 segment)"
    )
    unsure = replace(short, confidence=0.1, min_probability=0.5)
    assert repr(unsure) == "ClassifyResult('v.mp4', unsure, 2 clips)"
    assert repr(FOUND) == "Segment(1.50-3.34 s, 'pan' 94.5 %)"

    best = replace(tagged.clips[0], label="pan", probability=0.75)
    place = f"clip {best.clip}, {best.start:.2f}-{best.end:.2f} s"
    assert repr(best) == f"SelectedClip({place}, 'pan' 75.0 %, {best.reason})"
    undecoded = replace(best, label=None, probability=None)
    assert repr(undecoded) == f"SelectedClip({place}, not decoded, {best.reason})"
    scored = next(clip for clip in tagged.scored if clip.clip == best.clip)
    assert repr(scored) == (f"ScoredClip({place}, rank {scored.rank}, selected as {scored.reason})")
    assert repr(replace(scored, selected=False)).endswith(", not selected)")

    failed = Failure("classify", "v.mp4", VideoError("v.mp4: broken", hint="play it"))
    assert repr(failed) == "Failure('classify', 'v.mp4', VideoError('v.mp4: broken'))"
    tagger = Tagger("demo", k="auto", device="cpu", precision="fp32")
    assert re.fullmatch(
        r"Tagger\('demo', strategy '[a-z-]+', k at most 20, cpu fp32\)", repr(tagger)
    )
    scorer = Scorer(visual_sampler="demo", audio_sampler="none", device="cpu", precision="fp32")
    assert re.fullmatch(r"Scorer\([a-z, ]+, strategy '[a-z-]+', k 10, cpu fp32\)", repr(scorer))
    scores = replace(scorer.score(video), path="v.mp4")
    assert repr(scores) == "ScoreResult('v.mp4', 4 of 4 clips selected)"


def test_long_names_do_not_make_a_long_line(tagged: ClassifyResult) -> None:
    name = "x" * 3000
    long = replace(tagged, path=f"{name}.mp4", tags=((f"{name}\n", 0.5),))
    scores = ScoreResult(
        name, (), video={}, decode_errors=0, frames_missing=0, samplers=[], settings={},
        notes=(), timings_s={}, versions={},
    )  # fmt: skip
    extracted = ExtractResult(
        name, name, ("rgbr", "mel"), clips=7, bytes=1, video={}, decode_errors=0,
        frames_missing=0, settings={}, notes=(), timings_s={}, versions={},
    )  # fmt: skip
    failed = Failure("classify", name, VideoError(name, hint=name))
    assert repr(extracted).endswith(", rgbr, mel of 7 clips)")
    for shown in (long, scores, extracted, failed, replace(FOUND, label=name)):
        assert len(repr(shown)) < 200
        assert "\n" not in repr(shown)


@pytest.fixture(scope="module")
def files(video: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each kind that is read."""
    folder = tmp_path_factory.mktemp("files")
    texts = {
        "labels": "a\nb\n",
        "histogram": "1 2 3",
        "list": f"path,label,split\n{video},pan,train\n{video.with_name('w.mp4')},pan,train\n",
        "segments": f"path,label,start_s,end_s\n{video},pan,0.5,1.5\n",
    }
    write_video(video.with_name("w.mp4"), pan(20, 3, 0, 64, 96))
    # background of a list
    (folder / "rest").mkdir()
    for name in ("a.mp4", "b.mp4"):
        write_video(folder / "rest" / name, pan(20, 1, 0, 64, 96))
    found = {"video": video, "weights": sampler_files("demo", ("rgbr",))[0]}
    for name, text in texts.items():
        found[name] = folder / f"{name}.csv"
        found[name].write_text(text)
    return found


READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "read_labels": ("labels", read_labels),
    "read_histogram": ("histogram", selection_inputs.read_histogram),
    "read_list": ("list", lambda path: read_list.read(path, root=type(path)("/"))),
    "background": (
        "list",
        lambda path: read_list.read(path, background=[type(path)(Path(path).with_name("rest"))]),
    ),
    "read_segments": ("segments", lambda path: segment_list.read_segments(path, type(path)("/"))),
    "read_weights": ("weights", lambda path: weightfile.read_weights(path).info),
    "read_metadata": ("weights", weightfile.read_metadata),
    "Video": ("video", lambda path: Video(path).facts()),
    "ModelOptions.weights": ("weights", lambda path: ModelOptions(weights=path).files()),
    "ModelOptions.classifier": ("weights", lambda path: ModelOptions(classifier=path).files()),
    "ModelOptions.labels": ("labels", lambda path: ModelOptions(labels=path).files()),
    "ModelOptions.sampler": ("weights", lambda path: ModelOptions(visual_sampler=path).files()),
}


@pytest.mark.parametrize("name", READERS)
def test_a_path_may_be_text(files: dict[str, Path], name: str) -> None:
    kind, read = READERS[name]
    by_path = read(files[kind])
    assert by_path
    assert read(str(files[kind])) == by_path


@pytest.mark.parametrize("kind", [str, Path])
def test_every_argument_of_a_tagger_takes_text_and_paths(
    files: dict[str, Path], kind: Callable[[Path], str | Path], tmp_path: Path
) -> None:
    demo = files["weights"].with_name("demo_classifier.safetensors")
    models = {"visual_sampler": kind(files["weights"]), "audio_sampler": "none", "device": "cpu"}
    for arguments in ({"classifier": kind(demo)}, {"weights": kind(demo)}):
        tagger = Tagger(k=2, **arguments, **models)  # type: ignore[arg-type]
        assert tagger.tag(kind(files["video"])).path == str(files["video"])
    assert Scorer(**models).score(kind(files["video"])).clips  # type: ignore[arg-type]

    def even(clips: Any) -> Any:
        return ones((len(clips), 2)) / 2

    plain = Tagger(even, labels=kind(files["labels"]), k=1, device="cpu")
    assert plain.classifier.labels == ("a", "b")
    (failed,) = plain.stream([kind(tmp_path / "none.mp4")])
    assert isinstance(failed, Failure)


def test_readers_of_feature_files_and_runs_take_text(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    assert not store.sniff(str(missing))
    for read in (
        store.read_header,
        lambda path: list(store.read_visual(path)),
        lambda path: list(store.read_sound(path)),
        run_folder.load,
        run_folder.load_plan,
    ):
        errors = []
        for path in (missing, str(missing)):
            with pytest.raises(scsampler_cli.ScsamplerError) as caught:
                read(path)
            errors.append(str(caught.value))
        assert errors[0] == errors[1]


@pytest.mark.parametrize("owner", [Tagger, Scorer])
def test_every_argument_is_documented_by_itself(owner: type) -> None:
    text = inspect.cleandoc(owner.__doc__ or "")
    arguments = text.split("Args:\n")[1].split("\n\n")[0]
    documented = re.findall(r"^    (\w+): (\S.*)", arguments, re.MULTILINE)
    names = list(inspect.signature(owner).parameters)
    assert sorted(name for name, _ in documented) == sorted(names)
    assert not re.search(r"those of `|up to `", arguments)
