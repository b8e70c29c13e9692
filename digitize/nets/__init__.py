"""The reconstruction network and the word reader, and how they are run fast."""
