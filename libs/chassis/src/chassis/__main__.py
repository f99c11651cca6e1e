from chassis.cli import app

app()
