"""For WSGI servers: `gunicorn wsgi:application`."""

from app import background, create_app, log

log.configure()
application = create_app()
background.start(application.config["TAIZHANG"])
