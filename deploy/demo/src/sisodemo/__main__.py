"""`python -m sisodemo`: the synthetic city and the walk through the main job."""

from sisodemo.cli import app

app()
