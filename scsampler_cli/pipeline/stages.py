"""extract, score and classify: the order of all steps, for one video.

container -> packets -> clip features -> scores -> selection -> selected clips -> classifier
-> aggregate -> record

Each function takes one video and returns its result. Nothing is printed; progress is a callback.
Not handled here: loading models, searching folders and writing results.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scsampler_cli.classifiers.base import ClipClassifier, background_of, is_multi_label
from scsampler_cli.config import (
    DEFAULT_ANSWER,
    DEFAULT_READING,
    AnswerSettings,
    FeatureSettings,
    ReadSettings,
    SelectionSettings,
)
from scsampler_cli.features import array_file, store
from scsampler_cli.media.container import FFMPEG_VERSION
from scsampler_cli.output import records
from scsampler_cli.pipeline import settings_record
from scsampler_cli.pipeline.choices import choose
from scsampler_cli.pipeline.clip_inference import ask_classifier
from scsampler_cli.pipeline.clip_records import scored_clips, selected_clips
from scsampler_cli.pipeline.feature_file import FeatureFileVideo
from scsampler_cli.pipeline.input_checks import (
    check_any_score,
    check_can_be_scored,
    check_is_video,
    check_no_packet_sampler,
)
from scsampler_cli.pipeline.segment_times import find_segments
from scsampler_cli.pipeline.stage_clock import StageClock
from scsampler_cli.pipeline.tags import confidence_of, tags_of
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    no_progress,
    visual_clips,
    with_progress,
)
from scsampler_cli.pipeline.video_scores import scores_of_video
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection import aggregate
from scsampler_cli.selection.segment_search import SegmentSearch


def classify(
    path: Path,
    samplers: Samplers,
    classifier: ClipClassifier,
    *,
    features: FeatureSettings,
    selection: SelectionSettings,
    top: int = 5,
    progress: Progress = no_progress,
    answer: AnswerSettings = DEFAULT_ANSWER,
    reading: ReadSettings = DEFAULT_READING,
    segments: SegmentSearch | None = None,
) -> records.ClassifyResult:
    """Tag one video: the whole method of the paper (Sec. 3.1).

    Args:
        path: the video.
        samplers: the samplers (s in the paper).
        classifier: the clip classifier (f in the paper), with the spatial view and the temperature
            of `answer` (`models.adjust`).
        features: how the inputs of the visual sampler are made.
        selection: which clips are selected.
        top: number of tags in the result.
        progress: called after each clip.
        answer: how the probabilities of clips become those of the video.
        reading: which streams are read, and the limits.
        segments: how segments are looked for; None for none.

    Raises:
        ScsamplerError: the video cannot be read, none of the selected clips could be decoded, or
            the video is damaged and the settings are `strict`.
    """
    clock = StageClock()
    selection, answer = _in_force(selection, answer, samplers=samplers, classifier=classifier)
    # the grid of clips follows the classifier: samplers score the clips that f can classify
    check_is_video(path)
    with clock.stage("index"):
        video = Video(path, classifier.spec.frames, classifier.spec.stride, reading=reading)
    _report_length(video, progress)

    # a sampler that the strategy ignores would cost time and change nothing
    used = settings_record.used_samplers(samplers, selection, segments)
    with clock.stage("score"):
        scores, pictures = scores_of_video(
            video, used, features, selection=selection, progress=progress
        )
    check_any_score(video, path, scores, selection=selection)
    choice = choose(scores, selection, pictures, background=background_of(classifier))

    with clock.stage("classify"):
        answers = ask_classifier(
            video, classifier, choice.chooser, selection=selection, answer=answer, progress=progress
        )
    found = None
    if segments is not None:
        with clock.stage("segments"):
            found = find_segments(
                video,
                classifier,
                segments,
                scores=scores,
                pictures=pictures,
                answers=answers,
                progress=progress,
            )
    # only now are all packets read that will be read
    video.check_whole()

    decoded = answers.decoded
    tags = tags_of(decoded, classifier, answer, top=top, video=video, segments=found)
    settings = settings_record.of_classify(
        features, selection, answer, top=top, reading=reading, samplers=samplers, segments=segments
    )
    return records.ClassifyResult(
        path=str(path),
        tags=tags,
        clips=tuple(selected_clips(video, choice, answers, labels=classifier.labels)),
        video=video.facts(),
        decode_errors=video.decode_errors,
        frames_missing=video.frames_missing,
        classifier=settings_record.of_classifier(classifier),
        samplers=used.records(),
        settings=settings_record.with_answers(settings, choice.chooser.asked, answers.stopped),
        notes=(*video.notes, *choice.selection().notes),
        timings_s=clock.spent,
        versions=records.versions(FFMPEG_VERSION),
        scored=tuple(scored_clips(video, choice)),
        background=aggregate.background_share(decoded, background_of(classifier)),
        confidence=confidence_of(decoded, classifier, tags, selection=selection, segments=found),
        min_probability=answer.min_probability or None,
        segments=found,
    )


def _in_force(
    selection: SelectionSettings,
    answer: AnswerSettings,
    *,
    samplers: Samplers,
    classifier: ClipClassifier,
) -> tuple[SelectionSettings, AnswerSettings]:
    """The settings with what their "auto" stands for."""
    selection = selection.by_samplers()
    is_guided = samplers.visual is not None
    multi_label = is_multi_label(classifier)
    return selection, answer.for_strategy(
        selection.strategy, guided=is_guided, multi_label=multi_label
    )


def _report_length(video: Video, progress: Progress) -> None:
    """Report the length of the video, in whole seconds; at least 1."""
    progress("index", video.whole_seconds, video.whole_seconds)


def score(
    path: Path,
    samplers: Samplers,
    features: FeatureSettings,
    *,
    clip_frames: int,
    frame_stride: int,
    selection: SelectionSettings,
    progress: Progress = no_progress,
    reading: ReadSettings = DEFAULT_READING,
) -> records.ScoreResult:
    """Saliency of every clip of a video, or of a feature file that `extract` wrote.

    A video and its feature file give the same numbers. Arguments are those of `classify`.

    Raises:
        ScsamplerError: the file cannot be read, or is damaged and the settings are `strict`.
    """
    clock = StageClock()
    selection = selection.by_samplers()
    stride = selection.clip_stride
    if selection.strategy == "packets" or selection.candidates is not None:
        samplers = settings_record.used_samplers(samplers, selection)
    else:
        # visual and audio scores are results in themselves, also where the strategy ignores them
        samplers = replace(samplers, packets=None)

    source: FeatureFileVideo | Video
    check_can_be_scored(path)
    with clock.stage("index"):
        if store.sniff(path):
            source = FeatureFileVideo(
                path, clip_frames, frame_stride, clip_stride=stride, reading=reading
            )
        else:
            source = Video(path, clip_frames, frame_stride, reading=reading)
    if isinstance(source, Video):
        _report_length(source, progress)

    with clock.stage("score"):
        if isinstance(source, FeatureFileVideo):
            check_no_packet_sampler(path, samplers)
            scores, pictures = source.scored(samplers, features, selection, progress=progress)
            # the record gets the settings that the file was extracted with
            features, stride = source.features, source.clip_stride
        else:
            scores, pictures = scores_of_video(
                source, samplers, features, selection=selection, progress=progress
            )
    source.check_whole()
    check_any_score(source, path, scores, selection=selection)
    choice = choose(scores, selection, pictures)
    return records.ScoreResult(
        path=str(path),
        clips=tuple(scored_clips(source, choice)),
        video=source.facts(),
        decode_errors=source.decode_errors,
        frames_missing=source.frames_missing,
        samplers=samplers.records(),
        settings=settings_record.of_score(
            features, selection, reading, samplers=samplers, stride=stride
        ),
        notes=(*source.notes, *choice.selection().notes),
        timings_s=clock.spent,
        versions=records.versions(FFMPEG_VERSION),
    )


def extract(
    path: Path,
    out: Path,
    features: FeatureSettings,
    *,
    clip_frames: int,
    frame_stride: int,
    clip_stride: int = 1,
    progress: Progress = no_progress,
    reading: ReadSettings = DEFAULT_READING,
) -> records.ExtractResult:
    """Write the features of one video to a feature file.

    Args:
        path: the video.
        out: the feature file; .npz is one of NumPy (`features.array_file`), all others are those of
            `features.store`.
        features: which inputs to write, and their settings.
        clip_frames: number of frames in a clip (F).
        frame_stride: distance between two frames of a clip, in frames of the video.
        clip_stride: only every N-th clip is written; this is N.
        progress: called after each clip.
        reading: which streams are read, and the limits.

    Raises:
        ScsamplerError: the video cannot be read, the file cannot be written, or the video is
            damaged and the settings are `strict`.
    """
    clock = StageClock()
    check_is_video(path)
    with clock.stage("index"):
        video = Video(path, clip_frames, frame_stride, reading=reading)
    _report_length(video, progress)
    # the header has the facts, and is written before the pass
    video.expect(features)

    clips = video.grid.every(clip_stride)
    settings = settings_record.of_extract(
        features, clip_frames, frame_stride, clip_stride=clip_stride, reading=reading
    )
    versions = records.versions(FFMPEG_VERSION)
    # times are exact fractions, as text: JSON numbers would round them
    spans = [video.span(clip) for clip in clips.tolist()]
    header = {
        "settings": settings,
        "clip_count": len(video.grid),
        "clips": [[s.index, s.first_frame, s.frame_count, str(s.start), str(s.end)] for s in spans],
        "video": video.facts(),
        "versions": versions,
    }
    is_array_file = out.suffix == array_file.SUFFIX
    make_writer = array_file.ArrayFileWriter if is_array_file else store.FeatureWriter
    with clock.stage("extract"), make_writer(out, header) as writer:
        # one pass over the packets for the visual inputs, another one for the audio
        if set(features.inputs) - {"mel"}:
            visual = visual_clips(video, features, clips)
            for visual_clip in with_progress(visual, "extract", len(clips), progress=progress):
                writer.visual(visual_clip)
        if "mel" in features.inputs:
            audio = audio_clips(video, clips)
            for audio_clip in with_progress(audio, "listen", len(clips), progress=progress):
                writer.sound(audio_clip)

        # damage and notes are complete only after the passes over the file
        video.check_whole()
        writer.notes = video.notes
        writer.decode_errors = video.decode_errors
        writer.frames_missing = video.frames_missing
    return records.ExtractResult(
        path=str(path),
        output=str(out),
        inputs=features.inputs,
        clips=len(clips),
        bytes=out.stat().st_size,
        video=video.facts(),
        decode_errors=video.decode_errors,
        frames_missing=video.frames_missing,
        settings=settings,
        notes=tuple(video.notes),
        timings_s=clock.spent,
        versions=versions,
    )
