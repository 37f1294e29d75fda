"""Public facts: states of the USA, the big cities in them, countries, currency codes."""

from __future__ import annotations

_STATES = (
    "Alabama=AL;Alaska=AK;Arizona=AZ;Arkansas=AR;California=CA;Colorado=CO;Connecticut=CT;Delaware=DE;Florida=FL;"
    "Georgia=GA;Hawaii=HI;Idaho=ID;Illinois=IL;Indiana=IN;Iowa=IA;Kansas=KS;Kentucky=KY;Louisiana=LA;Maine=ME;"
    "Maryland=MD;Massachusetts=MA;Michigan=MI;Minnesota=MN;Mississippi=MS;Missouri=MO;Montana=MT;Nebraska=NE;"
    "Nevada=NV;New Hampshire=NH;New Jersey=NJ;New Mexico=NM;New York=NY;North Carolina=NC;North Dakota=ND;"
    "Ohio=OH;Oklahoma=OK;Oregon=OR;Pennsylvania=PA;Rhode Island=RI;South Carolina=SC;South Dakota=SD;Tennessee=TN;"
    "Texas=TX;Utah=UT;Vermont=VT;Virginia=VA;Washington=WA;West Virginia=WV;Wisconsin=WI;Wyoming=WY"
)
STATES: dict[str, str] = {name: code for name, _, code in (pair.partition("=") for pair in _STATES.split(";"))}
_CITIES = {
    "AZ": "Phoenix,Tucson,Mesa,Scottsdale,Chandler,Tempe",
    "CA": "Los Angeles,San Francisco,San Diego,San Jose,Sacramento,Oakland,Fresno,Long Beach,Berkeley,Palo Alto,"
    "Mountain View,Santa Clara,Cupertino,Sunnyvale,Anaheim,Santa Monica,Livermore,Irvine,Santa Rosa,Menlo Park,Fremont,"
    "Pasadena,Burbank,Walnut Creek,Half Moon Bay,San Mateo,Santa Barbara,Redwood City",
    "CO": "Denver,Boulder,Colorado Springs,Aspen",
    "CT": "Hartford,New Haven,Stamford",
    "DC": "Washington DC,Washington D.C.",
    "FL": "Miami,Orlando,Tampa,Jacksonville,Fort Lauderdale,Tallahassee",
    "GA": "Atlanta,Savannah",
    "HI": "Honolulu",
    "IL": "Chicago",
    "IN": "Indianapolis",
    "KY": "Louisville",
    "LA": "New Orleans,Baton Rouge",
    "MA": "Boston,Cambridge",
    "MD": "Baltimore,Annapolis",
    "MI": "Detroit,Ann Arbor",
    "MN": "Minneapolis,Saint Paul",
    "MO": "Kansas City,St. Louis",
    "NC": "Charlotte,Raleigh,Durham",
    "NE": "Omaha",
    "NJ": "Newark,Jersey City",
    "NM": "Albuquerque,Santa Fe",
    "NV": "Las Vegas,Reno",
    "NY": "New York,New York City,Brooklyn,Buffalo,Manhattan",
    "OH": "Columbus,Cleveland,Cincinnati",
    "OK": "Oklahoma City,Tulsa",
    "OR": "Portland,Eugene",
    "PA": "Philadelphia,Pittsburgh",
    "TN": "Nashville,Memphis",
    "TX": "Houston,Dallas,Austin,San Antonio,Fort Worth,El Paso",
    "UT": "Salt Lake City",
    "VA": "Richmond,Virginia Beach",
    "WA": "Seattle,Spokane,Tacoma,Bellevue,Redmond",
    "WI": "Milwaukee,Madison",
}
CITY_STATE: dict[str, str] = {city.lower(): state for state, cities in _CITIES.items() for city in cities.split(",")}
"""State code by city, where the best-known city of that name is meant."""
_WORLD = (
    "Afghanistan,Argentina,Australia,Austria,Bangladesh,Belgium,Bolivia,Brazil,Bulgaria,Cambodia,Canada,Chile,China,"
    "Colombia,Costa Rica,Croatia,Cuba,Czech Republic,Denmark,Ecuador,Egypt,England,Estonia,Ethiopia,Finland,France,"
    "Germany,Ghana,Greece,Hungary,Iceland,India,Indonesia,Iran,Iraq,Ireland,Israel,Italy,Jamaica,Japan,Jordan,Kenya,"
    "Kuwait,Latvia,Lebanon,Lithuania,Luxembourg,Malaysia,Mexico,Morocco,Nepal,Netherlands,New Zealand,Nigeria,"
    "North Korea,Norway,Pakistan,Panama,Peru,Philippines,Poland,Portugal,Qatar,Romania,Russia,Saudi Arabia,Scotland,"
    "Serbia,Singapore,Slovakia,Slovenia,South Africa,South Korea,Spain,Sri Lanka,Sweden,Switzerland,Syria,Taiwan,"
    "Thailand,Tunisia,Turkey,UAE,UK,US,USA,Ukraine,United Arab Emirates,United Kingdom,United States,Uruguay,Venezuela,"
    "Vietnam,Wales,Zimbabwe,Africa,Asia,Europe,North America,South America,Amazon,"
    "Amsterdam,Athens,Auckland,Bangalore,Bangkok,Barcelona,Beijing,Berlin,Bogota,Brisbane,Brussels,Budapest,"
    "Buenos Aires,"
    "Cairo,Cape Town,Chengdu,Copenhagen,Delhi,Divinopolis,Dubai,Dublin,Edinburgh,Florence,Frankfurt,Geneva,Glasgow,"
    "Guangzhou,Hamburg,Hanoi,Helsinki,Hong Kong,Istanbul,Jakarta,Jerusalem,Johannesburg,Kolkata,Kuala Lumpur,"
    "Kyoto,Lagos,"
    "Lima,Lisbon,Liverpool,London,Lyon,Madrid,Manchester,Manila,Marseille,Melbourne,Mexico City,Milan,Montreal,"
    "Moscow,"
    "Mumbai,Munich,Nairobi,Naples,New Delhi,Osaka,Oslo,Ottawa,Paris,Perth,Prague,Quebec,Reykjavik,Rio de Janeiro,"
    "Riyadh,"
    "Rome,Santiago,Sao Paulo,Seoul,Shanghai,Shenzhen,Stockholm,Sydney,Taipei,Tel Aviv,Tokyo,Toronto,Vancouver,"
    "Venice,"
    "Vienna,Warsaw,Zurich"
)
PLACES: frozenset[str] = frozenset(
    [*(name.lower() for name in _WORLD.split(",")), *CITY_STATE, *(s.lower() for s in STATES), "nyc", "sf", "la"]
)


_CURRENCIES = {
    "USD": "dollar,dollars,us dollar,us dollars,american dollars,u.s. dollars,usd,$",
    "EUR": "euro,euros,eur,€",
    "GBP": "pound,pounds,british pound,british pounds,pounds sterling,pound sterling,gbp,£",
    "JPY": "yen,japanese yen,jpy,¥",
    "CNY": "yuan,chinese yuan,renminbi,cny,rmb",
    "INR": "rupee,rupees,indian rupee,indian rupees,inr",
    "CAD": "canadian dollar,canadian dollars,cad",
    "AUD": "australian dollar,australian dollars,aud",
    "CHF": "swiss franc,swiss francs,chf",
    "MXN": "mexican peso,mexican pesos,mxn",
    "BRL": "brazilian real,brl",
    "KRW": "korean won,won,krw",
    "RUB": "ruble,rubles,russian rubles,rub",
    "SEK": "swedish krona,sek",
    "NZD": "new zealand dollars,nzd",
    "SGD": "singapore dollars,sgd",
}
CURRENCY_CODES: dict[str, str] = {name: code for code, names in _CURRENCIES.items() for name in names.split(",")}
"""ISO 4217 code by the name that people use."""


def with_state(city: str) -> str | None:
    """Make "Boston" "Boston, MA"; None where the state is not known or already there."""
    state = CITY_STATE.get(city.lower())
    return f"{city}, {state}" if state and "," not in city else None
