"""The journal: what we decided, sent and learned, in what order. Nothing is true for us before it is here."""
