"""The built-in registers, in the order of the menu."""

from models.registers.account import ACCOUNT, MEMBERSHIP, ROLE_GRANT
from models.registers.appraisal import APPRAISAL
from models.registers.damaged_building import DAMAGED_BUILDING
from models.registers.delivery import DELIVERY
from models.registers.district import DISTRICT
from models.registers.foreign_teacher import FOREIGN_CONTACT, FOREIGN_TEACHER
from models.registers.four_party_link import FOUR_PARTY_LINK
from models.registers.hazard import HAZARD
from models.registers.inland import INLAND_CLASS, INLAND_DAILY, INLAND_STUDENT
from models.registers.inspection_team import INSPECTION_TEAM, TEAM_ASSIGNMENT, TEAM_MEMBER
from models.registers.job import JOB
from models.registers.logs import ACCESS_LOG, CHANGE_SET
from models.registers.parameter import PARAMETER
from models.registers.plan_doc import PLAN_DOC
from models.registers.rebuild_project import REBUILD_PROJECT
from models.registers.school import SCHOOL_REGISTER
from models.registers.school_headcount import SCHOOL_HEADCOUNT
from models.registers.term_readiness import TERM_READINESS
from models.registers.visit import VISIT

GROUPS = {"学校": "Schools", "灾后重建": "Rebuilding", "督导": "Inspection", "关爱": "Care", "系统": "System"}
DECLARED = (
    SCHOOL_REGISTER,
    SCHOOL_HEADCOUNT,
    DISTRICT,
    DAMAGED_BUILDING,
    APPRAISAL,
    REBUILD_PROJECT,
    PLAN_DOC,
    TERM_READINESS,
    INSPECTION_TEAM,
    TEAM_MEMBER,
    TEAM_ASSIGNMENT,
    VISIT,
    HAZARD,
    INLAND_CLASS,
    INLAND_STUDENT,
    INLAND_DAILY,
    FOREIGN_TEACHER,
    FOREIGN_CONTACT,
    FOUR_PARTY_LINK,
    PARAMETER,
    ACCOUNT,
    MEMBERSHIP,
    ROLE_GRANT,
    ACCESS_LOG,
    CHANGE_SET,
    JOB,
    DELIVERY,
)
