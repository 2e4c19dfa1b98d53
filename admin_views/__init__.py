"""The screens: Flask-Admin's index and gateway with our own templates."""

from flask_admin import Admin
from flask_admin.theme import Theme

from admin_views import addresses, menu, words
from admin_views.api_view import ApiView
from admin_views.builder_view import BuilderView
from admin_views.desk_view import DeskView, FilesView
from admin_views.form_view import FormView
from admin_views.gateway import RegisterGateway
from admin_views.home_view import HomeView
from admin_views.hooks_view import HooksView
from admin_views.import_view import ImportView
from admin_views.tokens_view import TokensView
from models.values import CITY_ZONE, now


def init_admin(app):
    """Mounts the screens on the app."""
    admin = Admin(app, name="Taizhang", index_view=HomeView(), theme=Theme(folder="bootstrap4", base_template="base.html"))
    for view in (
        RegisterGateway(),
        BuilderView(),
        DeskView(),
        FilesView(),
        TokensView(),
        HooksView(),
        ApiView(),
        ImportView(),
        FormView(),
    ):
        admin.add_view(view)
    app.context_processor(menu.shell)
    app.jinja_env.filters["moment"] = words.moment
    app.jinja_env.globals["url_for"] = addresses.url_for
    app.jinja_env.globals["now_text"] = lambda: words.moment(now())
    app.jinja_env.globals["printed_at"] = lambda: now().astimezone(CITY_ZONE).strftime("%Y-%m-%d %H:%M")
