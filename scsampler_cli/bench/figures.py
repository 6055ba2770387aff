"""Charts drawn with matplotlib, for a page and for files.

The colours are those of Okabe and Ito, which colour-blind readers can distinguish; markers and
dashes distinguish the lines without colour.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.figure_data import Chart, Series
from scsampler_cli.bench.run_data import Thumbnails, VideoData
from scsampler_cli.text import printable

STYLES: dict[str, dict[str, Any]] = {
    "scsampler": {
        "color": "#0072B2",
        "marker": "o",
        "linestyle": "-",
        "linewidth": 2.4,
        "zorder": 5,
    },
    # grey and brown are seen on white and on black, too
    "rival": {"color": "#7F7F7F", "marker": "X", "linestyle": "-", "zorder": 4},
    "auto": {"color": "#A65628", "marker": "*", "linestyle": (0, (1, 1)), "zorder": 4},
    "oracle": {"color": "#56B4E9", "marker": "v", "linestyle": (0, (6, 2)), "zorder": 6},
    "random": {"color": "#E69F00", "marker": "^", "linestyle": ":"},
    "uniform": {"color": "#009E73", "marker": "s", "linestyle": "--"},
    "empirical": {"color": "#CC79A7", "marker": "D", "linestyle": "-."},
    "dense": {"color": "#D55E00", "marker": "P", "linestyle": (0, (4, 1, 1, 1))},
}
INK = "#1a1c1e"
# Without it, matplotlib takes text between dollar signs for a formula
_PLAIN_TEXT: dict[Any, Any] = {"text.parse_math": False}
# Placeholder that `svg` replaces by the page's text colour; matplotlib needs a real colour
_PAGE_INK = "#010203"
WIDTH_IN, HEIGHT_IN = 5.6, 4.4


def svg(chart: Chart, page: bool = False) -> str:
    """SVG text of a chart.

    Args:
        chart: the numbers.
        page: True for a transparent background and the page's text colour, so that the chart can be
            read on light and dark screens.
    """
    text = _saved(chart, "svg", _PAGE_INK).decode()
    # without the XML declaration, which is not allowed inside HTML
    text = text[text.index("<svg") :]
    if page:
        return text.replace(_PAGE_INK, "currentColor")
    end_of_tag = text.index(">") + 1
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return text[:end_of_tag] + background + text[end_of_tag:].replace(_PAGE_INK, INK)


def png(chart: Chart) -> bytes:
    """PNG of a chart on white."""
    return _saved(chart, "png", INK)


def _saved(chart: Chart, form: str, ink: str) -> bytes:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        # with it and without a date, equal charts give equal files
        "svg.hashsalt": chart.key,
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.edgecolor": ink,
    }
    settings |= {"xtick.color": ink, "ytick.color": ink, "font.size": 11, "axes.titlesize": 11}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained")
        axes = figure.subplots()
        _draw(chart, axes, ink)
        # a long legend would take the height of the chart
        columns = 2 if len(chart.series) + len(chart.levels) + len(chart.marks) > 3 else 1
        # outside: a legend must not hide a line
        figure.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize=10)
        buffer = io.BytesIO()
        figure.savefig(
            buffer,
            format=form,
            dpi=150,
            # the page has a background of its own
            transparent=ink == _PAGE_INK,
            metadata={"Date": None} if form == "svg" else None,
        )
    return buffer.getvalue()


def _draw(chart: Chart, axes: Any, ink: str) -> None:
    from matplotlib.ticker import MaxNLocator

    for series in chart.series:
        _draw_series(chart, series, axes)
    for level in chart.levels:
        # a horizontal line has no points to mark
        style = {k: v for k, v in STYLES[level.role].items() if k != "marker"}
        axes.axhline(level.y[0], label=level.name, **{"linewidth": 1.8, **style})
    hollow = {"color": "none", "markeredgecolor": ink, "markersize": 12, "zorder": 6}
    for mark, marker in zip(chart.marks, "*Xdp", strict=False):
        axes.plot([mark.x], [mark.y], marker, label=mark.label, **hollow)
    axes.set_xlabel(f"{chart.x_label} (log scale)" if chart.log_x else chart.x_label)
    if chart.whole_x:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(chart.y_label)
    # a grey that is visible on white and on black
    axes.grid(visible=True, color="#888888", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if chart.log_x:
        _log_axis(chart, axes)
    if not chart.bars:
        # room around the lines, within a little more than 0 to 100 %
        low, high = axes.get_ylim()
        axes.set_ylim(max(-2, low - 2), min(102, high + 2))


def _draw_series(chart: Chart, series: Series, axes: Any) -> None:
    style = {"linewidth": 1.8, "markersize": 6, **STYLES[series.role]}
    if chart.bars and series is chart.series[0]:
        # x is in [0, 1]: bars with a gap of a tenth between them
        width, colour = 0.9 / len(series.x), style["color"]
        axes.bar(series.x, series.y, width=width, label=series.name, color=colour, alpha=0.6)
        return
    if chart.bars:
        # thinner, so that the bars stay visible
        style |= {"markersize": 4, "linewidth": 1.4}
    axes.plot(series.x, series.y, label=series.name, **style)


def _log_axis(chart: Chart, axes: Any) -> None:
    """Plain numbers on a logarithmic axis: 1, 2, 5, 10, ..."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    xs = [x for series in chart.series for x in series.x]
    axes.set_xlim(min(xs) / 1.15, max(xs) * 1.15)


def picture_png(picture: NDArray[np.uint8]) -> bytes:
    """PNG of uint8 [h, w, 3]."""
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, picture, format="png")
    return buffer.getvalue()


def sheet_png(thumbnails: tuple[Thumbnails, ...], videos: tuple[VideoData, ...]) -> bytes:
    """The contact sheet (Fig. 3): a row of best clips and a row of worst clips for each video."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # as wide as the longest row
    columns = max(max(thumb.best, len(thumb.clips) - thumb.best) for thumb in thumbnails)
    buffer = io.BytesIO()
    with mpl.rc_context(_PLAIN_TEXT):
        figure = Figure(figsize=(1.7 * columns, 3.3 * len(thumbnails)), layout="constrained")
        # a subfigure for each video, with a title of its own
        parts = figure.subfigures(len(thumbnails), 1, squeeze=False)[:, 0]
        for part, thumb in zip(parts, thumbnails, strict=True):
            video = videos[thumb.video]
            title = printable(f"{video.label}: {Path(video.path).name}")
            part.suptitle(title, x=0.01, ha="left", fontsize=11, weight="bold")
            _draw_thumbnails(thumb, part.subplots(2, columns, squeeze=False))
        figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _draw_thumbnails(thumb: Thumbnails, grid: NDArray[Any]) -> None:
    for axes in grid.flat:
        # also of the places that a short row leaves empty
        axes.set_axis_off()
    for i, start in enumerate(thumb.starts_s):
        # the best clips come first
        row, column = (0, i) if i < thumb.best else (1, i - thumb.best)
        grid[row, column].imshow(thumb.pictures[i])
        grid[row, column].set_title(f"{'best' if row == 0 else 'worst'}, {start:.1f} s", fontsize=9)
