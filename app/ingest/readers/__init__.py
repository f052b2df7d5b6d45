"""One module per format. A reader takes a file and tells a `Sink` what is in it, in reading order."""
