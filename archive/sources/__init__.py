"""Which pages an input means, and their files on this machine."""
