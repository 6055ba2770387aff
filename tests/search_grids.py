"""How accurate a search is, on average over shifts of its evenly spaced first clips.

    python tests/search_grids.py REPORT [--k 10] [--shifts 9]

REPORT is a folder that `scsampler bench` wrote; nothing is decoded. One grid of evenly spaced clips
is right or wrong by chance in several percent of the videos: the mean over shifts tells variants of
the search apart that one run does not. Three ways are compared on the same videos and shifts:

    all clips         the search as it is in short videos
    at keyframes      it chooses among clips whose picture is a keyframe, as in long videos
    evenly spaced     K evenly spaced clips, no search

Differences are to the first, with the standard error over videos. This is no test.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.run_data import VideoData
from scsampler_cli.bench.run_folder import load
from scsampler_cli.selection.aggregate import odds_mean
from scsampler_cli.selection.search import Search

SPREAD = 0.4
"""Largest shift, as a share of the distance of two first clips."""


def grid(clips: int, count: int, shift: float) -> NDArray[np.int64]:
    """int64 [n]: evenly spaced clips, shifted."""
    places = (np.arange(count) + 0.5 + shift) * clips / count
    return np.unique(np.floor(places).astype(np.int64) % clips)


def is_right(video: VideoData, asked: NDArray[np.int64]) -> bool:
    """Whether the best tag of these clips is the video's label."""
    tags = odds_mean(video.probabilities[asked], background=video.background)
    if video.background is not None:
        tags[video.background] = -1.0
    return int(np.argmax(tags)) == video.target


def searched(video: VideoData, k: int, shift: float, *, at_keyframes: bool) -> NDArray[np.int64]:
    """int64 [K]: the clips that a search asks, from first clips that are shifted."""
    assert video.vectors is not None
    features = video.vectors.of(np.arange(video.clips))
    if at_keyframes and video.served is not None:
        features[~video.served] = np.nan
    search = Search(features, k, background=video.background)
    first = grid(video.clips, (k + 1) // 2, shift)
    search.resume(first, video.probabilities[first])
    while len(clips := search.propose()):
        search.observe(clips, video.probabilities[clips])
    return np.array([each.clip for each in search.asked], np.int64)


def measured(videos: list[VideoData], k: int, shifts: list[float]) -> dict[str, list[list[bool]]]:
    """Way -> whether each video is right under each shift."""
    found: dict[str, list[list[bool]]] = {"all clips": [], "at keyframes": [], "evenly spaced": []}
    for video in videos:
        for way, rows in found.items():
            asked = [
                grid(video.clips, k, shift)
                if way == "evenly spaced"
                else searched(video, k, shift, at_keyframes=way == "at keyframes")
                for shift in shifts
            ]
            rows.append([is_right(video, clips) for clips in asked])
    return found


def main() -> None:
    """Read the report and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--shifts", type=int, default=9)
    options = parser.parse_args()
    shifts = np.linspace(-SPREAD, SPREAD, options.shifts).tolist()
    for run in load(options.report / "known"):
        # float64 [videos, shifts]
        right = {
            way: np.array(rows, float)
            for way, rows in measured(list(run.videos), options.k, shifts).items()
        }
        served = [v.served.mean() for v in run.videos if v.served is not None]
        print(f"{run.data}: {len(run.videos)} videos, K = {options.k}, {len(shifts)} shifts")
        print(f"clips at keyframes: {100 * float(np.mean(served)):.0f} %")
        for way, values in right.items():
            difference = (values - right["all clips"]).mean(axis=1)
            error = difference.std(ddof=1) / len(difference) ** 0.5
            print(
                f"{way:15s} {100 * values.mean():5.1f} %  "
                f"{100 * difference.mean():+5.1f} +- {100 * error:.1f}"
            )


if __name__ == "__main__":
    main()
