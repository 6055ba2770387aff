"""What a run of `scsampler train` has learnt, in words for people."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scsampler_cli.cli.train_options import Target
from scsampler_cli.config import BACKGROUND
from scsampler_cli.text import counted, duration, printable

if TYPE_CHECKING:
    from scsampler_cli.datasets.example import Example

MOST_CLASSES = 30
"""Classes that are listed; of more, those with the lowest share of right answers."""


class Line(NamedTuple):
    """A line about a run."""

    text: str
    is_command: bool = False
    """True for a command to copy, which is never broken into lines."""


def result_lines(
    summary: Mapping[str, Any], examples: Sequence[Example], *, has_background: bool
) -> Iterator[Line]:
    """Lines about a run that trained a classifier and its sampler.

    Args:
        summary: the summary of the run.
        examples: the videos that were read.
        has_background: whether there are videos of none of the classes.

    Yields:
        one line each: what was learnt, what was held out, how good it is, the file, and the next
        command.
    """
    learnt = [example for example in examples if example.split == "train"]
    held_out = [example for example in examples if example.split == "val"]
    classes = len(summary["labels"]) - has_background
    what = counted(classes, "class") + (" and background" if has_background else "")
    yield Line(f"learnt from {counted(len(learnt), 'video')} of {what}: {_by_class(learnt)}")
    if not held_out:
        yield Line(_unknown_accuracy())
    else:
        what = f"{counted(len(held_out), 'video')}{_sources(held_out)}"
        yield Line(f"held out {what}: {_by_class(held_out)}")
        yield from map(Line, _measures(summary))
    file = Path(summary["files"][str(Target.auto)])
    yield Line(f"{_file_words(file)} has the classifier and its sampler; next:")
    yield Line(f"scsampler classify --classifier {shlex.quote(str(file))} VIDEO", is_command=True)


def network_lines(summary: Mapping[str, Any], *, classifier: str | None) -> Iterator[Line]:
    """Lines about a run that trained one network, or samplers together.

    Args:
        summary: the summary of the run.
        classifier: name or file of the classifier that a sampler is for, as the user gave it; None
            without one.

    Yields:
        one line each: what was learnt from, how good it is, the files, and the next command.
    """
    videos = summary["videos"]
    yield Line(
        f"{summary['target']}: learnt from {counted(videos['train'], 'video')} of "
        f"{counted(len(summary['labels']), 'label')} in {duration(summary['seconds'])}"
    )
    if not videos["val"]:
        yield Line(_unknown_accuracy())
    else:
        yield Line(f"on {counted(videos['val'], 'held-out video')}: {_accuracy(summary)}")
        yield from map(Line, _measures(summary))
    files = [Path(file) for file in summary["files"].values()]
    more = [Path(summary[name]) for name in ("metrics", "curve", "checkpoint")]
    for file in files:
        yield Line(f"{_file_words(file)} has the network")
    yield Line(f"beside it: {', '.join(printable(file.name) for file in more)}; next:")
    yield Line(_next_command(summary, files, classifier), is_command=True)


def _unknown_accuracy() -> str:
    """What is said of a run without videos for validation."""
    # imported late: --help must not wait for it
    from scsampler_cli.datasets.splits import VALIDATION_RULE

    return f"no video was held out, so that the accuracy is unknown: {VALIDATION_RULE}"


def _accuracy(summary: Mapping[str, Any]) -> str:
    """The measures of the epoch that is kept.

    Example: epoch 7 of 8, 95.8 % of the videos with K = 10 (uniform 25.0, dense 25.0).
    """
    parts = [f"epoch {summary['epoch']} of {summary['epochs']}"]
    if "video_accuracy" in summary:
        baselines = summary.get("baselines", {}).items()
        others = ", ".join(f"{name} {100 * value:.1f}" for name, value in baselines)
        # a classifier is measured on all clips
        with_k = "" if summary["target"] == "classifier" else f" with K = {summary['k']}"
        compared = f" ({others})" if others else ""
        parts.append(f"{summary['video_accuracy']:.1%} of the videos right{with_k}{compared}")
    if "clip_accuracy" in summary:
        parts.append(f"{summary['clip_accuracy']:.1%} of the clips right")
    return ", ".join(parts)


def _file_words(file: Path) -> str:
    """A file with its size in words."""
    return f"{printable(str(file))} ({file.stat().st_size / 1e6:.2f} MB)"


def _next_command(summary: Mapping[str, Any], files: Sequence[Path], classifier: str | None) -> str:
    """The command that uses the network."""
    if summary["target"] == "classifier":
        return f"scsampler classify --classifier {shlex.quote(str(files[0]))} VIDEO"
    # a sampler is used with the classifier that it is for
    options = [f"--classifier {shlex.quote(classifier or 'CLASSIFIER')}"]
    by_kind: dict[str, list[str]] = {}
    for kind, file in summary["files"].items():
        option = {"mel": "--audio-sampler", "packets": "--strategy packets --packet-sampler"}
        by_kind.setdefault(option.get(kind, "--visual-sampler"), []).append(str(file))
    options += [f"{option} {shlex.quote(','.join(names))}" for option, names in by_kind.items()]
    return f"scsampler classify {' '.join(options)} VIDEO"


def _sources(held_out: Sequence[Example]) -> str:
    """How the held-out videos are kept apart from the others."""
    # footage that shows no class may lack a group
    groups = {example.group for example in held_out if example.label != BACKGROUND}
    if groups and "" not in groups:
        return f" of {counted(len(groups), 'group')}, of which nothing was learnt"
    # clips of one recording in both splits make validation look better than it is
    return ", as if each video were a recording of its own (a list can name groups)"


def _by_class(examples: Sequence[Example]) -> str:
    """Numbers of videos of each class.

    Example: Archery 4, Bowling 5.
    """
    counts = sorted(Counter(example.label for example in examples).items())
    # background is no class, and comes last
    counts.sort(key=lambda item: item[0] == BACKGROUND)
    shown = [f"{printable(label)} {count}" for label, count in counts[:MOST_CLASSES]]
    more = len(counts) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more else [])])


def _measures(summary: Mapping[str, Any]) -> Iterator[str]:
    """Lines on the accuracy and the calibration on the held-out videos."""
    rows = summary.get("held_out")
    if not rows:
        return
    right = sum(row["right"] for row in rows.values())
    videos = sum(row["videos"] for row in rows.values())
    # the worst first where not all are shown
    names = sorted(rows, key=lambda name: rows[name]["right"] / rows[name]["videos"])
    names = names[:MOST_CLASSES] if len(names) > MOST_CLASSES else list(rows)
    shown = [f"{printable(name)} {rows[name]['right']} of {rows[name]['videos']}" for name in names]
    which = f"; the {MOST_CLASSES} classes with the lowest share" if len(rows) > len(names) else ""
    yield f"right on {right} of {videos} held-out videos ({right / videos:.0%}){which}: " + (
        ", ".join(shown)
    )
    found = summary["calibration"]
    yield (
        f"probabilities are off by {100 * found['ece_after']:.1f} points on average (expected "
        f"calibration error on {counted(found['clips'], 'clip')}; {100 * found['ece_before']:.1f} "
        f"before the temperature {found['temperature']:.2f})"
    )
    if "min_probability" in summary:
        limit, unsure = summary["min_probability"], summary["confidence"]
        yield (
            f"below a confidence of {limit:g} a video is unsure: {unsure['false']:.0%} of "
            f"{counted(unsure['background_videos'], 'held-out video')} of background get a tag, "
            f"and {unsure['kept']:.0%} of the {unsure['class_videos']} others keep theirs"
        )
    elif BACKGROUND in rows:
        yield (
            "too few held-out videos of classes or of background for a limit of confidence, which "
            "takes ten of each: classify --min-probability sets one"
        )
