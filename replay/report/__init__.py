"""What a run showed: its film, the page that plays it, and its figures for a paper."""
