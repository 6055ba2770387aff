"""From runs to files and back: nothing is lost, nothing points elsewhere, nothing is cut off."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.bench import figures, report_files, report_page, run_folder
from scsampler_cli.bench.cost_model import Check
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.pooling import pooled
from scsampler_cli.bench.run_data import SamplerFacts, Tagging, Thumbnails
from scsampler_cli.bench.summary import summarise
from scsampler_cli.errors import InputError, OutputError, SettingsError
from tests.bench.making import LITE0, MD, SOUND, costs, network, run, video
from tests.bench.test_curves import some_videos

PLAN = Plan(k=3, draws=4)
PICTURES = np.full((3, 24, 32, 3), 90, np.uint8)
CHECK = Check("x <b>.mp4", 1.0, 1.1, same_clips=True, same_tag=True)
RUN = replace(
    run(
        some_videos(),
        (MD, SOUND),
        replace(costs(), checks=(CHECK,)),
        train_positions=np.float32([[0.1, 0.9]]),
        failures=(
            {"path": "<script>alert(1)</script>.mp4", "label": "a", "reason": "no\x1b[31m picture"},
        ),
    ),
    thumbnails=(Thumbnails(2, (5, 6, 7), 2, starts_s=(1.0, 2.0, 3.0), pictures=PICTURES),),
    settings={"features": {"p_frames": 4}, "versions": {"numpy": "2"}},
    pictures=LITE0,
    tagging=Tagging(has_prior=True),
)
SUMMARY = summarise([RUN], PLAN)


def test_a_run_comes_back_whole_and_makes_the_very_same_report(tmp_path: Path) -> None:
    run_folder.save([RUN, replace(RUN, data="again")], PLAN, tmp_path / "known")
    first, second = run_folder.load(tmp_path / "known")
    assert run_folder.load_plan(tmp_path / "known") == PLAN
    assert (first.data, second.data) == ("set", "again")
    assert summarise([first], PLAN).record() == SUMMARY.record()
    for ours, theirs in zip(RUN.videos, first.videos, strict=True):
        assert np.array_equal(ours.probabilities, theirs.probabilities)
        assert all(np.array_equal(ours.scores[name], theirs.scores[name]) for name in ours.scores)
    assert np.array_equal(first.thumbnails[0].pictures, PICTURES)
    assert first.costs == RUN.costs
    assert report_page.render(summarise([first], PLAN), "now", "x") == report_page.render(
        SUMMARY, "now", "x"
    )


def test_saving_again_replaces(tmp_path: Path) -> None:
    run_folder.save([RUN, RUN], PLAN, tmp_path / "known")
    run_folder.save([RUN], PLAN, tmp_path / "known")
    assert len(run_folder.load(tmp_path / "known")) == 1


@pytest.mark.parametrize(
    "name", ["run.json", "scores.npy", "probabilities.npy", "decode.npy", "thumbnails.npz"]
)
@pytest.mark.parametrize("damage", ["cut", "gone", "junk"])
def test_damage_is_told(tmp_path: Path, name: str, damage: str) -> None:
    run_folder.save([RUN], PLAN, tmp_path / "known")
    path = tmp_path / "known" / "run1" / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 3] if damage == "cut" else b"\x00junk" * 9)
    with pytest.raises(InputError):
        run_folder.load(tmp_path / "known")


def test_probabilities_that_are_no_numbers_are_told(tmp_path: Path) -> None:
    run_folder.save([RUN], PLAN, tmp_path / "known")
    kept = np.load(tmp_path / "known" / "run1" / "probabilities.npy", mmap_mode="r+")
    kept[0, 0] = np.nan
    kept.flush()
    with pytest.raises(InputError, match="not numbers"):
        run_folder.load(tmp_path / "known")


def test_nothing_to_replay_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no benchmark"):
        run_folder.load(tmp_path)


class _Reader(HTMLParser):
    """Collects what a page asks for from elsewhere, and checks that tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br", "img", "path", "use", "rect"}:
            self.open.append(tag)
        self.asked += [
            value or ""
            for name, value in attributes
            if name in {"src", "href", "xlink:href", "data"}
        ]
        assert tag not in {"script", "link", "iframe"}

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"path", "use", "rect"}:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_and_is_safe() -> None:
    html = report_page.render(SUMMARY, "2026-01-01", "scsampler bench '<b>'")
    reader = _Reader()
    reader.feed(html)
    assert reader.open == []
    assert all(asked.startswith(("#", "data:image/png;base64,")) for asked in reader.asked)
    assert "url(http" not in html
    assert "@import" not in html
    assert "<script>alert(1)</script>.mp4" in reader.text  # as text
    assert "\\x1b[31m picture" in reader.text
    for section in SUMMARY.sections:
        assert section.verdict in reader.text
        for table in section.tables:
            assert table.title in reader.text
        for chart in section.charts:
            assert chart.title in reader.text
    assert html.count("<svg") == len(SUMMARY.sections[0].charts)
    assert "currentColor" in html
    assert "prefers-color-scheme: dark" in html


def test_all_files_are_written_and_agree(tmp_path: Path) -> None:
    report_files.write(SUMMARY, tmp_path, "now", command="scsampler bench")
    record = json.loads((tmp_path / "report.json").read_text())
    assert record["schema"] == "scsampler.bench/1"
    assert record["created"] == "now"
    rows = list(
        csv.DictReader(io.StringIO((tmp_path / "tables" / "run1_strategies.csv").read_text()))
    )
    known = record["runs"][0]["tables"]["strategies"]["rows"]
    assert [float(row["top1"]) for row in rows] == [row["top1"] for row in known]
    for key, chart in record["runs"][0]["figures"].items():
        for suffix in ("svg", "png", "csv"):
            assert (tmp_path / "figures" / f"run1_{key}.{suffix}").stat().st_size > 100
        assert chart["series"]
    assert (tmp_path / "figures" / "run1_sheet.png").is_file()
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("a file in the way")
    with pytest.raises(OutputError):
        report_files.write(SUMMARY, tmp_path, "now", command="x")


@pytest.mark.parametrize("chart", SUMMARY.sections[0].charts, ids=lambda chart: chart.key)
def test_nothing_of_a_figure_is_cut_off_and_no_two_lines_look_alike(
    chart: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib.figure
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn: list[matplotlib.figure.Figure] = []
    save = matplotlib.figure.Figure.savefig

    def remembered(figure: matplotlib.figure.Figure, *arguments: object, **more: object) -> None:
        drawn.append(figure)
        save(figure, *arguments, **more)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", remembered)
    figures.png(chart)  # type: ignore[arg-type]
    (figure,) = drawn
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    whole = figure.bbox
    (axes,) = figure.axes
    (legend,) = figure.legends
    for box in (axes.get_tightbbox(renderer), legend.get_window_extent(renderer)):
        assert whole.x0 <= box.x0
        assert box.x1 <= whole.x1
        assert whole.y0 <= box.y0
        assert box.y1 <= whole.y1
    looks = [
        (line.get_color(), line.get_linestyle(), line.get_marker()) for line in axes.get_lines()
    ]
    assert len(set(looks)) == len(looks)
    assert axes.get_xlabel()
    assert axes.get_ylabel()


def test_a_name_that_looks_like_mathematics_is_a_name() -> None:
    odd = replace(
        RUN,
        videos=(
            *RUN.videos[:2],
            replace(RUN.videos[2], path="a$\\frac$.mp4", label="\udcff$x^$\n"),
        ),
    )
    assert figures.sheet_png(odd.thumbnails, odd.videos).startswith(b"\x89PNG")


def test_pooled_runs_are_one_data_set() -> None:
    with pytest.raises(SettingsError, match="several of the runs"):
        pooled([RUN, RUN], "twice")
    halves = [
        replace(RUN, videos=RUN.videos[:5]),
        replace(RUN, videos=RUN.videos[5:], classifier={**RUN.classifier, "name": "g"}),
    ]
    whole = pooled(halves, "all")
    one = summarise([replace(RUN, costs=None, thumbnails=())], PLAN).sections[0].tables[0]
    both = summarise([whole], PLAN).sections[0].tables[0]
    assert [row["top1"] for row in both.rows] == [row["top1"] for row in one.rows]
    assert whole.classifier["name"] == "f + g"
    assert len(whole.failures) == 2


def test_pooling_keeps_what_all_runs_have() -> None:
    extra = replace(RUN, networks=(*RUN.networks, network("if")), videos=RUN.videos[:1])
    rest = replace(RUN, videos=RUN.videos[1:])
    assert [n.name for n in pooled([extra, rest], "all").networks] == [n.name for n in RUN.networks]


def test_pooling_claims_of_all_runs_only_what_holds_for_all() -> None:
    here, there = (
        replace(MD, weights="here", labels=("a",)),
        replace(MD, weights="there", sha256="1" * 64, labels=("b",)),
    )
    sound = replace(SOUND, labels=())
    pair = SamplerFacts("joint", (here, sound))
    halves = [
        replace(run(RUN.videos[:5], (here, sound)), joint=pair),
        replace(run(RUN.videos[5:], (there, sound)), joint=replace(pair, networks=(there, sound))),
    ]
    whole = pooled(halves, "all")
    for networks in (
        whole.networks,
        whole.samplers[0].networks,
        whole.joint.networks if whole.joint else (),
    ):
        assert networks == (replace(here, weights="here + there", sha256=None, labels=()), sound)
    # Novel to the one run's sampler is not novel to both: each run's own rows say it.
    (table,) = [t for t in summarise([*halves, whole], PLAN).across if t.key == "novel"]
    assert {row["data"] for row in table.rows} == {run.name for run in halves}
    lone = pooled([halves[0], replace(halves[1], joint=SamplerFacts("joint", (sound,)))], "all")
    assert lone.joint is None


def test_the_verdict_says_what_the_numbers_say() -> None:
    right = [video(0, [[0.2, 0.8]] * 9 + [[0.9, 0.1]], [0.1] * 9 + [0.9]) for _ in range(8)]
    better = summarise([run(right, measured=costs(classify_s=5.0))], Plan(k=1)).sections[0].verdict
    assert "100.0 % of 8 videos" in better
    assert "more accurate than Dense, and faster" in better
    slower = (
        summarise([run(right, measured=costs(classify_s=0.0001))], Plan(k=1)).sections[0].verdict
    )
    assert "times slower" in slower
    wrong = [video(1, v.probabilities.tolist(), [0.1] * 9 + [0.9]) for v in right]
    assert "less accurate than Dense" in summarise([run(wrong)], Plan(k=1)).sections[0].verdict
    assert "do not show" in summarise([run([*right, *wrong])], Plan(k=1)).sections[0].verdict


def test_replay_needs_neither_torch_nor_av(tmp_path: Path) -> None:
    run_folder.save([RUN], PLAN, tmp_path / "report" / "known")
    script = (
        "import sys\n"
        # with None in sys.modules, an import fails
        "sys.modules['torch'] = sys.modules['av'] = sys.modules['torchvision'] = None\n"
        "sys.argv = ['scsampler', 'bench', '--format', 'json',\n"
        f"            '--replay', r'{tmp_path / 'report'}', '-o', r'{tmp_path / 'new'}']\n"
        "from scsampler_cli.__main__ import main\n"
        "main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 3, result.stderr  # the run has a failure
    found = json.loads(result.stdout)
    wanted = json.loads(json.dumps(SUMMARY.record()))  # the plan is that of the folder
    assert found["runs"] == wanted["runs"]
    assert (tmp_path / "new" / "report.html").is_file()
