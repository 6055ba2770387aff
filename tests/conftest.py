"""Before any test: idle OpenMP threads sleep, as under the command line, so that a busy machine does not starve the tests."""

from scsampler_cli.cli.environment import let_idle_threads_sleep

let_idle_threads_sleep()
