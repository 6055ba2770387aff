"""`Finder`, the interface for programs: a text-image model that is loaded once, with settings.

Nothing is printed. Videos are searched one after another, in this process.
Not handled here: many processes (`batch`), folders (`files.inputs`), and writing results.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.config.find_settings import DEFAULT_FIND, FindSettings, check_sentence
from scsampler_cli.errors import InputError, ScsamplerError, SettingsError
from scsampler_cli.files.urls import local_path
from scsampler_cli.find.embedding_model import EmbeddingModel
from scsampler_cli.find.found_ranking import Ranking
from scsampler_cli.find.kept_vectors import kept_by
from scsampler_cli.find.video_search import VideoSearch
from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.one_line import called, quoted
from scsampler_cli.output.records import Failure
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.pipeline.tagger_arguments import log_notes, log_nothing
from scsampler_cli.pipeline.video import Progress, no_progress
from scsampler_cli.text import counted


class Finder:
    """A text-image model with its settings: finds the clips that fit a sentence.

    The vectors of each video are computed once, and kept in the cache.

    Args:
        classifier: "auto" (the default model), a Hugging Face folder, or "hf:ORG/NAME", which is
            taken from the Hugging Face cache of this machine; or an object with the attributes of
            `find.embedding_model.EmbeddingModel`.
        cache: folder of the vectors; None for ~/.cache/scsampler/train, the default of the command
            line where $XDG_CACHE_HOME is not set.
        settings: which clips are compared, and how many are found.
        device: "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:N".
        precision: of the model: "auto", "fp32", "bf16" or "fp16".
        spec_fields: "KEY=VALUE" for each property that the model does not state.
        reading: which streams of a file are read, and the limits.
        log: called with each note on the model.

    Raises:
        ScsamplerError: settings contradict each other, or the model cannot be loaded.
    """

    def __init__(
        self,
        classifier: str | Path | EmbeddingModel = "auto",
        *,
        cache: str | Path | None = None,
        settings: FindSettings = DEFAULT_FIND,
        device: str = "auto",
        precision: str = "auto",
        spec_fields: Sequence[str] = (),
        reading: ReadSettings = DEFAULT_READING,
        log: Callable[[str], None] = log_nothing,
    ) -> None:
        self.settings, self.reading = settings, reading
        self.cache = default_cache() if cache is None else Path(cache)
        if reading.audio_stream is not None:
            raise SettingsError(
                "audio_stream has no effect: sound is not compared with a sentence",
                code="no-effect",
                hint="leave it out",
            )
        self.model = _loaded(classifier, device, precision, spec_fields=spec_fields)
        if self.model.reads_clips and settings.picture_gap != DEFAULT_FIND.picture_gap:
            raise SettingsError(
                f"picture_gap has no effect: {self.model.name} reads whole clips",
                code="no-effect",
                hint="leave it out",
            )
        # device and precision in force, for the settings of every result
        self._runtime = ModelOptions(device=device, precision=precision).runtime()
        self._kept = kept_by(
            self.model, self.cache, settings, reading=reading, runtime=self._runtime
        )
        log_notes(self.model.notes, log)

    def __repr__(self) -> str:
        runtime = f"{self._runtime['device']} {self._runtime['precision']}"
        return called(self, (quoted(self.model.name), f"top {self.settings.top}", runtime))

    def search(self, sentence: str) -> VideoSearch:
        """The search for one sentence, whose `record` works on one video at a time.

        Raises:
            SettingsError: the sentence is not a text, or has no word.
            ClassifierError: the sentence is too long for the model.
        """
        check_sentence(sentence)
        return VideoSearch(
            self.model,
            sentence,
            self.settings,
            kept=self._kept,
            reading=self.reading,
            runtime=self._runtime,
        )

    def find(
        self,
        sentence: str,
        paths: str | Path | Iterable[str | Path],
        progress: Progress = no_progress,
    ) -> FindResult:
        """Find the clips of videos that fit a sentence best.

        Args:
            sentence: what the pictures show, such as "a dog jumps into water".
            paths: a local video file, or several; folders are not searched.
            progress: called with the stages "index" and "embed" (clips) for each video, and with
                "find" (videos) after each.

        Returns:
            the found clips of all videos together, best first; `failures` are the videos that could
            not be searched.

        Raises:
            SettingsError: the sentence is not a text, or has no word; or there is no path.
            ClassifierError: the sentence is too long for the model.
        """
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        if not given:
            raise SettingsError(
                "there are no videos to search",
                code="no-input",
                hint="give a path, or a list of paths",
            )
        search = self.search(sentence)
        ranking, failures = Ranking(self.settings.top, search.facts), []
        # each once: a video that is named twice would be found twice
        different = list(dict.fromkeys(str(local_path(path)) for path in given))
        with Cache(self.cache).in_use():
            for done, path in enumerate(different, start=1):
                try:
                    _check_no_folder(path)
                    ranking.add(search.record(path, progress))
                # an unexpected error is a bug, and ends the search
                except ScsamplerError as error:
                    failures.append(Failure("find", path, error))
                progress("find", done, len(different))
        repeated = len(given) - len(different)
        notes = [f"{counted(repeated, 'path')} named twice, searched once"] if repeated else []
        return ranking.result(sentence, failures, notes=notes)


def _check_no_folder(path: str) -> None:
    """Refuse a folder, in which a program has to search for videos itself.

    Raises:
        InputError: it is one.
    """
    # os.path.isdir is False for a folder that may not be entered, where pathlib raises
    if os.path.isdir(path):  # noqa: PTH112
        raise InputError(
            f"{path} is a folder, and folders are not searched",
            code="not-a-file",
            hint="give the paths of its videos",
        )


def default_cache() -> Path:
    """The folder of the cache where none is named: that of `train` and `bench`."""
    # the library reads no environment variable
    return Path.home() / ".cache" / "scsampler" / "train"


def _loaded(
    classifier: str | Path | EmbeddingModel,
    device: str,
    precision: str,
    *,
    spec_fields: Sequence[str],
) -> EmbeddingModel:
    """The model that the caller named, or gave.

    Raises:
        ScsamplerError: it cannot be loaded.
        SettingsError: it is neither a name nor a model.
    """
    if isinstance(classifier, str | Path):
        # imported late: a model of the caller needs no transformers
        from scsampler_cli.classifiers.text_image.open_model import (
            DEFAULT_MODEL,
            open_text_image_model,
        )
        from scsampler_cli.nn.device import pick_device, pick_dtype

        where = pick_device(device)
        name = DEFAULT_MODEL if str(classifier) == "auto" else str(classifier)
        return open_text_image_model(
            name, where, pick_dtype(precision, where), spec_fields=tuple(spec_fields)
        )
    if not isinstance(classifier, EmbeddingModel):
        raise SettingsError(
            f"a {type(classifier).__name__} is not a text-image model",
            code="arguments-invalid",
            hint="give a Hugging Face folder or name, or an object like EmbeddingModel",
        )
    if spec_fields:
        raise SettingsError(
            f"model {classifier.name!r} has a spec of its own",
            code="arguments-invalid",
            hint="leave out spec_fields",
        )
    return classifier
