"""What the workers do: each module has run(job, tools) and yields the bodies of its answer; imported when asked for."""

from __future__ import annotations

# Jobs that need the networks go to the readers, the others to the clerks, who are always quick.
READERS = {
    "read": "serve.jobs.read",
    "reread": "serve.jobs.reread",
    "diagnose": "serve.jobs.diagnose",
    "report": "serve.jobs.report",
}
CLERKS = {"correct": "serve.jobs.correct", "convert": "serve.jobs.convert"}
JOBS = READERS | CLERKS
