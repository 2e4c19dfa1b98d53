"""Ways to export that people keep: sets of columns, and forms a superior prescribes with their files, every version of them."""

import peewee

from models.base import Base
from models.fields.choice import CodeSetField, FlagField
from models.fields.dates import MomentField


class ExportTemplate(Base):
    """One way to export a register. `kind`: columns, xlsx or docx; `use`: list, or record where a form is filled for each one.

    `fields` is JSON: the columns in order, or {what the form says: field name}. `roles` may use it besides its owner.
    A retired one is kept for the outputs that name it.
    """

    register = peewee.TextField(index=True)
    name = peewee.TextField()
    kind = peewee.TextField()
    use = peewee.TextField(default="list")
    fields = peewee.TextField()
    roles = CodeSetField(null=True)
    account_id = peewee.BigIntegerField(index=True)
    version = peewee.IntegerField(default=1)
    retired = FlagField(default=False)
    at = MomentField()

    class Meta:
        table_name = "export_template"


class ExportTemplateFile(Base):
    """The file of one version of a form."""

    template_id = peewee.BigIntegerField()
    version = peewee.IntegerField()
    name = peewee.TextField()
    data = peewee.BlobField()
    fields = peewee.TextField()
    account_id = peewee.BigIntegerField()
    at = MomentField()

    class Meta:
        table_name = "export_template_file"
        indexes = ((("template_id", "version"), True),)
