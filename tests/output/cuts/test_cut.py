"""Which clips are told of, and from where players count."""

from fractions import Fraction
from pathlib import Path

from scsampler_cli.output.cuts.cut import cuts, origin
from scsampler_cli.pipeline.video import Video
from tests.output.cuts.making import clip, record
from tests.synthetic import pan, tone, write_video


def test_times_are_exactly_those_of_the_record() -> None:
    (cut,) = cuts(record(clip(7, 0.1, 123456.789012)))
    assert (cut.start, cut.end) == (Fraction(1, 10), Fraction(123456789012, 10**6))


def test_text_is_one_line_and_says_what_is_known() -> None:
    def text(**more: object) -> str:
        return cuts(record(clip(0, 0.0, 1.0, **more)))[0].text

    assert text() == "archery 75% (visual 0.500)"
    assert text(audio=1.0, packets=0.25) == "archery 75% (visual 0.500, audio 1.000, packets 0.250)"
    assert text(visual=None, label="a\nb\x1b") == "a\\nb\\x1b 75%"


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
