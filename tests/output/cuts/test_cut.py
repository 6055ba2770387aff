"""From where players count."""

from pathlib import Path

from scsampler_cli.output.cuts.cut import origin
from scsampler_cli.pipeline.video import Video
from tests.synthetic import pan, tone, write_video


def test_players_count_from_the_first_of_sound_and_picture(tmp_path: Path) -> None:
    frames = {"pts": range(50, 100)}
    sounding = write_video(
        tmp_path / "sound.mkv", pan(50, 3, 0, 96, 128), audio=tone(4, 800), **frames
    )
    silent = write_video(tmp_path / "silent.mkv", pan(50, 3, 0, 96, 128), codec="mpeg4", **frames)
    for path, begins in ((sounding, 0), (silent, 2)):
        facts = Video(path).facts()
        assert facts["start_s"] == 2.0
        assert abs(origin({"video": facts}) - begins) < 0.05
