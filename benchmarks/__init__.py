"""What things cost, as ratios to something known that is measured in the same run: `make bench`."""
