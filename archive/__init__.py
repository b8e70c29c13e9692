"""A hospital's shelves: many pages read on one machine or on a cluster, one row of a table for each."""
