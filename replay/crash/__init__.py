"""The crash laboratory: named historical crashes as folders of data, run on a venue and compared with what is known."""
