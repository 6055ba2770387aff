"""The report as one HTML file that needs nothing else: no network, no script; light and dark, wide and narrow."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from scsampler_cli.bench import figures
from scsampler_cli.bench.paper_tables import Table
from scsampler_cli.bench.run_data import Run
from scsampler_cli.bench.summary import Section, Summary
from scsampler_cli.text import counted, printable

_STYLE = Path(__file__).with_suffix(".css")


def render(summary: Summary, created: str, command: str) -> str:
    """The page.

    Args:
        summary: tables and figures.
        created: date of the report.
        command: the command line that made it.
    """
    body = "\n".join(_body(summary, created, command))
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}<title>scsampler bench</title><style>{_STYLE.read_text()}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


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
        yield f"<figure><figcaption>{_text(chart.title)}</figcaption>{figures.svg(chart, page=True)}</figure>"
    yield "</div>"
    yield from _sheet(run)
    yield from _facts(run)
    yield from _failures(run)


def _table(table: Table) -> Iterator[str]:
    yield f"<h3>{_text(table.title)}</h3>"
    headings = "".join(f"<th>{_text(column.heading)}</th>" for column in table.columns)
    yield f'<div class="scroll"><table><thead><tr>{headings}</tr></thead><tbody>'
    for row in table.rows:
        yield (
            "<tr>"
            + "".join(f"<td>{_text(column.shown(row))}</td>" for column in table.columns)
            + "</tr>"
        )
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
                data = b64encode(figures.picture_png(picture)).decode()
                alt = f"{words} clip at {start:.1f} s"
                yield f'<div><img src="data:image/png;base64,{data}" alt="{alt}">{words}, {start:.1f} s</div>'
            yield "</div>"


def _facts(run: Run) -> Iterator[str]:
    """What was measured on what."""
    seconds = sum(video.seconds for video in run.videos)
    classifier = run.classifier
    networks = {network.name: network for sampler in run.samplers for network in sampler.networks}
    networks |= {network.name: network for network in run.networks}
    rows: list[tuple[str, object]] = [
        (
            "data set",
            f"{run.data}: {counted(len(run.videos), 'video')}, {seconds / 60:.1f} min, "
            f"{counted(sum(video.clips for video in run.videos), 'clip')}",
        ),
        (
            "classifier",
            f"{classifier['name']} ({classifier['weights']}, sha256 {_digest(classifier['sha256'])})",
        ),
        *(
            (f"sampler {s.name}", "; ".join(network.name for network in s.networks))
            for s in run.samplers
        ),
        *(
            (n.name, f"{n.weights}, sha256 {_digest(n.sha256)}, {n.gmacs:.4f} GMACs an input")
            for n in networks.values()
        ),
        *_flat(run.settings),
    ]
    if run.costs is not None:
        rows += [(f"live check, {check.path}", _check(vars(check))) for check in run.costs.checks]
    yield "<h3>What was measured</h3>"
    yield '<div class="scroll"><table class="facts"><tbody>'
    yield from (f"<tr><td>{_text(name)}</td><td>{_text(value)}</td></tr>" for name, value in rows)
    yield "</tbody></table></div>"


def _check(check: Mapping[str, Any]) -> str:
    clips = "the same clips" if check["same_clips"] else "OTHER CLIPS"
    tag = "the same tag" if check["same_tag"] else "ANOTHER TAG"
    return f"{check['measured_s']:.2f} s live, {check['modelled_s']:.2f} s by the rates; {clips}, {tag}"


def _digest(value: str | None) -> str:
    return value[:12] if value else "none"


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name} ")
        elif value is not None:
            shown = (
                ", ".join(map(str, value))
                if isinstance(value, Sequence) and not isinstance(value, str)
                else value
            )
            yield f"{before}{name}", shown


def _failures(run: Run) -> Iterator[str]:
    if not run.failures:
        return
    yield f"<h3>Left out: {len(run.failures)}</h3>"
    yield '<div class="scroll"><table class="facts"><tbody>'
    for failure in run.failures:
        yield f"<tr><td>{_text(failure['path'])}</td><td>{_text(failure['reason'])}</td></tr>"
    yield "</tbody></table></div>"
