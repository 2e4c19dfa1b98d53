"""The plain tables of bench.stock, as Django models."""

from django.db import models


class School(models.Model):
    code = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)

    class Meta:
        managed = False
        db_table = "school"

    def __str__(self):
        return self.name


class Building(models.Model):
    code = models.CharField(max_length=255, unique=True)
    school = models.ForeignKey(School, models.PROTECT)
    district = models.IntegerField(db_index=True)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=255)
    area_m2 = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    cause = models.CharField(max_length=255, null=True, blank=True)
    found_on = models.DateField(null=True, blank=True)
    damage = models.CharField(max_length=255, null=True, blank=True)
    appraisal_state = models.CharField(max_length=255, null=True, blank=True)
    grade = models.CharField(max_length=255, null=True, blank=True, db_index=True)
    appraised_on = models.DateField(null=True, blank=True)
    appraiser = models.CharField(max_length=255, null=True, blank=True)
    use_state = models.CharField(max_length=255, null=True, blank=True)
    responsible = models.CharField(max_length=255, null=True, blank=True)
    due_on = models.DateField(null=True, blank=True, db_index=True)
    state = models.CharField(max_length=255)
    note = models.TextField(null=True, blank=True)

    class Meta:
        managed = False
        db_table = "building"
