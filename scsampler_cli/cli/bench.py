"""`scsampler bench`: what clip sampling gains on your videos with your classifier."""

import typer

from scsampler_cli.cli import bench_checks, bench_run, bench_speed, no_effect, no_effect_learning
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.command_guard import SOME_FAILED, guarded
from scsampler_cli.cli.message_setup import set_up_messages
from scsampler_cli.cli.option_groups import expanded


@guarded
@expanded
def bench(*, context: typer.Context, options: BenchOptions) -> None:
    """Compare the strategies with dense evaluation and the oracle, on your videos.

    Makes the tables and figures of the paper.

    scsampler bench videos.csv --classifier f.pth --visual-sampler md.safetensors -o report
    scsampler bench --replay report --k 5 -o report5
    scsampler bench --demo
    scsampler bench --speed video.mp4 --classifier r2plus1d_18
    """
    no_effect.check(context, no_effect_learning.BENCH)
    bench_checks.check(options)
    set_up_messages(
        "bench",
        options,
        read=bench_checks.files_read(options),
        written=[] if options.output is None else [options.output],
        overwrite=options.overwrite,
    )
    # one video without labels: no strategies are compared
    if options.speed:
        bench_speed.run(options)
    elif bench_run.run(options):
        raise typer.Exit(SOME_FAILED)
