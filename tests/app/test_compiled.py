"""What is put off at the start comes to the same."""

from werkzeug.routing import Map, Rule

SAMPLES = {"int": 7, "default": "名册 a", "path": "a/b c.css"}


def _sample(rule):
    return {name: SAMPLES.get(kind, "x") for name, kind in ((name, _kind(rule, name)) for name in rule.arguments)}


def _kind(rule, name):
    return (
        type(rule._converters[name])
        .__name__.removesuffix("Converter")
        .lower()
        .replace("integer", "int")
        .replace("unicode", "default")
    )


def test_addresses_are_those_of_werkzeugs_own_rules(app):
    stock = Map([Rule(rule.rule, endpoint=rule.endpoint, methods=rule.methods) for rule in app.url_map.iter_rules()])
    ours, theirs = app.url_map.bind("city.example"), stock.bind("city.example")
    asked = 0
    for rule in app.url_map.iter_rules():
        for more in ({}, {"q": "听涛", "page": 2}):
            values = _sample(rule) | more
            first, again = (ours.build(rule.endpoint, values) for _ in range(2))
            assert first == again == theirs.build(rule.endpoint, values)
            asked += 1
    assert asked > 200
