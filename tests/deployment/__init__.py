"""What Doorstep is deployed with, held against the code: the files for containers, alert rules and the dashboard."""
