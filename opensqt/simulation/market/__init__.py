"""Where a paper market comes from: synthetic or recorded."""
