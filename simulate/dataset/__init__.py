"""Pages in numbers: a stream for training, folders on disk, contact sheets."""
