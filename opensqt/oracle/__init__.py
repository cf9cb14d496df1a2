"""The judge's own account of a journal. It shares no fold, no rule and no constant with what it judges."""
