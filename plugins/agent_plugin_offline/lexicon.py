"""General English that the engine leans on: what parameters are about, units of measure, words that mean the same."""

from __future__ import annotations

from agent_plugin_offline.text import stem

_ROLE_WORDS: dict[str, str] = {
    "location": "city location place country state address region town venue where county zip zipcode area province "
    "continent street neighborhood airport station latitude destination origin",
    "origin": "from origin source start departure depart pickup initial begin starting base",
    "target": "to destination target end arrival arrive dropoff final goal ending",
    "date": "date day when deadline birthday birthdate dob datetime checkin checkout",
    "time": "time hour clock schedule at",
    "year": "year",
    "month": "month",
    "duration": "duration days weeks minutes hours months years period length term nights span timeframe seconds",
    "person": "person author artist player actor user username customer patient contact recipient director composer "
    "sender owner employee student painter singer character celebrity names attendee guest leader president",
    "organisation": "company team organization organisation brand university club employer bank store manufacturer "
    "school hospital firm airline institution",
    "title": "title name movie book song film show album event project product item game painting artwork label "
    "subject",
    "unit": "unit units measurement scale system",
    "currency": "currency currencies",
    "language": "language locale lang",
    "email": "email mail recipient to cc bcc",
    "phone": "phone telephone mobile cell number",
    "url": "url link website endpoint uri webpage site",
    "path": "path file filename folder directory filepath csv document",
    "id": "id identifier code key token symbol ticker number isbn sku uuid serial account reference",
    "expression": "expression equation function formula math polynomial regex sql code command",
    "query": "query keyword keywords search topic question term terms phrase subject interest",
    "text": "text message content body note description prompt comment sentence paragraph details instruction reason",
    "kind": "type category genre kind style cuisine color colour format mode class method model variety level gender "
    "status size material species condition flavor",
    "count": "count number quantity amount limit num total how many participants people guests size",
    "money": "price cost amount budget salary money payment fee principal income investment loan fund",
    "rate": "rate percentage percent ratio probability interest yield tax discount tip fraction",
}
ROLES: dict[str, frozenset[str]] = {role: frozenset(map(stem, words.split())) for role, words in _ROLE_WORDS.items()}

_UNIT_WORDS: dict[str, str] = {
    "length": "meter metre meters m km kilometer kilometre cm centimeter mm inch inches foot feet ft mile miles yard",
    "mass": "kg kilogram gram g mg lb lbs pound pounds ounce oz ton tonne kilo",
    "area": "acre hectare sqft square",
    "volume": "liter litre gallon ml milliliter cup cups tablespoon teaspoon cubic",
    "temperature": "celsius fahrenheit kelvin degree degrees °c °f c f k",
    "money": "dollar dollars usd euro euros eur cent cents gbp yen rupee $ € £",
    "percent": "percent percentage % interest",
    "second": "second seconds sec s",
    "minute": "minute minutes min mins",
    "hour": "hour hours hr hrs h",
    "day": "day days night nights daily",
    "week": "week weeks weekly",
    "month": "month months monthly",
    "year": "year years yr yrs annual annually yearly",
    "speed": "mph kmh km/h m/s speed velocity knots",
    "acceleration": "m/s^2 m/s² m/s2",
    "force": "newton newtons n",
    "energy": "joule joules j kwh calorie calories kcal",
    "power": "watt watts w kw horsepower",
    "electric": "volt volts v amp amps ampere amperes a ohm ohms coulomb coulombs farad tesla",
    "frequency": "hz hertz khz mhz ghz",
    "pressure": "pascal pascals pa atm bar psi",
    "angle": "radian radians",
    "people": "people person guest guests adult adults passenger passengers participant player players child children",
    "moles": "mole moles mol",
}
UNIT_CLASS: dict[str, str] = {
    key: unit for unit, words in _UNIT_WORDS.items() for word in words.split() for key in (word, stem(word))
}
TIME_UNITS: dict[str, float] = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
    "month": 2629800,
    "year": 31557600,
}

_SYNONYMS = (
    "find search look locate lookup seek discover",
    "get fetch retrieve obtain show give tell display view check see read",
    "calculate compute determine work evaluate figure calculation",
    "create make generate produce build compose add new",
    "delete remove erase drop forget clear",
    "update change edit modify alter set adjust",
    "buy purchase order acquire shop",
    "send email mail message notify forward",
    "book reserve reservation schedule booking",
    "convert translate exchange transform conversion",
    "predict forecast estimate projection project prediction",
    "compare comparison difference versus",
    "weather temperature forecast climate rain sunny humidity",
    "movie film cinema",
    "song music track tune",
    "recipe cook dish meal cooking ingredient",
    "restaurant eat dining food diner eatery",
    "hotel accommodation stay room lodging",
    "flight fly plane airline",
    "car vehicle automobile ride cab taxi",
    "house home property apartment real estate",
    "stock share equity",
    "doctor physician clinic medical",
    "lawyer attorney legal law",
    "job position career employment",
    "price cost much expensive",
    "area surface space",
    "distance far length",
    "route path direction directions way navigate",
    "picture image photo painting",
    "file document",
    "event calendar appointment meeting",
    "note remember memo reminder remind",
    "average mean",
    "sum total add",
    "big large",
    "start begin initial beginning original",
    "end final finish stop",
    "speed velocity fast",
    "time duration long period",
    "number count quantity amount many",
    "person people population inhabitants",
    "country nation",
    "city town",
    "company firm business corporation",
    "user account customer",
    "kid child children",
    "capital investment principal money",
    "root solution solve zero",
    "winner won win champion",
    "author writer wrote written",
    "repair fix maintenance",
    "news headlines article",
    "integral integrate antiderivative",
    "derivative differentiate differentiation",
)
SYNONYMS: dict[str, frozenset[str]] = {}
for _group in _SYNONYMS:
    _stems = frozenset(map(stem, _group.split()))
    for _word in _stems:
        SYNONYMS[_word] = SYNONYMS.get(_word, frozenset()) | _stems
