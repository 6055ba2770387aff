"""`python -m scsampler_cli`, and the `scsampler` command."""

from scsampler_cli.cli.app import app
from scsampler_cli.cli.environment import let_idle_threads_sleep


def main() -> None:
    """Run the command line."""
    let_idle_threads_sleep()
    app(prog_name="scsampler")


if __name__ == "__main__":
    main()
