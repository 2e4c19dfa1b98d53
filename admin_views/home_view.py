"""工作台: what waits for me, what is overdue, what I touched last."""

from flask import g, url_for
from flask_admin import AdminIndexView, expose

from admin_views.words import text
from services import home

TONES = {"red": "d", "amber": "a", "blue": "b"}


class HomeView(AdminIndexView):
    def __init__(self):
        super().__init__(name="home", url="/admin", template="home.html")

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose()
    def index(self):
        cards = [
            {
                "title": text(card.title),
                "count": card.count,
                "url": url_for("register.index", register=card.register.name, **dict(card.pairs)),
                "tone": TONES.get(card.tone, "") if card.count.value else "",
                "icon": card.register.icon,
                "hint": text(card.register.titled),
            }
            for card in home.tasks(g.actor)
        ]
        recent = _recent() if home.writes(g.actor) else None
        totals = [
            (text(register.titled), count, url_for("register.summary", register=register.name))
            for register, count in home.totals(g.actor)
        ]
        return self.render("home.html", cards=cards, recent=recent, totals=totals)


def _recent():
    return [
        {
            "when": item.at,
            "text": item.title,
            "register": text(item.register.titled),
            "url": url_for("register.details", register=item.register.name, id=item.id),
        }
        for item in home.recent(g.actor)
    ]
