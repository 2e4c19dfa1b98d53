"""区县(市): the reporting districts, functional zones included."""

from models.fields import Choice, Code, Derived, Integer, Text, YesNo, options
from models.register import Register
from models.reports import Section

# fmt: off
DISTRICT = Register("district", "区县（市）", "District",
    group="学校",
    icon="ti-map-2",
    help="全市的区县（市）和功能区，各类台账按它统计和分权。",
    help_en="Districts and functional zones of the city: what registers are counted and scoped by.",
    fields=(
        Code("code", "行政区划代码", "District code", required=True, unique=True, indexed=True, max_length=6, example="410105",
             label_aliases=("区划代码", "区县代码")),
        Text("name", "名称", "Name", required=True, max_length=40, example="金水区",
             label_aliases=("区县", "区县名称", "区县（市）")),
        Choice("kind", "类别", "Kind",
               options=options("district 区 | Urban district", "county 县 | County", "county_city 县级市 | County-level city",
                               "zone 功能区 | Functional zone | blue | 开发区、新区",
                               "city_run 市直 | City-run | amber | 市属、局属")),
        Integer("return_stage", "开学阶次", "Reopening stage", min=1, max=3, help="第一、二、三阶次开学。",
                help_en="First, second or third to reopen."),
        YesNo("own_code", "自编代码", "Own code", help="没有国家行政区划代码、由本市自编的，选「是」。",
              help_en="Yes where the city made the code itself."),
        YesNo("active", "在用", "In use", default=True),
        Derived("uncovered", "无综合督导组分包", "No comprehensive team", behaviour="district_uncovered",
                reads=("team_assignment",)),
    ),
    key=("code",),
    scope="id:district",
    title=("name",),
    label_public=True,
    list_columns=("code", "name", "kind", "return_stage", "own_code", "active"),
    phone=("name", "kind", "return_stage"),
    filters=("kind", "return_stage", "active", "uncovered"),
    search=("code", "name"),
    sort="code",
    sections=(
        Section("基本情况", ("code", "name", "kind"), "Basics"),
        Section("使用", ("return_stage", "own_code", "active", "uncovered"), "Use"),
    ),
    related=("school", "inspection_team", "team_assignment", "account"),
)
