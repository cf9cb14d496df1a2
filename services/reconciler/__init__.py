"""The reconciler: folds the journal, projects it for people and compares it with the venue. Never talks to a venue."""
