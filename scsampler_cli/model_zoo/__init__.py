"""Weight files: the bundled ones, public checkpoints, reading and checking."""
