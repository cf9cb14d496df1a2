"""The rules of style that no linter knows, as functions from a source to its findings."""
