"""外籍教师和联系记录: work facts and coarse location only (systems.md §7)."""

from models.fields import Choice, Code, Date, Derived, Relation, Text, YesNo, condition as when, options
from models.register import Register
from models.registers.common import SCHOOL, not_future
from models.reports import Rule, Section, Summary
from models.retention import Clock

HERE_WEEKLY = when(location="city", last_contact_on__lt="$today-{外籍教师联系间隔（本市）:7}")
AWAY_FORTNIGHTLY = when(location__in=("china", "abroad"), last_contact_on__lt="$today-{外籍教师联系间隔（市外）:14}")

FOREIGN_TEACHER = Register(
    name="foreign_teacher",
    label="外籍教师",
    label_en="Foreign teacher",
    group="关爱",
    icon="ti-world",
    help="外籍教师的工作情况、大致所在地、是否返岗和最近联系日期。",
    help_en="Work facts, coarse location, return and last contact of foreign teachers.",
    fields=(
        Code(
            name="code",
            label="校内工号",
            label_en="School-issued code",
            required=True,
            unique=True,
            indexed=True,
            help="学校自编的工号，不是证件号。",
            help_en="Issued by the school; not a document number.",
            label_aliases=("工号", "编号"),
        ),
        Text(name="name", label="姓名", label_en="Name", required=True, max_length=60),
        SCHOOL,
        Text(name="post", label="岗位", label_en="Post", max_length=40, example="英语教师"),
        Choice(
            name="location",
            label="所在地",
            label_en="Location",
            indexed=True,
            options=options(
                "city 本市 | This city | green", "china 国内其他城市 | Elsewhere in China | blue", "abroad 国外 | Abroad | amber"
            ),
        ),
        Date(name="location_from", label="所在地起始日期", label_en="There since"),
        Choice(
            name="return_status",
            label="返岗情况",
            label_en="Return",
            indexed=True,
            options=options(
                "at_work 在岗 | At work | green",
                "deferred 暂缓返回 | Return deferred | amber",
                "arranged 已安排返回 | Return arranged | blue",
                "left 离职 | Left",
            ),
        ),
        Text(name="liaison", label="学校联系人", label_en="Liaison", max_length=40),
        Date(name="last_contact_on", label="最近联系日期", label_en="Last contact", indexed=True),
        Date(name="contract_end_on", label="合同到期", label_en="Contract ends"),
        Date(name="left_on", label="离职日期", label_en="Left on"),
        Derived(
            name="contact_due",
            label="该联系了",
            label_en="Contact due",
            when=when(
                left_on__empty=True,
                return_status__ne="left",
                any=(when(last_contact_on__empty=True), HERE_WEEKLY, AWAY_FORTNIGHTLY),
            ),
        ),
    ),
    key=("code",),
    scope="school",
    title=("code", "name"),
    list_columns=("code", "name", "school", "post", "location", "return_status", "liaison", "last_contact_on", "contract_end_on"),
    phone=("name", "location", "last_contact_on"),
    filters=("school", "location", "return_status", "last_contact_on", "contact_due", "contract_end_on", "left_on"),
    search=("code", "name", "school", "liaison"),
    sort="code",
    sections=(
        Section("教师", ("code", "name", "school", "post", "contract_end_on", "left_on"), "Teacher"),
        Section("所在地与返岗", ("location", "location_from", "return_status"), "Location and return"),
        Section("联系", ("liaison", "last_contact_on", "contact_due"), "Contact"),
    ),
    rules=(
        Rule(
            "foreign_school",
            "该校的涉外类别是「无」或没填，请先核对学校底册。",
            "school",
            check="foreign_school",
            message_en="The school is not marked as having foreign staff.",
        ),
        Rule(
            "location_dated",
            "填了所在地，请填起始日期。",
            "location_from",
            when=when(location__empty=False),
            require=("location_from",),
            message_en="Say since when.",
        ),
        Rule(
            "abroad_status",
            "在国外的，返岗情况只能是暂缓返回、已安排返回或离职。",
            "return_status",
            when=when(location="abroad", return_status__empty=False),
            must=when(return_status__in=("deferred", "arranged", "left")),
            message_en="Abroad: deferred, arranged or left.",
        ),
        Rule(
            "work_here",
            "只有在本市的才能是在岗。",
            "return_status",
            when=when(return_status="at_work", location__empty=False),
            must=when(location="city"),
            message_en="Only those in this city are at work.",
        ),
        not_future("location_from", "起始日期不能晚于今天。", "It cannot begin in the future."),
        not_future("last_contact_on", "最近联系日期不能晚于今天。", "The last contact cannot lie in the future."),
        Rule(
            "left_dated",
            "离职的请填离职日期。",
            "left_on",
            when=when(return_status="left"),
            require=("left_on",),
            message_en="Say when they left.",
        ),
    ),
    summaries=(
        Summary("by_location", "按所在地和返岗情况", ("location", "return_status"), label_en="By location and return"),
        Summary("by_school", "各校外籍教师", ("school", "location"), label_en="By school"),
    ),
    related=("foreign_contact",),
    grain="person",
    retention="姓名：合同到期后 6 个月，或离职者在应急响应结束后 90 日删除。",
    clocks=(
        Clock(
            "name_after_contract",
            "合同到期后清除姓名",
            "Name, after the contract",
            when=when(contract_end_on__lt="$today-{外籍教师姓名保留:180}"),
            erases=("name",),
        ),
        Clock(
            "name_after_response",
            "离职者在应急响应结束后清除姓名",
            "Name of those who left, after the response",
            when=when(left_on__empty=False),
            erases=("name",),
            after="应急响应结束日期",
            days="{应急结束后保留:90}",
        ),
    ),
)

FOREIGN_CONTACT = Register(
    name="foreign_contact",
    label="外教联系记录",
    label_en="Foreign teacher contact",
    group="关爱",
    icon="ti-message-heart",
    help="学校每次联系外籍教师的日期、方式和事由，不写谈话内容。",
    help_en="When, how and why the school was in touch; not what was said.",
    fields=(
        Relation(
            name="foreign_teacher", label="外籍教师", label_en="Foreign teacher", to="foreign_teacher", required=True, indexed=True
        ),
        Date(name="contacted_on", label="联系日期", label_en="Contacted on", required=True, indexed=True),
        Choice(
            name="channel",
            label="联系方式",
            label_en="Channel",
            options=options(
                "in_person 当面 | In person",
                "phone 电话 | Telephone",
                "wechat 微信 | WeChat",
                "email 邮件 | Mail | quiet | 电子邮件、邮箱",
            ),
        ),
        Choice(
            name="purpose",
            label="联系事由",
            label_en="Purpose",
            options=options(
                "health 健康提醒 | Health reminder",
                "policy 政策告知 | Rules explained",
                "daily_life 生活帮助 | Help with daily life",
                "return_plan 返程安排 | Return arrangements",
            ),
        ),
        YesNo(name="reached", label="联系上", label_en="Reached"),
    ),
    key=("foreign_teacher", "contacted_on", "channel"),
    scope="foreign_teacher.school",
    title=("foreign_teacher", "contacted_on"),
    list_columns=("foreign_teacher", "contacted_on", "channel", "purpose", "reached"),
    phone=("foreign_teacher", "contacted_on", "reached"),
    filters=("foreign_teacher", "contacted_on", "channel", "purpose", "reached"),
    search=("foreign_teacher",),
    sort="-contacted_on",
    sections=(Section("联系", ("foreign_teacher", "contacted_on", "channel", "purpose", "reached"), "Contact"),),
    rules=(not_future("contacted_on", "联系日期不能晚于今天。", "It cannot lie in the future."),),
    behaviours=("last_contact",),
    summaries=(Summary("by_purpose", "按事由", ("purpose", "reached"), label_en="By purpose"),),
    grain="person",
    retention="90 日，之后只留最近联系日期。",
    clocks=(
        Clock(
            "contact",
            "联系记录到期删除",
            "Contacts, after their time",
            when=when(contacted_on__lt="$today-{外教联系记录保留:90}"),
        ),
    ),
)
