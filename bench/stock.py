"""Stock Flask-Admin over peewee on the same rows: its own plain tables with a foreign key, a view as its manual shows it."""

import peewee
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.peewee import ModelView
from flask_babel import Babel

COLUMNS = ("code", "school", "name", "kind", "area_m2", "damage", "grade", "use_state", "due_on", "state")
COPIED = ("cause", "found_on", "appraisal_state", "appraised_on", "appraiser", "responsible", "note")
database = peewee.DatabaseProxy()


class Table(peewee.Model):
    class Meta:
        database = database


class School(Table):
    code = peewee.CharField(unique=True)
    name = peewee.CharField()

    def __str__(self):
        return self.name


class Building(Table):
    """What is filtered and sorted by has an index, as a careful programmer would give it."""

    code = peewee.CharField(unique=True)
    school = peewee.ForeignKeyField(School)
    district = peewee.IntegerField(index=True)
    name = peewee.CharField()
    kind = peewee.CharField()
    area_m2 = peewee.DecimalField(null=True, decimal_places=2)
    cause = peewee.CharField(null=True)
    found_on = peewee.DateField(null=True)
    damage = peewee.CharField(null=True)
    appraisal_state = peewee.CharField(null=True)
    grade = peewee.CharField(null=True, index=True)
    appraised_on = peewee.DateField(null=True)
    appraiser = peewee.CharField(null=True)
    use_state = peewee.CharField(null=True)
    responsible = peewee.CharField(null=True)
    due_on = peewee.DateField(null=True, index=True)
    state = peewee.CharField()
    note = peewee.TextField(null=True)


class BuildingView(ModelView):
    """The ten columns of Taizhang's list, its filters, and a search in the same four fields."""

    column_list = COLUMNS
    column_searchable_list = ("code", "name", School.name, "responsible")
    column_filters = ("grade", "district", "due_on")
    column_default_sort = ("id", True)
    column_sortable_list = ("code", "name", "grade", "due_on")
    page_size = 50
    named_filter_urls = True
    can_export = True
    export_max_rows = 0
    column_export_list = ("code", "school", "district", *COLUMNS[2:], *COPIED)


class JoinedView(BuildingView):
    """With the join that spares a query a row."""

    def get_query(self):
        return Building.select(Building, School).join(School)

    def _handle_join(self, query, field, joins):
        return query  # it is joined already


def copy(source, path):
    """The rows of Taizhang's database at `source` in plain tables at `path`."""
    made = peewee.SqliteDatabase(path, pragmas={"journal_mode": "wal", "cache_size": -32_000})
    database.initialize(made)
    made.create_tables([School, Building])
    made.execute_sql("ATTACH DATABASE ? AS taizhang", (str(source),))
    made.execute_sql("INSERT INTO school (id, code, name) SELECT id, f_code, f_name FROM taizhang.r_school")
    names = [name for name in (*COLUMNS, *COPIED) if name not in ("school", "area_m2")]
    theirs = ", ".join(f"f_{name}" for name in names)
    made.execute_sql(
        f"INSERT INTO building (id, school_id, district, area_m2, {', '.join(names)}) "
        f"SELECT id, f_school, district_id, f_area_m2 / 100.0, {theirs} FROM taizhang.r_damaged_building"
    )
    made.execute_sql("DETACH DATABASE taizhang")
    made.close()


def open_copy(path):
    """The plain tables of a copy made before, for this process."""
    database.initialize(peewee.SqliteDatabase(path, pragmas={"journal_mode": "wal", "cache_size": -32_000}))


def served(path):
    """The application as gunicorn starts it."""
    open_copy(path)
    return create_app()


def create_app():
    """An application with both views: /stock/ as it comes, /joined/ with the join."""
    app = Flask(__name__)
    app.secret_key = "bench"
    Babel(app)
    admin = Admin(app, name="stock")
    admin.add_view(BuildingView(Building, endpoint="stock", url="/stock"))
    admin.add_view(JoinedView(Building, endpoint="joined", url="/joined"))
    app.before_request(lambda: database.connect(reuse_if_open=True) and None)
    app.teardown_request(lambda error: None if database.is_closed() else database.close() and None)
    return app
