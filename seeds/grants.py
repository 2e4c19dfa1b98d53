"""What each role may do, as data: role, registers, actions, row rule, and whether names of boarders are cleared.

The table of rights that ships; what is not written here is not allowed. A city changes it in 角色授权, not here.
"""

REFERENCE = ("district", "parameter", "role_grant")
SCHOOLS = ("school", "school_headcount")
BUILDINGS = ("damaged_building", "appraisal", "rebuild_project", "plan_doc", "term_readiness")
TEAMS = ("inspection_team", "team_member", "team_assignment")
VISITS = ("visit", "hazard")
CLASSES = ("inland_class", "inland_daily")
BOARDERS = ("inland_student",)
FOREIGN = ("foreign_teacher", "foreign_contact", "four_party_link")
ACCOUNTS = ("account", "membership")
LOGS = ("access_log", "change_set")
JOBS = ("job",)
DELIVERIES = ("delivery",)
HEADCOUNT = ("school_headcount",)

TABLE = (
    # 市级管理员
    ("city_admin", REFERENCE, "view edit", "all"),
    ("city_admin", SCHOOLS, "view edit export", "all"),
    ("city_admin", BUILDINGS, "view edit approve export", "all"),
    ("city_admin", TEAMS, "view edit export", "all"),
    ("city_admin", VISITS, "view edit approve export", "all"),
    ("city_admin", CLASSES, "view edit export", "all"),
    ("city_admin", BOARDERS, "view", "all"),
    ("city_admin", FOREIGN, "view edit export", "all"),
    ("city_admin", ACCOUNTS, "view edit", "all"),
    ("city_admin", LOGS + JOBS, "view", "self"),
    ("city_admin", DELIVERIES, "view", "all"),
    # 市级处室
    ("city_clerk", REFERENCE, "view", "all"),
    ("city_clerk", SCHOOLS, "view edit export", "all"),
    ("city_clerk", BUILDINGS, "view edit approve export", "all"),
    ("city_clerk", TEAMS, "view edit export", "all"),
    ("city_clerk", VISITS, "view edit approve export", "all"),
    ("city_clerk", CLASSES, "view export", "all"),
    ("city_clerk", BOARDERS, "view", "all"),
    ("city_clerk", FOREIGN, "view export", "all"),
    ("city_clerk", ACCOUNTS, "view", "self"),
    ("city_clerk", LOGS + JOBS, "view", "self"),
    # 县区管理员: city-run and provincial schools of the district are to be seen, not changed
    ("district_clerk", REFERENCE, "view", "all"),
    ("district_clerk", SCHOOLS, "view export", "district"),
    ("district_clerk", SCHOOLS, "edit", "district_run"),
    ("district_clerk", BUILDINGS, "view edit approve export", "district"),
    ("district_clerk", TEAMS, "view edit export", "district"),
    ("district_clerk", VISITS, "view edit approve export", "district"),
    ("district_clerk", CLASSES, "count", "district"),
    ("district_clerk", BOARDERS, "count", "district"),
    ("district_clerk", FOREIGN, "count", "district"),
    ("district_clerk", ACCOUNTS, "view edit", "district"),
    ("district_clerk", ACCOUNTS, "view", "self"),
    ("district_clerk", LOGS + JOBS, "view", "self"),
    # 学校填报员: a membership names the school's district too, for the teams that work there
    ("school_reporter", REFERENCE, "view", "all"),
    ("school_reporter", SCHOOLS, "view edit", "school"),
    ("school_reporter", BUILDINGS, "view edit", "school"),
    ("school_reporter", TEAMS, "view", "district"),
    ("school_reporter", ("visit",), "view", "school"),
    ("school_reporter", ("hazard",), "view edit", "school"),
    ("school_reporter", CLASSES, "view edit", "school"),
    ("school_reporter", BOARDERS, "view edit", "school", "names"),
    ("school_reporter", FOREIGN, "view edit", "school"),
    ("school_reporter", ACCOUNTS, "view", "self"),
    ("school_reporter", LOGS + JOBS, "view", "self"),
    # 督导组员
    ("inspector", REFERENCE, "view", "all"),
    ("inspector", SCHOOLS, "view", "assigned"),
    ("inspector", BUILDINGS, "view", "assigned"),
    ("inspector", TEAMS, "view", "team"),
    ("inspector", VISITS, "view edit approve", "assigned"),
    ("inspector", ACCOUNTS, "view", "self"),
    ("inspector", LOGS + JOBS, "view", "self"),
    # 只读领导
    ("leader", REFERENCE, "view", "all"),
    ("leader", SCHOOLS, "view export", "unit"),
    ("leader", BUILDINGS, "view export", "unit"),
    ("leader", TEAMS, "view export", "unit"),
    ("leader", VISITS, "view export", "unit"),
    ("leader", CLASSES, "count", "unit"),
    ("leader", BOARDERS, "count", "unit"),
    ("leader", FOREIGN, "count", "unit"),
    ("leader", ACCOUNTS, "view", "self"),
    ("leader", LOGS + JOBS, "view", "self"),
    # 审计员
    ("auditor", LOGS, "view", "all"),
    ("auditor", JOBS, "view", "self"),
    ("auditor", ACCOUNTS, "view", "self"),
    # Headcounts are reviewed above the school: by the district that runs it, else by the city.
    ("city_admin", HEADCOUNT, "approve", "all"),
    ("city_clerk", HEADCOUNT, "approve", "all"),
    ("district_clerk", HEADCOUNT, "approve", "district_run"),
)


def rows():
    """The table as rows of the register role_grant: one for each role, register and row rule."""
    found = {}
    for role, registers, actions, rule, *names in TABLE:
        for register in registers:
            row = found.setdefault((role, register, rule), {"actions": [], "names": False})
            row["actions"] += actions.split()
            row["names"] = bool(names)
    return [{"role": role, "register": register, "rows": rule} | row for (role, register, rule), row in found.items()]
