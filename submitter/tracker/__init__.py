"""What became of the submissions: readings, holds, effort, surcharges, reports."""
