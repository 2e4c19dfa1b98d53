"""The languages: Chinese as written in the code, English from the catalogue. Sentences of the layers below become words here."""

from functools import cache

from flask import Blueprint, current_app, g, has_request_context, redirect, request
from flask_babel import Babel
from markupsafe import Markup

from app.paths import own_path
from services import words

# Flask-Admin's and WTForms' own Chinese is filed under this name; under "zh" they silently speak English.
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
COOKIE = "language"
_YEAR = 365 * 24 * 3600

blueprint = Blueprint("words", __name__)


def init_words(app):
    """Babel, the `say` filter, and the choice of language."""
    Babel(
        app,
        default_locale=LOCALES[app.config["TAIZHANG"].language],
        default_timezone="Asia/Shanghai",
        locale_selector=lambda: LOCALES[language()],
    )
    app.jinja_env.globals |= {"_": _said, "script_words": _script_words}
    app.jinja_env.filters["say"] = text
    app.context_processor(lambda: {"lang": language(), "appearance": theme()})
    app.register_blueprint(blueprint)


def _said(id, /, **values):
    """A template's sentence: no catalogue is looked up for each, and nothing filled in where there is nothing to fill in."""
    found = _sentence(id, language())
    return found % values if values else found


@cache
def _sentence(id, language):
    return Markup(words.translated(id, language))


@cache
def _script_words(lang):
    """What scripts say, in the language of the page that carries it."""
    return Markup(current_app.jinja_env.get_template("_words.html").render())


def language():
    """ "zh" or "en": what the person chose or the program asks for, else the setting. Found out once a request."""
    if not has_request_context():
        return current_app.config["TAIZHANG"].language
    if "language" not in g:
        g.language = _asked()
    return g.language


def _asked():
    setting = current_app.config["TAIZHANG"].language
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(LOCALES, setting)
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LOCALES else setting


def theme():
    """ "light", "dark" or "auto", as chosen."""
    chosen = request.cookies.get("theme") if has_request_context() else None
    return chosen if chosen in ("light", "dark") else "auto"


def text(value):
    """A sentence, a label, or a text of the code in the reader's language; several are joined."""
    return words.text(value, language())


@blueprint.post("/language")
def choose_language():
    return _remember(COOKIE, request.form.get("lang"), tuple(LOCALES))


@blueprint.post("/theme")
def choose_theme():
    return _remember("theme", request.form.get("theme"), ("light", "dark", "auto"))


def _remember(cookie, value, accepted):
    answer = redirect(own_path(request.form.get("next")), 303)
    if value in accepted:
        answer.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=current_app.config["TAIZHANG"].https)
    return answer
