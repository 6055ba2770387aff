"""`find` with real models of transformers, in this process and as the task of a worker process."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from scsampler_cli import Finder, FindSettings, ReadSettings, SettingsError
from scsampler_cli.errors import ClassifierError
from scsampler_cli.find.found_ranking import Ranking
from scsampler_cli.tasks import Find
from tests.colour_clip import SHAPES, write_shape_video
from tests.find.colours import colour_video
from tests.synthetic import pan, write_video
from tests.text_models import FAMILIES

WHERE = {"device": "cpu", "precision": "fp32"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two videos, in which each shape is shown once for six seconds."""
    folder = tmp_path_factory.mktemp("archive")
    names = list(SHAPES)
    return [
        write_shape_video(
            folder / f"{at}.mp4",
            [part for name in names[at : at + 3] for part in ((name, 6.0), (None, 6.0))],
            seed=at,
        )
        for at in (0, 3)
    ]


def test_each_shape_is_found_where_it_is_shown(
    colour_clip: Path, archive: list[Path], tmp_path: Path
) -> None:
    settings = FindSettings(top=2, apart_s=1)
    finder = Finder(colour_clip, cache=tmp_path, settings=settings, **WHERE)
    for number, name in enumerate(SHAPES):
        result = finder.find(name, archive)
        best = result.clips[0]
        assert result.embedded == (2 if number == 0 else 0)
        assert Path(best.path) == archive[number // 3], name
        shown = 12 * (number % 3)
        # the picture may be a keyframe at most two seconds old
        assert shown <= float(best.exact_picture or 0) <= shown + 6, name
        assert len(result.clips) == 2
        assert best.similarity > result.clips[1].similarity


def test_the_task_of_a_worker_process_gives_the_same(
    colour_clip: Path, archive: list[Path], tmp_path: Path
) -> None:
    task = Find(
        sentence="a blue square",
        classifier=str(colour_clip),
        spec=(),
        settings=FindSettings(top=3),
        reading=ReadSettings(),
        cache=tmp_path,
        **WHERE,
    )
    notes: list[str] = []
    prepared = pickle.loads(pickle.dumps(task)).prepare(notes.append)
    assert task.command == "find"
    assert json.dumps(prepared.identity) == json.dumps(task.prepare(notes.append).identity)
    ranking = Ranking(3)
    for path in archive[::-1]:
        ranking.add(json.loads(json.dumps(prepared.work(path, lambda *_: None))))
    found = ranking.result("a blue square", [])
    finder = Finder(colour_clip, cache=tmp_path, settings=FindSettings(top=3), **WHERE)
    expected = finder.find("a blue square", archive)
    assert found.clips == expected.clips
    assert (found.embedded, expected.embedded) == (2, 0)
    assert (found.model, found.settings) == (expected.model, expected.settings)
    other = Find(**{**vars(task), "sentence": "a red circle"}).prepare(notes.append)
    assert other.identity != prepared.identity


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_finds_clips_and_keeps_its_vectors(family: str, tmp_path: Path) -> None:
    FAMILIES[family](tmp_path / family)
    path = write_video(tmp_path / "v.mp4", pan(100, 2, 1, 64, 96), options={"g": "25"})
    settings = FindSettings(top=9, apart_s=0)
    finder = Finder(tmp_path / family, cache=tmp_path / "cache", settings=settings, **WHERE)
    first = finder.find("a red circle", path)
    assert first.failures == ()
    assert len(first.clips) >= 2
    assert all(-1.01 <= clip.similarity <= 1.01 for clip in first.clips)
    is_sigmoid = family.startswith("siglip")
    assert all((clip.probability is not None) == is_sigmoid for clip in first.clips)
    assert any("adapts a sentence" in note for note in first.notes) == (family == "xclip")
    assert all((clip.exact_picture is None) == (family == "xclip") for clip in first.clips)
    again = Finder(tmp_path / family, cache=tmp_path / "cache", settings=settings, **WHERE)
    second = again.find("a red circle", path)
    assert (second.embedded, second.clips) == (0, first.clips)
    # three prompts, and other weights
    prompts = FindSettings(top=9, apart_s=0, prompts=("a photo of {}", "{}"))
    averaged = Finder(tmp_path / family, cache=tmp_path / "cache", settings=prompts, **WHERE)
    assert averaged.find("a red circle", path).embedded == 0
    FAMILIES[family](tmp_path / "other", seed=1)
    other = Finder(tmp_path / "other", cache=tmp_path / "cache", settings=settings, **WHERE)
    assert other.find("a red circle", path).embedded == 1


def test_another_clip_geometry_is_kept_apart(colour_clip: Path, tmp_path: Path) -> None:
    path = colour_video(tmp_path / "v.mp4", ["red"] * 4, 1)
    for spec in ((), ("frames=2",)):
        finder = Finder(colour_clip, cache=tmp_path / "cache", spec_fields=spec, **WHERE)
        assert finder.find("a red circle", path).embedded == 1
    assert finder.model.spec.frames == 2


def test_a_long_sentence_is_refused_before_any_video_is_read(
    colour_clip: Path, tmp_path: Path
) -> None:
    finder = Finder(colour_clip, cache=tmp_path / "cache", **WHERE)
    with pytest.raises(ClassifierError) as caught:
        finder.find("a red circle " * 20, tmp_path / "missing.mp4")
    assert caught.value.code == "sentence-too-long"
    assert not (tmp_path / "cache").exists()


def test_wrong_settings_are_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="audio_stream"):
        Finder(tmp_path / "missing", cache=tmp_path, reading=ReadSettings(audio_stream=1))


def test_other_sentences_use_what_the_first_one_kept(
    colour_clip: Path, archive: list[Path], tmp_path: Path
) -> None:
    Finder(colour_clip, cache=tmp_path, **WHERE).find("a red circle", archive)
    result = Finder(colour_clip, cache=tmp_path, **WHERE).find("a yellow star", archive[::-1])
    assert (result.videos, result.embedded) == (2, 0)
    assert set(result.timings_s) == {"cache", "compare"}
    assert Path(result.clips[0].path) == archive[1]


def test_the_library_names_are_there_without_torch() -> None:
    script = (
        "import sys; from scsampler_cli import FindSettings, FindResult, FoundClip; "
        "from scsampler_cli.find.found_ranking import Ranking; "
        "from scsampler_cli.tasks import Find; "
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert made.stdout.split() == ["False", "False"]
