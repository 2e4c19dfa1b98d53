"""The admin page and the resource, with what a careful programmer adds: list_select_related, and the school by its code."""

from django.contrib import admin
from import_export import fields, resources
from import_export.admin import ImportExportModelAdmin
from import_export.widgets import ForeignKeyWidget

from bench.peers.django_site.models import Building, School

COLUMNS = (
    "code", "school", "district", "name", "kind", "area_m2", "cause", "found_on", "damage", "appraisal_state", "grade",
    "appraised_on", "appraiser", "use_state", "responsible", "due_on", "state", "note",
)  # fmt: skip


class BuildingResource(resources.ModelResource):
    """As the manual begins: rows are found by their code, one by one."""

    school = fields.Field(attribute="school", column_name="school", widget=ForeignKeyWidget(School, "code"))

    class Meta:
        model = Building
        fields = COLUMNS
        import_id_fields = ("code",)


class BulkResource(BuildingResource):
    """With its settings for large imports."""

    class Meta(BuildingResource.Meta):
        use_bulk = True
        batch_size = 1000
        skip_diff = True


@admin.register(Building)
class BuildingAdmin(ImportExportModelAdmin):
    resource_classes = (BuildingResource,)
    list_display = ("code", "school", "name", "kind", "area_m2", "damage", "grade", "use_state", "due_on", "state")
    list_select_related = ("school",)
    list_filter = ("grade",)
    search_fields = ("code", "name", "school__name", "responsible")
    ordering = ("-id",)
    list_per_page = 50
    autocomplete_fields = ("school",)


@admin.register(School)
class SchoolAdmin(admin.ModelAdmin):
    search_fields = ("name",)
