"""What `compare_tools.py` runs in processes of their own: other tools' parts, and scsampler's.

    python -P tests/compare_jobs.py VIDEO FOLDER K JOB [NAME]

A job writes FOLDER/facts.json: the seconds of its work, without start-up, and what it read. A job
imports only what it needs, because each tool may have an environment of its own.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections import deque
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Read = tuple[NDArray[np.uint8], NDArray[np.float64]]
    """uint8 [K, F, h, w, 3], RGB, and float64 [K, F], seconds: the frames of K clips."""

Facts = dict[str, Any]
CLIP_FRAMES = 16
"""Frames of a clip of VideoMAE."""


def versions(names: list[str]) -> None:
    """Print the versions of those of these packages that are installed, and of Python."""
    installed = {each.metadata["Name"].lower(): each.version for each in distributions()}
    found = {name: installed[name] for name in names if name in installed}
    print(json.dumps(found | {"python": platform.python_version()}))


def make_model(folder: Path) -> None:
    """Write VideoMAE of the base size, with random weights and 400 classes, as a folder."""
    import torch
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification, VideoMAEVideoProcessor

    torch.manual_seed(0)
    # the default sizes are those of the base model
    network = VideoMAEForVideoClassification(VideoMAEConfig(num_labels=400))
    network.save_pretrained(folder / "videomae")
    VideoMAEVideoProcessor().save_pretrained(folder / "videomae")


def videomae(video: Path, folder: Path, k: int, *, backend: str) -> Facts:
    """Tags from K evenly spaced clips, with transformers alone.

    Args:
        video: the file.
        folder: has the model.
        k: number of clips.
        backend: what decodes for transformers, "torchcodec" or "pyav".
    """
    import numpy as np
    import torch
    from transformers import VideoMAEForVideoClassification, VideoMAEVideoProcessor
    from transformers.video_utils import load_video

    network = VideoMAEForVideoClassification.from_pretrained(folder / "videomae").eval()
    processor = VideoMAEVideoProcessor.from_pretrained(folder / "videomae")

    def sample(metadata: Any, **_: Any) -> NDArray[np.int64]:
        starts = np.linspace(0, metadata.total_num_frames - CLIP_FRAMES, k).round()
        return (starts[:, None] + np.arange(CLIP_FRAMES)).astype(np.int64).ravel()

    start = time.perf_counter()
    frames, metadata = load_video(str(video), backend=backend, sample_indices_fn=sample)
    clips = [frames[at : at + CLIP_FRAMES] for at in range(0, len(frames), CLIP_FRAMES)]
    inputs = processor(clips, return_tensors="pt")
    with torch.inference_mode():
        # one clip at a time is as fast on a CPU, and takes less memory
        rows = [network(clip[None]).logits.softmax(-1) for clip in inputs["pixel_values"]]
        tags = torch.cat(rows).mean(0)
    work_s = time.perf_counter() - start
    if len(clips) != k or not bool(tags.isfinite().all()):
        raise SystemExit(f"{len(clips)} clips were read, not {k}")
    return {
        "work_s": work_s,
        "frames": len(frames),
        "indices": np.asarray(metadata.frames_indices).tolist(),
    }


def motion(video: Path, p_frames: int) -> Facts:
    """The MD feature of all clips, with `scsampler_cli`; 0 P-frames means all of each clip."""
    from scsampler_cli.config import FeatureSettings
    from scsampler_cli.pipeline.video import Video, visual_clips

    start = time.perf_counter()
    indexed = Video(video)
    settings = FeatureSettings(inputs=("md",), p_frames=p_frames)
    deque(visual_clips(indexed, settings), maxlen=0)
    work_s = time.perf_counter() - start
    return {"work_s": work_s, "frames": len(indexed.index.timeline)}


def vectors(video: Path, reader: str) -> Facts:
    """All motion vectors of the file, without pictures, by motion-vector-extractor or scsampler."""
    if reader == "scsampler":
        from scsampler_cli.media import plain

        start = time.perf_counter()
        count = plain.vectors(video)
        return {"work_s": time.perf_counter() - start, "vectors": count}

    from mvextractor.videocap import VideoCap  # type: ignore[import-not-found]

    start = time.perf_counter()
    capture = VideoCap()
    if not capture.open(str(video)):
        raise SystemExit(f"{video} cannot be opened")
    capture.set_decode_frames(False)
    frames = count = 0
    while True:
        is_read, _, found, _ = capture.read()
        if not is_read:
            break
        frames += 1
        count += len(found)
    work_s = time.perf_counter() - start
    capture.release()
    return {"work_s": work_s, "frames": frames, "vectors": count}


def frames_of_clips(video: Path, folder: Path, reader: str) -> Facts:
    """Frames of the clips that `scsampler classify` selected, in the size of the video.

    The first call of a reader also compares them with those of scsampler.
    """
    record = json.loads((folder / "selected.json").read_text())
    start = time.perf_counter()
    # the import is start-up, and is taken off again
    read, import_s = READERS[reader](video, record)
    work_s = time.perf_counter() - start - import_s
    facts: Facts = {"work_s": work_s, "frames": read[0].shape[0] * read[0].shape[1]}
    kept = folder / f"{reader}.npz"
    if kept.exists():
        return facts
    import numpy as np

    np.savez(kept, frames=read[0], times=read[1])
    own = np.load(folder / "scsampler.npz")
    return facts | differences(read, (own["frames"], own["times"]))


def differences(read: Read, own: Read) -> Facts:
    """The largest difference of a pixel, in levels of 0-255, and of a time."""
    import numpy as np

    # clip by clip, because all of them at once need eight times the memory
    apart = [np.abs(a.astype(np.int16) - b).max() for a, b in zip(read[0], own[0], strict=True)]
    return {
        "largest_difference": int(max(apart)),
        "time_difference_s": float(np.abs(read[1] - own[1]).max()),
    }


def positions(record: Facts) -> list[int]:
    """Display positions of all frames of the selected clips, in time order."""
    count, stride = record["classifier"]["frames"], record["classifier"]["stride"]
    firsts = sorted(clip["first_frame"] for clip in record["clips"])
    last = record["video"]["frames"] - 1
    return [min(first + stride * at, last) for first in firsts for at in range(count)]


def shaped(frames: NDArray[np.uint8], times: Any, record: Facts) -> Read:
    """Frames and times by clip: [K F, h, w, 3] -> [K, F, h, w, 3]."""
    import numpy as np

    count = record["classifier"]["frames"]
    by_clip = np.asarray(times, np.float64).reshape(-1, count)
    return frames.reshape(-1, count, *frames.shape[1:]), by_clip


def with_scsampler(video: Path, record: Facts) -> tuple[Read, float]:
    """The frames, and the seconds of the import."""
    start = time.perf_counter()
    import numpy as np

    from scsampler_cli.classifiers.base import InputSpec
    from scsampler_cli.pipeline.video import Video, clip_frames

    import_s = time.perf_counter() - start
    classifier, size = record["classifier"], (record["video"]["height"], record["video"]["width"])
    spec = InputSpec(classifier["frames"], classifier["stride"], resize=size, crop=size)
    indexed = Video(video, spec.frames, spec.stride)
    clips = [clip["clip"] for clip in record["clips"]]
    frames = np.concatenate([batch for _, batch in clip_frames(indexed, clips, spec)])
    times = [float(indexed.index.timeline.time(at)) for at in positions(record)]
    return shaped(frames, times, record), import_s


def with_decord(video: Path, record: Facts) -> tuple[Read, float]:
    """The frames, and the seconds of the import."""
    start = time.perf_counter()
    from decord import VideoReader  # type: ignore[import-not-found]

    import_s = time.perf_counter() - start
    reader, at = VideoReader(str(video)), positions(record)
    frames = reader.get_batch(at).asnumpy()
    return shaped(frames, reader.get_frame_timestamp(at)[:, 0], record), import_s


def with_torchcodec(video: Path, record: Facts) -> tuple[Read, float]:
    """The frames, and the seconds of the import."""
    start = time.perf_counter()
    from torchcodec.decoders import VideoDecoder  # type: ignore[import-not-found]

    import_s = time.perf_counter() - start
    # as scsampler has them: [N, h, w, 3]
    decoder = VideoDecoder(str(video), dimension_order="NHWC")
    batch = decoder.get_frames_at(indices=positions(record))
    return shaped(batch.data.numpy(), batch.pts_seconds.numpy(), record), import_s


READERS: dict[str, Callable[[Path, Facts], tuple[Read, float]]] = {
    "scsampler": with_scsampler,
    "decord": with_decord,
    "torchcodec": with_torchcodec,
}


def main(video: Path, folder: Path, k: int, *, job: str, name: str) -> None:
    """Run a job, and write what it gives."""
    if job == "versions":
        versions(name.split(","))
        return
    if job == "model":
        make_model(folder)
        return
    if job == "videomae":
        facts = videomae(video, folder, k, backend=name)
    elif job == "md":
        facts = motion(video, int(name))
    elif job == "vectors":
        facts = vectors(video, name)
    else:
        facts = frames_of_clips(video, folder, name)
    (folder / "facts.json").write_text(json.dumps(facts))


if __name__ == "__main__":
    asked, place, count, task, *rest = sys.argv[1:]
    main(Path(asked), Path(place), int(count), job=task, name=rest[0] if rest else "")
