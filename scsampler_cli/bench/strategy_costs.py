"""What a strategy costs on one video: seconds by stage, and multiply-adds of its networks.

The work is that of `classify`. A strategy that selects before the first answer decodes its clips in
one pass, each group of pictures once. A search decodes and classifies its first clips together, and
the others one at a time: a group of pictures that two rounds need is decoded twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scsampler_cli.bench.asked_clips import Rounds, compared_clips, scored_clips
from scsampler_cli.bench.cost_model import Costs, decoded_frames, inputs_key
from scsampler_cli.bench.run_data import COMPARED_PICTURES, PICTURES, NetworkFacts, Run, VideoData
from scsampler_cli.bench.strategy import Strategy
from scsampler_cli.config import VISUAL


@dataclass(frozen=True)
class StrategyCosts:
    """The costs of a strategy on the videos of a run."""

    run: Run
    strategy: Strategy

    @property
    def networks(self) -> tuple[NetworkFacts, ...]:
        """The networks that run before the first clip is selected."""
        sampler = self.strategy.sampler
        own = () if sampler is None else sampler.networks
        pictures = self.run.pictures
        return (*own, pictures) if pictures and self.strategy.needs_pictures else own

    def gmacs(self, video: VideoData) -> float:
        """10^9 multiply-adds of the networks on a video."""
        total = 0.0
        for network in self.networks:
            # float: a share of the inputs of all clips
            inputs = video.input_counts[network.name] * self._share_scored(video, network)
            total += network.gmacs * inputs
        return total

    def seconds(
        self, costs: Costs, video: VideoData, rounds: Rounds
    ) -> tuple[float, float, float, float]:
        """Seconds for one video, in the order of `cost_model.STAGES`.

        Args:
            costs: the rates.
            video: the video.
            rounds: the clips that are decoded and classified together.
        """
        # the oracle must classify all clips before it can select
        if self.strategy.selection is None:
            rounds = (np.arange(video.clips),)
        decode = classify = 0.0
        for number, clips in enumerate(rounds):
            # each clip is converted, also where frames are shared in decoding
            wanted_frames = len(clips) * int(self.run.classifier["frames"])
            decoded = decoded_frames(video.decode_from, video.last, clips.tolist())
            # fitting is needed for the frames of the clips alone, decoding from the keyframe on
            decode += costs.decode_s * decoded + costs.fit_s * wanted_frames
            # the file is opened again for each further round
            decode += costs.round_s if number else 0.0
            is_alone = len(clips) == 1 and costs.classify_one_s > 0
            classify += (costs.classify_one_s if is_alone else costs.classify_s) * len(clips)
        return self._read_s(costs, video), self._score_s(costs, video), decode, classify

    def _read_s(self, costs: Costs, video: VideoData) -> float:
        """Seconds to index the file, and to extract the features.

        A clip stride saves no reading: P-frames refer to the frames before them.
        """
        seconds = costs.index_s * video.frames
        kinds = [network.input for network in self.networks]
        visual = [kind for kind in kinds if kind in VISUAL]
        if visual:
            # one pass for all visual networks
            is_partial = not compared_clips(video, self.strategy).all()
            key = COMPARED_PICTURES if is_partial else inputs_key(visual)
            whole_file = costs.read_s[key] * video.clips
            seconds += whole_file * self._share_read(video)
        # each in a pass of its own
        for kind in ("mel", "packets"):
            if kind in kinds:
                seconds += costs.read_s[kind] * video.clips
        return seconds

    def _score_s(self, costs: Costs, video: VideoData) -> float:
        """Seconds of the networks, which run one after the other."""
        each_clip = 0.0
        for network in self.networks:
            each_clip += costs.score_s[network.name] * self._share_scored(video, network)
        return each_clip * video.clips

    def _share_scored(self, video: VideoData, network: NetworkFacts) -> float:
        """Share of a video's inputs of a network that it works on."""
        selection = self.strategy.selection
        if selection is None:
            return 1.0
        compared = compared_clips(video, self.strategy)
        if network.name == PICTURES and video.vectors is not None and not compared.all():
            # each picture once, whatever number of clips it stands for
            return video.vectors.count(compared) / len(video.vectors.distinct)
        if network.input in VISUAL and selection.candidates is not None:
            return len(scored_clips(video, self.strategy)) / video.clips
        # every N-th clip, but for rounding at the end
        return 1 / selection.clip_stride

    def _share_read(self, video: VideoData) -> float:
        """Share of a video's frames that are read for visual features.

        In a cascade: the frames from the keyframes before the scored clips to the ends of these.
        """
        if self.strategy.selection is None or self.strategy.selection.candidates is None:
            return 1.0
        clips = scored_clips(video, self.strategy).tolist()
        return min(1.0, decoded_frames(video.decode_from, video.last, clips) / video.frames)
