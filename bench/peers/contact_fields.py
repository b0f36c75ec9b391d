"""What the peers write of a contact: column, field, and how."""


def text(value):
    return "" if value is None else value


def opt_out(value):
    """What is read in bulk may opt out, never in."""
    return "true" if value else ""


def day(value):
    return "" if value is None else value


def moment(value):
    return "" if value is None else value.replace("-", "/").replace("T", " ").rstrip("Z")


def gender(value):
    return {None: "", 1: "male", 2: "female"}[value]


def cut(length):
    return lambda value: "" if value is None else value[:length]


FIELDS = [
    ("contactid", "externalId", text),
    ("emailaddress1", "email", text),
    ("firstname", "firstName", cut(30)),
    ("lastname", "lastName", cut(50)),
    ("salutation", "salutation", cut(20)),
    ("birthdate", "birthDate", day),
    ("gendercode", "gender", gender),
    ("mobilephone", "mobilePhone", cut(32)),
    ("telephone1", "phone", cut(32)),
    ("fax", "fax", cut(32)),
    ("address1_line1", "location.address1", text),
    ("address1_line2", "location.address2", text),
    ("address1_city", "location.city", text),
    ("address1_postalcode", "location.zipCode", text),
    ("address1_country", "location.countryCode", text),
    ("donotphone", "blackListPhone", opt_out),
    ("donotbulkemail", "blackListEmail", opt_out),
    ("anniversary", "cusAnniversary", day),
    ("creditlimit", "cusCreditLimit", text),
    ("cs_customernumber", "cusCustomerNumber", text),
    ("createdon", "cusCustomerSince", moment),
    ("department", "cusDepartment", text),
    ("cs_interests", "cusInterests", text),
    ("jobtitle", "cusJobTitle", text),
    ("cs_lastvisit", "cusLastVisit", moment),
    ("numberofchildren", "cusLoyaltyPoints", text),
    ("cs_loyaltytier", "cusLoyaltyTier", text),
    ("nickname", "cusNickname", text),
    ("description", "cusNote", text),
    ("cs_points", "cusPoints", text),
]


HEADER = [column for _, column, _ in FIELDS]
NAMES = [name for name, _, _ in FIELDS]


def line(row):
    """The fields of one row, as text; a row is anything with `get`."""
    return [convert(row.get(name)) for name, _, convert in FIELDS]
