"""`python -m scsampler_cli`, and the `scsampler` command."""

from scsampler_cli.cli.app import app


def main() -> None:
    """Run the command line."""
    app(prog_name="scsampler")


if __name__ == "__main__":
    main()
