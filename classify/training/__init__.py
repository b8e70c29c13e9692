"""Laboratory: what trains, samples, ensembles and calibrates."""
