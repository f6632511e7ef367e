"""Small pieces of text, read and written: durations, lists, paths, where in a text something stands."""
