"""No option is passed over in silence: each changes something, is refused, or has an excuse."""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from scsampler_cli.cli import no_effect, no_effect_learning
from scsampler_cli.cli.app import app
from scsampler_cli.cli.selection_options import most_clips
from scsampler_cli.config import AnswerSettings, SelectionSettings
from scsampler_cli.config.find_settings import FindSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.files.inputs import find_inputs
from scsampler_cli.output.writers import CUT_FORMATS, DOCUMENT_FORMATS
from scsampler_cli.pipeline import models, sampler_choice
from scsampler_cli.pipeline.choices import choose
from scsampler_cli.pipeline.sampler_choice import CONCERNED
from scsampler_cli.pipeline.selection_inputs import cascade_candidates, read_histogram
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.strategies import candidates
from tests.test_docs import ALL, commands_shown

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def rules(context: typer.Context) -> Mapping[str, no_effect.Rule]:
    tables = {"score": no_effect.SCORE, "extract": no_effect.EXTRACT, "merge": no_effect.MERGE}
    tables |= {"train": no_effect_learning.TRAIN, "bench": no_effect_learning.BENCH}
    tables |= {"find": no_effect.FIND}
    return (
        no_effect.classify_rules(context)
        if context.info_name == "classify"
        else tables[str(context.info_name)]
    )


def read(line: str) -> typer.Context:
    name, *words = line.split()
    return COMMANDS[name].make_context(name, words)


def refused(line: str) -> str:
    """What a command line is refused for; empty where it is not."""
    context = read(line)
    try:
        no_effect.check(context, rules(context))
    except SettingsError as error:
        return str(error)
    return ""


BASES = {
    "classify": [
        "classify v.mp4",
        "classify --list-classifiers",
        "classify v.mp4 --classifier demo",
        "classify v.mp4 --cascade",
        "classify v.mp4 --strategy search",
        "classify v.mp4 --k auto",
        "classify v.mp4 --diverse",
        *(
            f"classify v.mp4 --strategy {name}"
            for name in ("uniform", "dense", "random", "visual", "packets")
        ),
        "classify v.mp4 --classifier demo --strategy audio",
        "classify v.mp4 --classifier demo --strategy av-convex-list",
        "classify v.mp4 --strategy empirical --histogram {folder}/histogram.txt",
        "classify v.mp4 --visual-sampler none --audio-sampler demo",
        "classify v.mp4 -o {folder}/x.srt",
        "classify v.mp4 --format activitynet",
        "classify v.mp4 --reel x.mp4",
        "classify v.mp4 --frames shots",
        "classify {folder}",
        "classify v.mp4 --visual-sampler {folder}/rgb.safetensors",
        "classify v.mp4 -o {folder}/x.jsonl",
        "classify v.mp4 -o {folder}/x.csv",
    ],
    "score": [
        "score v.mp4",
        "score v.mp4 --audio-sampler demo",
        "score v.mp4 --cascade",
        "score v.mp4 --visual-sampler none --audio-sampler demo",
        *(f"score v.mp4 --strategy {name}" for name in ("uniform", "dense", "random", "packets")),
        "score v.mp4 --audio-sampler demo --strategy av-convex-score",
        "score {folder} --format json",
        "score v.mp4 --strategy empirical --histogram {folder}/histogram.txt",
        "score v.mp4 --strategy visual",
        "score v.mp4 --visual-sampler actions6-paper",
        "score v.mp4 --visual-sampler {folder}/rgb.safetensors",
    ],
    "find": [
        "find goal v.mp4",
        "find goal {folder}",
        "find goal v.mp4 --reel x.mp4",
        "find goal v.mp4 -o {folder}/x.json",
    ],
    "extract": [
        "extract v.mp4",
        "extract v.mp4 --what mel",
        "extract v.mp4 --what if",
        "extract v.mp4 --what rgb",
        "extract {folder} --format jsonl",
    ],
}
"""Uses of a command, in which each of its options is tried."""
SAMPLES = {
    "--k": "3",
    "--max-k": "7",
    "--strategy": "av-intersect-list",
    "--alpha": "0.1",
    "--k-visual": "1",
    "--clip-stride": "3",
    "--seed": "7",
    "--histogram": "{folder}/other.txt",
    "--candidates": "17",
    "--visual-sampler": "actions6-paper",
    "--audio-sampler": "actions6-paper",
    "--packet-sampler": "{folder}/w.safetensors",
    "--saliency": "class",
    "--p-frames": "4",
    "--short-side": "64",
    "--picture-gap": "0.5",
    "--what": "rgbr",
    "--glob": "*.odd",
    "--top": "2",
    "--aggregate": "top-mean",
    "--top-m": "2",
    "--temperature": "2",
    "--spatial": "three",
    "--classifier": "r3d_18",
    "--weights": "{folder}/w.safetensors",
    "--labels": "kinetics400",
    "--prompt": "video_of_{{}}",
    "--background-labels": "a_wall",
    "--apart": "3",
    "--spec": "frames=8",
    "--arch": "tiny3d",
    "--device": "cpu",
    "--precision": "fp32",
    "--video-stream": "1",
    "--audio-stream": "1",
    "--shard": "1/2",
    "--engine": "ray",
    "--address": "auto",
    "--cpus-per-actor": "2",
    "--gpus-per-actor": "1",
    "--output": "{folder}/y.json",
    "--format": "csv",
    "--rows": "clips",
    "--report": "y.html",
    "--thumbnails": "sheets",
    "--reel": "y.mp4",
    "--reel-pad": "1",
    "--frames": "shots",
    "--frames-each": "2",
    "--frames-size": "64",
    "--clip-frames": "8",
    "--frame-stride": "2",
    "--render": "1",
    "--records": "{folder}/r.jsonl",
    "--log-file": "y.log",
}
"""What is said of an option, other than its default; nothing of a flag."""


def scores(samplers: set[str], stride: int) -> list[ClipScores]:
    """Of two videos of 60 clips, by the samplers that are there."""
    found = []
    for seed in range(2):
        drawn = np.random.default_rng(seed).random((3, 60)).astype(np.float32)[:, ::stride]
        parts = dict(zip(("visual", "audio", "packets"), drawn, strict=True))
        clips = np.arange(0, 60, stride, dtype=np.int64)
        found.append(ClipScores(clips, 60, **{kind: parts[kind] for kind in samplers}))
    return found


def chosen(selection: SelectionSettings, there: set[str]) -> list[object]:
    """What the selection takes of these videos, by the code that does it."""
    taken: list[object] = []
    for known in scores(there, selection.clip_stride):
        if selection.candidates is not None:
            known = known.among(np.sort(candidates(known, selection.candidates).clips))
        features = np.random.default_rng(7).random((len(known.clips), 4)).astype(np.float32)
        choice = choose(known, selection, features)
        # a search selects on the way
        while len(clips := choice.chooser.propose()):
            choice.chooser.observe(clips, np.full((len(clips), 2), 0.5, np.float32))
        found = choice.selection()
        taken.append((found.clips.tolist(), found.reasons))
    return taken


def plan(context: typer.Context) -> dict[str, object]:
    """What a run would do; options that nothing looks at have no place in it.

    Raises:
        SettingsError: the options do not go together.
    """
    v: dict[str, Any] = {
        name: getattr(value, "value", value) for name, value in context.params.items()
    }
    if context.info_name == "find":
        return plan_of_find(v)
    form = no_effect.record_format(v)
    found: dict[str, object] = {name: v[name] for name in WRITTEN if name in v}
    found |= {
        "form": form,
        "hash": v["hash"] and form in ("json", "jsonl"),
        "list": v.get("list_classifiers"),
    }
    found["inputs"] = find_inputs(v["paths"], v["glob"]) if v["paths"] else None
    if v.get("reel"):
        found["reel_pad"] = v["reel_pad"]
    if v.get("frames"):
        found["frames_of"] = [v["frames_each"], v["frames_size"]]
    if form not in (*CUT_FORMATS, *DOCUMENT_FORMATS):
        found["top"] = v.get("top")
    if context.info_name == "extract":
        what = set(v["what"].split(","))
        return found | {
            "what": what,
            "stride": v["clip_stride"],
            "p": v["p_frames"] if what & {"md", "rgbr"} else None,
            "side": v["short_side"] if what & {"rgb", "if", "rgbr"} else None,
            "gap": v["picture_gap"] if "rgb" in what else None,
        }
    k = most_clips(v["k"], v.get("max_k"))
    first = cascade_candidates(v["cascade"], v["candidates"], k)
    histogram = read_histogram(v["histogram"])
    selection = SelectionSettings(
        strategy=v["strategy"],
        k=k,
        stops_early=v["k"] == "auto",
        diverse=v["diverse"],
        k_visual=v["k_visual"],
        alpha=v["alpha"],
        seed=v["seed"],
        clip_stride=v["clip_stride"],
        histogram=histogram,
        candidates=first,
    )
    shown = context.info_name == "score"
    options = models.ModelOptions(
        classifier=v.get("classifier", "auto"),
        weights=v.get("weights"),
        labels=v.get("labels"),
        arch=v.get("arch"),
        spec=tuple(v.get("spec") or ()),
        visual_sampler=v["visual_sampler"],
        audio_sampler=v["audio_sampler"],
        packet_sampler=v["packet_sampler"],
        device=v["device"],
        precision=v["precision"],
    )
    auto = models.AUTO_SET if shown else options.auto_set
    options.check_samplers(selection, auto, shows_all=shown)
    options.check()
    used = set(sampler_choice.needed_samplers(selection)) | (
        {"visual", "audio"} if shown and v["strategy"] != "packets" else set()
    )
    there = {
        kind for kind in used if sampler_choice.is_available(options.samplers[kind], kind, auto)
    }
    found |= {
        "samplers": {kind: options.samplers[kind] for kind in there},
        "chosen": chosen(selection, there),
        "stops_early": selection.stops_early,
    }
    if there:
        # whether one of them has a background class is known when it is loaded
        found["saliency"] = v["saliency"]
    if "visual" in there:
        inputs = sampler_choice.inputs_of(options.samplers["visual"], "visual", auto) or set()
        concerned = {
            name: v.get(name) for name, kinds in CONCERNED.items() if set(kinds) & set(inputs)
        }
        found |= {"features": concerned}
    if not shown:
        answer = AnswerSettings(
            spatial=v["spatial"],
            temperature=v["temperature"],
            aggregate=v["aggregate"],
            top_m=v["top_m"],
        )
        found |= {
            "answer": answer,
            "classifier": [v[n] for n in CLASSIFIER],
        }
    return found


def plan_of_find(v: dict[str, Any]) -> dict[str, object]:
    """The same of find."""
    found: dict[str, object] = {name: v[name] for name in WRITTEN if name in v}
    found["inputs"] = find_inputs(v["paths"], v["glob"])
    found["search"] = FindSettings(
        top=v["top"],
        apart_s=v["apart"],
        picture_gap=v["picture_gap"],
        prompts=tuple(v["prompt"] or ("{}",)),
    )
    found["model"] = [v["classifier"], v["spec"]]
    return found | ({"reel_pad": v["reel_pad"]} if v["reel"] else {})


@cache
def plan_of(line: str) -> dict[str, object]:
    """The plan of a command line."""
    return plan(read(line))


CLASSIFIER = ("classifier", "weights", "labels", "prompt", "background_labels", "arch", "spec")
"""Parameters that say which classifier it is."""
WRITTEN = {
    "strategy": "in the record, and what it could not go by in the notes",
    "demo": "another video",
    "video_stream": "another picture, and in the record",
    "audio_stream": "in the record",
    "device": "in the record",
    "precision": "in the record",
    "shard": "other files",
    "engine": "who does it",
    "address": "which cluster",
    "cpus_per_actor": "asked of Ray",
    "gpus_per_actor": "asked of Ray",
    "output": "a file",
    "report": "a file",
    "thumbnails": "files",
    "reel": "a file",
    "frames": "files",
    "log_file": "a file",
    "records": "a file",
    "render": "a file",
    "reencode": "a file",
    "clip_frames": "other clips",
    "frame_stride": "other clips",
    "resume": "which files are done",
    "format": "the form",
    "rows": "what a row is",
}
"""Options that have an effect wherever they are accepted, and what it is."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("options")
    for name, text in (
        ("histogram.txt", "1 2"),
        ("other.txt", "5 1 1"),
        ("a.odd", "x"),
        ("a.mp4", "x"),
    ):
        (place / name).write_text(text)
    write_header(place / "w.safetensors", "packets")
    write_header(place / "rgb.safetensors", "rgb")
    return place


def write_header(path: Path, kind: str) -> Path:
    """The beginning of a sampler's weight file, which says what its input is."""
    meta = json.dumps({"kind": "sampler", "input": kind})
    header = json.dumps({"__metadata__": {"scsampler": meta}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


CASES = [
    (base, max(parameter.opts, key=len))
    for name, bases in BASES.items()
    for parameter in COMMANDS[name].params
    if parameter.param_type_name == "option" and parameter.name not in no_effect.EXCUSED
    for base in bases
    if max(parameter.opts, key=len) not in base
]


@pytest.mark.parametrize(("base", "option"), CASES)
def test_an_option_changes_what_is_done_or_is_refused(folder: Path, base: str, option: str) -> None:
    before = base.format(folder=folder)
    line = f"{before} {option} {SAMPLES.get(option, '')}".format(folder=folder)
    try:
        with_it, without = plan(read(line)), plan_of(before)
    except SettingsError:
        return
    assert refused(line) or with_it != without


@pytest.mark.parametrize("name", BASES)
def test_every_option_can_be_used_somewhere(folder: Path, name: str) -> None:
    for option in {option for base, option in CASES if base.startswith(name)}:
        lines = [
            f"{base} {option} {SAMPLES.get(option, '')}".format(folder=folder)
            for base in BASES[name]
        ]
        assert not all(map(refused, lines)), option


@pytest.mark.parametrize(
    "name", ["classify", "find", "score", "extract", "merge", "train", "bench"]
)
def test_no_option_is_forgotten(name: str) -> None:
    """Each has a rule, an excuse, or a place among those that always have an effect."""
    context = read(f"{name} v.mp4")
    known = {*no_effect.EXCUSED, *WRITTEN, *ALWAYS}
    table = rules(context) if name != "classify" else no_effect._CLASSIFY
    options = {
        str(p.name)
        for p in context.command.params
        if p.param_type_name == "option" and p.name != "help"
    }
    assert options - {*table} - known == set()
    assert {*table} - options == set(), "rules of options that are not there"


ALWAYS = {
    "strategy",
    "classifier",
    "weights",
    "labels",
    "prompt",
    "background_labels",
    "arch",
    "spec",
    "spatial",
    "aggregate",
    "top_m",
    "top",
    "apart",
    "picture_gap",
    "temperature",
    "list_classifiers",
    "what",
    "clip_stride",
    "inputs",
    "replay",
    "k",
    "joint",
    "description",
    "keep",
    "seed",
    "target",
    "init",
    "epochs",
    "per_epoch",
    "batch_size",
    "lr",
    "schedule",
    "optimiser",
    "augment",
    "speed",
    "paper",
}
"""Options that always change what is computed. `ModelOptions.check` refuses those that conflict."""


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("train x.csv --target rgbr --size 64", "--size has no effect with --target rgbr"),
        ("train x.csv --target mel --test-crop 64", "--test-crop has no effect with --target mel"),
        (
            "train x.csv --target mel --p-frames 2",
            "--p-frames has no effect on an input without P-frames",
        ),
        ("train x.csv --target rgbr --margin 0.1", "--margin has no effect with --objective ac"),
        (
            "train x.csv --target rgbr --objective sal-cl --gap 0.2",
            "--gap has no effect with --objective sal-cl",
        ),
        ("train x.csv --target rgbr --objective sal-cl --clips-per-video 4", ""),
        (
            "train x.csv --target rgbr --clips-per-video 4",
            "--clips-per-video has no effect with --objective ac",
        ),
        (
            "train x.csv --target classifier --objective ac",
            "--objective has no effect with --target classifier",
        ),
        (
            "train x.csv --target classifier --weights w.pth",
            "--weights has no effect with --target classifier",
        ),
        ("train x.csv --target classifier -k 5", "--k has no effect with --target classifier"),
        ("train x.csv --target rgbr -k 5", "--k has no effect without --classifier"),
        ("train x.csv --target rgbr -k 5 --classifier demo", ""),
        (
            "train x.csv --target rgbr --step-epochs 5",
            "--step-epochs has no effect with --schedule plateau",
        ),
        ("train x.csv --target mel --step-epochs 5", ""),
        (
            "train --demo --target mel --warmup-epochs 1",
            "--warmup-epochs has no effect with --schedule one-cycle",
        ),
        (
            "train x.csv --target rgbr --init scratch --pretrained-factor 1",
            "--pretrained-factor has no effect with --init scratch",
        ),
        (
            "train x.csv --target mel --pretrained-factor 1",
            "--pretrained-factor has no effect without --init FILE",
        ),
        ("train x.csv --target rgbr --pretrained-factor 1", ""),
        ("train --demo --root x", "--root has no effect with --demo"),
        ("train . --root x", "--root has no effect on a folder of videos"),
        ("train x.csv --resume --overwrite", "--overwrite has no effect with --resume"),
        ("train x.csv --arch mc3_18", "--arch has no effect with --target auto"),
        ("train x.csv --classifier f.pth", "--classifier has no effect with --target auto"),
        ("train x.csv --target auto -k 5", "--k has no effect with --target auto"),
        ("train x.csv --objective ac", "--objective has no effect with --target auto"),
        ("train x.csv --size 64", "--size has no effect with --target auto"),
        ("train x.csv --epochs 3 --lr 0.01 --batch-size 8 --seed 2 --background b", ""),
        ("train x.csv --no-freeze --pretrained-factor 0.1", ""),
        ("train x.csv --pretrained-factor 0.1", "--pretrained-factor has no effect on a frozen"),
        ("train x.csv --target md --freeze", "--freeze has no effect without a lite0 network"),
        ("train x.csv --target rgb --no-freeze", ""),
        ("train x.csv --target if --arch lite0 --unfreeze-last 2", ""),
        (
            "train x.csv --target rgb --no-freeze --unfreeze-last 2",
            "--unfreeze-last has no effect with --no-freeze",
        ),
        (
            "train x.csv --target classifier --arch tsm18 --unfreeze-last 2",
            "--unfreeze-last has no effect without a lite0 network",
        ),
        ("train x.csv --target classifier --test-crop 64", "--test-crop has no effect on lite0"),
        ("train x.csv --target classifier --arch tsm18 --test-crop 64", ""),
        ("train x.csv --target rgb --step-epochs 5", "--step-epochs has no effect with --schedule"),
        ("train --demo --background b", "--background has no effect with --demo"),
        ("train --demo --arch shufflenet26 --objective ac", ""),
        ("train --demo --size 64", "--size has no effect with --target rgbr"),
        ("bench --replay x --device cpu", "--device has no effect on a replay"),
        ("bench --replay x --no-empirical", "--no-empirical has no effect on a replay"),
        ("bench --speed --keep-features", "--keep-features has no effect with --speed"),
        ("bench --speed --empirical", "--empirical has no effect with --speed"),
        ("bench x.csv --resume", "--resume has no effect without -o"),
        ("bench x.csv --overwrite", "--overwrite has no effect without -o"),
        ("bench x.csv --sheet 3", "--sheet has no effect without -o"),
        ("bench x.csv --sheet-of v.mp4", "--sheet-of has no effect without -o"),
        ("bench x.csv --sheet 0", ""),
        ("bench x.csv --sheet 3 -o report", ""),
        ("bench x.csv --repeats 2", "--repeats has no effect without --speed"),
        ("bench x.csv --seed 0 --draws 5", ""),
        ("merge x.jsonl --glob *.mp4", "--glob has no effect without --inputs"),
        ("merge x.jsonl --glob *.mp4 --inputs x.mp4", "--glob has no effect without a folder"),
        ("merge x.jsonl -o - --overwrite", "--overwrite has no effect without a file to write"),
        (
            "classify v.mp4 --strategy uniform --seed 0",
            "--seed has no effect with strategy 'uniform'",
        ),
        (
            "classify v.mp4 --strategy random --clip-stride 2",
            "--clip-stride has no effect with strategy 'random'",
        ),
        (
            "classify v.mp4 --strategy uniform --visual-sampler auto",
            "--visual-sampler has no effect",
        ),
        ("classify v.mp4 --strategy uniform --visual-sampler none", ""),
        ("score v.mp4 --strategy uniform --visual-sampler auto", ""),
        ("classify v.mp4 --list-classifiers", "paths has no effect with --list-classifiers"),
        ("classify v.mp4 -q -v", "--verbose has no effect with --quiet"),
        ("classify v.mp4 -q -v --log-file x.log", ""),
    ],
)
def test_what_is_refused_and_where(line: str, word: str) -> None:
    found = refused(line)
    assert (word in found) if word else not found


def test_the_documented_commands_have_no_idle_options() -> None:
    names = ("classify", "score", "extract", "merge", "train", "bench")
    shown = [words for words in commands_shown(ALL) if words[0] in names]
    assert len(shown) > 30
    found = {}
    for line in (" ".join(words) for words in shown if not any(" " in word for word in words)):
        with suppress(typer.TyperException):  # NAME in place of a value
            found[line] = refused(line)
    assert len(found) > 25
    assert {line: why for line, why in found.items() if why} == {}


def test_settings_of_features_need_a_sampler_on_their_input(folder: Path) -> None:
    rgb, frames = folder / "rgb.safetensors", write_header(folder / "if.safetensors", "if")
    for command in ("classify v.mp4", "score v.mp4", "bench v.csv"):
        of_rgb = f"{command} --visual-sampler {rgb}"
        assert refused(f"{of_rgb} --picture-gap 1") == ""
        assert "--p-frames has no effect without a sampler on md or rgbr" in refused(
            f"{of_rgb} --p-frames 4"
        )
        assert refused(f"{command} --visual-sampler {frames} --p-frames 4")
        assert refused(f"{command} --visual-sampler actions6-paper --p-frames 4") == ""
        without = refused(f"{command} --visual-sampler actions6-paper --picture-gap 1")
        # the search of a bench compares pictures, whatever the samplers are
        expected = "" if command == "bench v.csv" else "without a sampler on rgb"
        assert expected in without if expected else without == ""
    assert refused(f"score v.mp4 --visual-sampler {rgb} --short-side 64") == ""
    without = "--picture-gap has no effect without rgb"
    assert refused("extract v.mp4 --what md --picture-gap 1") == without
    # bench compares further networks, and --speed times all inputs
    pictures = f"bench v.csv --visual-sampler {rgb} --p-frames 4"
    md = write_header(folder / "md.safetensors", "md")
    assert refused(f"{pictures} --network {md}") == ""
    assert refused(f"{pictures} --sampler eyes={md}") == ""
    assert refused(f"{pictures} --network {frames}")
    assert refused("bench --speed --picture-gap 1 --p-frames 4") == ""
    # the demo has samplers of its own
    assert refused("classify --demo --p-frames 4") == ""
    assert "without a sampler on rgb" in refused("classify --demo --picture-gap 1")
    # a plug-in decides by its name when it is loaded
    assert refused("classify v.mp4 --classifier my.module:make --picture-gap 1") == ""
