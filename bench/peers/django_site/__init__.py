"""Django's admin with django-import-export over the plain tables of bench.stock, as their manuals show it."""
