"""What was recorded, decided once more: strategies over their archived FEED and the journal. Changes nothing."""
