"""The report as one HTML file without scripts, links or other files; for light and dark screens."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from scsampler_cli.bench import figures
from scsampler_cli.bench.cost_model import Check
from scsampler_cli.bench.run_data import NetworkFacts, Run
from scsampler_cli.bench.summary import Section, Summary
from scsampler_cli.bench.table import Table
from scsampler_cli.text import counted, printable

_STYLE = Path(__file__).with_suffix(".css")


def render(summary: Summary, created: str, command: str) -> str:
    """The report as one HTML page.

    Args:
        summary: tables and figures.
        created: date of the report.
        command: the command line that made it.
    """
    body = "\n".join(_body(summary, created, command))
    # for phones, too: their browsers assume a wide screen otherwise
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    )
    head += f"<title>scsampler bench</title><style>{_STYLE.read_text()}</style>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _text(value: object) -> str:
    return escape(printable(str(value)))


def _body(summary: Summary, created: str, command: str) -> Iterator[str]:
    yield "<h1>scsampler bench</h1>"
    yield f'<p class="note">{_text(created)}<br><code>{_text(command)}</code></p>'
    for table in summary.across:
        yield from _table(table)
    for section in summary.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    run = section.run
    yield f"<h2>{_text(run.name)}</h2>"
    yield f'<p class="verdict">{_text(section.verdict)}</p>'
    for table in section.tables:
        yield from _table(table)
    yield "<h3>Figures</h3>"
    yield '<div class="charts">'
    for chart in section.charts:
        caption = f"<figcaption>{_text(chart.title)}</figcaption>"
        yield f"<figure>{caption}{figures.svg(chart, page=True)}</figure>"
    yield "</div>"
    yield from _sheet(run)
    yield from _facts(run)
    # last: they may be many
    yield from _failures(run)


def _table(table: Table) -> Iterator[str]:
    yield f"<h3>{_text(table.title)}</h3>"
    headings = "".join(f'<th scope="col">{_text(column.heading)}</th>' for column in table.columns)
    # tabindex: a region that scrolls must be reachable by keyboard
    region = f'class="scroll" role="region" tabindex="0" aria-label="{_text(table.title)}"'
    yield f"<div {region}><table><thead><tr>{headings}</tr></thead><tbody>"
    for row in table.rows:
        cells = "".join(f"<td>{_text(column.shown(row))}</td>" for column in table.columns)
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table></div>"
    yield from (f'<p class="note">{_text(note)}</p>' for note in table.notes)


def _sheet(run: Run) -> Iterator[str]:
    if run.thumbnails:
        yield "<h3>Best and worst clips of some videos (Fig. 3)</h3>"
    for thumb in run.thumbnails:
        video = run.videos[thumb.video]
        yield f'<p class="note">{_text(video.label)}: {_text(video.path)}</p>'
        for words, part in (("best", slice(0, thumb.best)), ("worst", slice(thumb.best, None))):
            yield '<div class="clips">'
            for start, picture in zip(thumb.starts_s[part], thumb.pictures[part], strict=True):
                # inside of the page, which needs no other file
                data = b64encode(figures.picture_png(picture)).decode()
                image = (
                    f'<img src="data:image/png;base64,{data}" alt="{words} clip at {start:.1f} s">'
                )
                yield f"<div>{image}{words}, {start:.1f} s</div>"
            yield "</div>"


def _facts(run: Run) -> Iterator[str]:
    """Data set, models, settings and live checks, collapsed."""
    yield from _list("Data, models and settings", _fact_rows(run))


def _list(title: str, rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    """Names with long values, collapsed; on a narrow screen, each value is below its name."""
    yield f"<details><summary>{_text(title)}</summary><dl>"
    for name, value in rows:
        yield f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"
    yield "</dl></details>"


def _fact_rows(run: Run) -> Iterator[tuple[str, object]]:
    # duration of all videos
    minutes = sum(video.seconds for video in run.videos) / 60
    clips = counted(sum(video.clips for video in run.videos), "clip")
    yield "data set", f"{run.data}: {counted(len(run.videos), 'video')}, {minutes:.1f} min, {clips}"

    classifier = run.classifier
    digest = _digest(classifier["sha256"])
    yield "classifier", f"{classifier['name']} ({classifier['weights']}, sha256 {digest})"
    networks: dict[str, NetworkFacts] = {}
    for sampler in run.samplers:
        yield f"sampler {sampler.name}", "; ".join(network.name for network in sampler.networks)
        networks |= {network.name: network for network in sampler.networks}
    # one network may be in several samplers, and in the tables of networks
    networks |= {network.name: network for network in run.networks}
    if run.pictures is not None:
        networks[run.pictures.name] = run.pictures
    for network in networks.values():
        digest, cost = _digest(network.sha256), f"{network.gmacs:.4f} GMACs per input"
        yield network.name, f"{network.weights}, sha256 {digest}, {cost}"

    yield from _flat(run.settings)
    if run.costs is not None:
        for check in run.costs.checks:
            what = f"{check.strategy}, {check.path}" if check.strategy else check.path
            yield f"live check, {what}", _check(check)


def _check(check: Check) -> str:
    # capitals: a difference is an error of the bench, and must not be overlooked
    clips = "the same clips" if check.same_clips else "OTHER CLIPS"
    tag = "the same tag" if check.same_tag else "ANOTHER TAG"
    times = f"{check.measured_s:.2f} s live, {check.modelled_s:.2f} s by the rates"
    return f"{times}; {clips}, {tag}"


def _digest(value: str | None) -> str:
    return value[:12] if value else "none"


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    """Nested settings as rows.

    Example: {"a": {"b": 1}} -> ("a b", 1).
    """
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name} ")
        elif value is not None:
            if isinstance(value, Sequence) and not isinstance(value, str):
                value = ", ".join(map(str, value))
            yield f"{before}{name}", value


def _failures(run: Run) -> Iterator[str]:
    if not run.failures:
        return
    rows = ((failure["path"], failure["reason"]) for failure in run.failures)
    yield from _list(f"Left out: {len(run.failures)}", rows)
