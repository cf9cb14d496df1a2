"""The crash matrix: real processes die at every named step, and the venue's audit is the judge."""
