"""Laboratory: what trains the page pass, the row pass and the word reader."""
