"""For WSGI servers: `gunicorn wsgi:application`."""

from app import create_app, log

log.configure()
application = create_app()
