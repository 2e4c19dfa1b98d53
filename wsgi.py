"""For WSGI servers: `gunicorn wsgi:application`."""

from app import background, create_app, log, memory

log.configure()
application = create_app()
memory.settle()
background.start(application.config["TAIZHANG"])
