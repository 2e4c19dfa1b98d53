"""四方合力联络表: one contact post at school, community, health authority and police station, per school with foreign staff."""

from models.fields import Choice, Date, Derived, Phone, Text, condition as when, options
from models.register import Register
from models.registers.common import SCHOOL, not_future
from models.reports import Rule, Section, Summary
from models.retention import Clock

# fmt: off
FOUR_PARTY_LINK = Register("four_party_link", "四方合力联络表", "Four-party contacts",
    group="关爱",
    icon="ti-address-book",
    help="涉外学校的学校、社区、卫健、派出所四方联络岗位，只是通讯录，不登记个人情况。",
    help_en="A directory of contact posts at school, community, health and police; nothing about a person.",
    fields=(
        SCHOOL,
        Choice("party", "联络方", "Party", required=True, indexed=True,
               options=options("school 学校 | School", "community 社区 | Community",
                               "health 卫健部门 | Health authority | quiet | 卫健、卫健委", "police 派出所 | Police station")),
        Text("contact_post", "联络岗位", "Contact post", required=True, max_length=60, example="值班室"),
        Phone("phone", "电话", "Telephone", sensitivity="masked", label_aliases=("联系电话",)),
        Date("confirmed_on", "确认日期", "Confirmed on", indexed=True),
        Derived("current", "确认未过期", "Confirmed lately", good=True,
                when=when(confirmed_on__gte="$today-{四方联络确认时限:30}")),
    ),
    key=("school", "party"),
    scope="school",
    title=("school", "party"),
    list_columns=("school", "party", "contact_post", "phone", "confirmed_on", "current"),
    phone=("school", "party", "contact_post"),
    filters=("school", "party", "confirmed_on", "current"),
    search=("school", "contact_post"),
    sort="school",
    sections=(
        Section("联络", ("school", "party", "contact_post", "phone"), "Contact"),
        Section("确认", ("confirmed_on", "current"), "Confirmation"),
    ),
    rules=(
        not_future("confirmed_on", "确认日期不能晚于今天。", "It cannot be confirmed in the future."),
        Rule("same_phone", "本校另一方也是这个电话，请核对。", "phone", "warning", when=when(phone__empty=False),
             check="same_phone", message_en="Another party of this school has the same telephone."),
    ),
    summaries=(Summary("by_party", "按联络方", ("party",), label_en="By party"),),
    retention="在用期间；被替换的 30 日后删除。",
    clocks=(Clock("replaced", "被替换的联络人到期删除", "Replaced contacts", days="{被替换联络人保留:30}", trash=True),),
)
