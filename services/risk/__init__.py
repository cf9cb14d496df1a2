"""risk: approves or refuses every intent. Without it nothing is sent; it never talks to a venue."""
