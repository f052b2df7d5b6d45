"""The web server: gunicorn workers, and what has to happen in a web process before the application is imported.

Knows nothing of the application; `wsgi.py` brings the two together.
"""
