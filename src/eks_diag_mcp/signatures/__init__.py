"""The known bad lines: a catalogue that proves itself, and the scan that finds its lines."""
