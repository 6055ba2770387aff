"""Notes and errors about the videos and networks of a run, passed to its callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.datasets.example import Example
from scsampler_cli.datasets.label_names import some, unknown_hint
from scsampler_cli.datasets.splits import VALIDATION_RULE
from scsampler_cli.errors import InputError
from scsampler_cli.text import counted
from scsampler_cli.train.context import Callbacks
from scsampler_cli.train.draw import usable_clips
from scsampler_cli.train.fit import Fit
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import FRAMES, TrainVideo, VideoNeeds

_EMPTY_INPUT = {"mel": "no sound", "packets": "no sizes of packets"}


def check_labels(labels: Sequence[str], classifier: ClassifierFacts, callbacks: Callbacks) -> None:
    """Note the classes that the classifier does not have. Its background class is none.

    Raises:
        InputError: it has none of them.
    """
    # f_y needs the label among the classes of the classifier
    unknown = [label for label in labels if label not in classifier.classes]
    hint = unknown_hint(unknown, classifier.classes)
    if len(unknown) == len(labels):
        raise InputError(
            f"{classifier.name} has none of the labels {some(labels)}",
            code="labels-unknown",
            hint=f"choose another classifier, or other labels; {hint}",
        )
    if unknown:
        callbacks.on_note(
            f"{classifier.name} does not know {some(unknown)}: only the objective ac uses their "
            f"videos, and the validation leaves them out; {hint}"
        )


def report_lost(
    read: Sequence[Example], videos: Sequence[TrainVideo], callbacks: Callbacks
) -> None:
    """Report videos that were read, and that are missing now, or whose cache entries are."""
    # `open_all` leaves out videos without all of their entries
    present = {video.example for video in videos}
    for example in read:
        if example in present:
            continue
        error = InputError(
            "the file has been removed, or its entry in the cache",
            code="cache-entry-gone",
            hint="do not remove videos or cache entries during a run; run again",
        )
        callbacks.on_failure(example, error)


def note_videos(
    split: Mapping[str, list[TrainVideo]], needs: VideoNeeds, callbacks: Callbacks
) -> None:
    """Pass on the notes of each video, and note which inputs and measures are missing."""
    # of both splits
    videos = [video for members in split.values() for video in members]
    for video in videos:
        for note in video.notes:
            callbacks.on_note(f"{video.example.path}: {note}")

    for kind in needs.kinds:
        # a silent video has an entry without rows
        empty = sum(len(video.entries[kind].values) == 0 for video in videos)
        if empty:
            callbacks.on_note(
                f"{counted(empty, 'video')} with {_EMPTY_INPUT.get(kind, f'no {kind}')}: "
                f"the {kind} network learns nothing from them"
            )

    # a classifier in training is measured by its own answers
    if needs.classifier is None and FRAMES not in needs.kinds:
        callbacks.on_note(
            "no clip classifier: the accuracy of its answers on the selected clips is not measured"
        )
    if not split["val"]:
        callbacks.on_note(
            "no validation videos: nothing is measured, the last epoch is kept, "
            f"and patience never ends the run; {VALIDATION_RULE}"
        )
        if FRAMES in needs.kinds:
            callbacks.on_note("no validation videos: the probabilities are not calibrated")


def note_labels_without_videos(
    train: Sequence[TrainVideo], labels: Sequence[str], callbacks: Callbacks
) -> None:
    """Note the labels of which no training video can be used."""
    # indices of labels
    with_videos = {video.label for video in train if len(usable_clips(video))}
    for index, label in enumerate(labels):
        if index not in with_videos:
            callbacks.on_note(
                f"no training video of {label!r} can be used: "
                "it stays a label, and the network cannot learn it"
            )


def note_augmentation(settings: TrainSettings, callbacks: Callbacks) -> None:
    """Note what is left of the augmentation "strong" where features were computed before."""
    if settings.frozen and settings.augment == "strong":
        callbacks.on_note(
            "frozen trunk: the augmentation strong mirrors pictures and blends pairs of clips; it "
            "cannot crop or colour them"
        )


def note_initial_weights(fit: Fit, callbacks: Callbacks) -> None:
    """Note what each network starts from, where that needs a remark."""
    for kind, start in fit.starts.items():
        if start.note:
            callbacks.on_note(f"{kind}: {start.note}")


def note_early_stop(fit: Fit, callbacks: Callbacks) -> None:
    """Note that patience ended the run before its last epoch."""
    # epochs count from 1
    done, best = len(fit.state.history), fit.state.best_epoch
    if done < fit.settings.recipe.epochs:
        callbacks.on_note(
            f"stopped after epoch {done}: no later one was better than epoch {best} (patience)"
        )
