"""Fields of life and the words that belong to them: how "king" and "monarch", "lasagna" and "recipe" come together."""

from __future__ import annotations

from agent_plugin_offline.text import stem

_FIELDS = {
    "weather": "weather temperature forecast rain rainy snow sunny humidity wind storm climate cold hot warm umbrella",
    "travel": "travel trip flight flights fly airport airline hotel hotels vacation itinerary tourist "
    "destination visit "
    "tour passport luggage hostel resort cruise stay accommodation airbnb booking checkin",
    "transport": "car vehicle drive driving ride taxi cab uber bus train subway traffic route commute bike "
    "transit fare "
    "parking road motorcycle truck engine tire license",
    "maps": "map distance route directions location coordinates latitude longitude nearby near navigate address far",
    "food": "food eat meal restaurant recipe cook cooking dish cuisine ingredient pizza pasta burger sushi salad vegan "
    "vegetarian dinner lunch breakfast dessert cake bread lasagna soup chicken beef fries drink coffee tea wine diner "
    "menu order delivery calorie nutrition grocery supermarket fruit vegetable snack bake chef kitchen",
    "music": "music song songs artist album band concert playlist guitar piano violin melody genre jazz rock lyrics "
    "singer musician track instrument chord orchestra symphony tune listen audio",
    "film": "movie movies film films actor actress director cinema theater theatre tv show series episode netflix "
    "streaming watch horror comedy drama imdb screening showtime",
    "books": "book books novel author writer library read reading publish literature fiction chapter isbn poem poet",
    "games": "game games gaming player score level xbox playstation nintendo pokemon quest chess poker dice card cards "
    "puzzle multiplayer",
    "sport": "sport sports football soccer basketball baseball tennis team match league player nba nfl fifa tournament "
    "championship coach goal season athlete olympics olympic hockey cricket golf race medal winner score",
    "finance": "finance financial stock stocks share invest investment investor market bank loan mortgage interest "
    "principal portfolio dividend bond tax budget salary income revenue profit cost price credit debt compound "
    "account payment pay money dollar capital earnings fund crypto bitcoin cryptocurrency nasdaq return roi gdp",
    "currency": "currency currencies exchange dollar euro euros yen pound usd eur gbp convert conversion rate rupee",
    "shopping": "shop shopping store buy purchase order product cart price discount sale amazon retail mall customer "
    "walmart item coupon refund ship shipping deliver",
    "law": "law legal lawyer attorney court case lawsuit judge crime criminal convict conviction contract patent "
    "copyright police prison sue verdict trial jury penalty burglary murder theft laundering civil divorce settlement "
    "plaintiff defendant rights",
    "medicine": "medical medicine doctor health hospital patient disease symptom drug pharmacy clinic nurse therapy "
    "surgery diagnosis bmi blood pressure heart cancer vaccine dentist prescription fitness exercise workout diet",
    "biology": "biology cell cells dna gene genes genetic protein organism species evolution bacteria plant animal "
    "mitochondria chromosome enzyme membrane molecule genome rna population photosynthesis blood tissue organ mutation "
    "breed ecosystem wildlife forest tree bird deer tiger",
    "chemistry": "chemistry chemical molecule element atom reaction acid compound solution concentration mole molar "
    "ph oxygen hydrogen carbon boiling melting gas liquid substance periodic ion atomic",
    "physics": "physics velocity speed acceleration force mass gravity energy momentum motion electric magnetic field "
    "current voltage resistance resistor wire charge charges electron electromagnetic wave frequency light optics "
    "pressure volume density thermodynamic heat entropy friction displacement newton joule distance capacitor inductor "
    "circuit temperature kinetic drop fall projectile",
    "mathematics": "math calculate number numbers sum multiply divide subtract factor factorial prime gcd lcm equation "
    "root roots quadratic polynomial algebra integral derivative calculus differentiate matrix vector function "
    "fibonacci exponent power square logarithm solve arithmetic divisor multiple intersection curve",
    "geometry": "geometry area circle triangle rectangle square perimeter circumference radius diameter volume angle "
    "hypotenuse side sides base height cone cylinder sphere polygon euclidean distance shape",
    "statistics": "statistics probability mean median mode variance deviation regression correlation sample hypothesis "
    "distribution dice coin toss odds chance percentage average likelihood anova test significance roll deck dataset "
    "binomial expected confidence random",
    "machine-learning": "model classifier training machine learning neural network svm regression cluster clustering "
    "dataset predict prediction random forest decision tree accuracy features ai llm token",
    "computing": "code program programming python java software database sql query table server file files folder data "
    "api json algorithm function script computer website url web app system user log password git docker kubernetes "
    "cloud record records column html css javascript deploy version repository linux command terminal memory cpu",
    "art": "art artist artwork painting paint sculpture museum gallery exhibition drawing color colour photo "
    "photography "
    "design canvas sketch auction picasso monet statue draw",
    "history": "history historical war battle king queen emperor monarch monarchs empire president century ancient "
    "revolution treaty era civilization dynasty medieval independence historic event founder discovery invention "
    "inventor scientist discovered invented theory",
    "religion": "religion religious christianity islam buddhism hinduism church bible god temple pope mosque prayer",
    "politics": "politics government president election vote senator congress party law minister governor mayor policy",
    "geography": "geography country countries city capital population river mountain continent state ocean lake area "
    "region elevation timezone border",
    "property": "house home apartment property real estate rent bedroom bathroom mortgage villa condo building room "
    "tenant landlord furniture sofa interior living garden architect renovation",
    "communication": "email mail message send text call phone sms contact chat letter reply inbox notify "
    "slack whatsapp "
    "recipient subject attachment",
    "calendar": "calendar appointment meeting schedule event reminder remind date deadline invite agenda",
    "notes": "note notes remember memo todo task list checklist recall memory",
    "time": "time clock timezone hour minute date day today now alarm timer sunrise sunset",
    "jobs": "job jobs employee employer career work hire resume salary interview position company hr staff quit boss",
    "education": "school university college student teacher course class grade exam study education degree "
    "lesson learn",
    "language": "language translate translation english french spanish german word grammar sentence meaning synonym "
    "define definition dictionary spell",
    "news": "news headline headlines article journalist newspaper breaking report press",
    "environment": "environment carbon emission emissions pollution air quality solar energy wind renewable recycle "
    "footprint co2 climate greenhouse waste water ecology",
    "animals": "animal pet dog cat fish bird horse zoo wildlife breed veterinarian puppy",
    "fashion": "fashion clothes clothing shirt dress shoes outfit wear size jacket style brand",
    "beauty": "hair salon makeup skin spa massage haircut beauty cosmetic",
    "humour": "joke jokes funny laugh riddle pun story poem",
    "feelings": "feel feeling love happy sad friend friends relationship marry life advice should",
    "astronomy": "planet star moon sun space galaxy earth mars astronomy rocket orbit nasa telescope asteroid solar",
}
FIELDS_OF: dict[str, frozenset[str]] = {}
for _field, _words in _FIELDS.items():
    for _word in _words.split():
        FIELDS_OF[stem(_word)] = FIELDS_OF.get(stem(_word), frozenset()) | {_field}


def fields_of(stems: frozenset[str]) -> frozenset[str]:
    """The fields that some words belong to."""
    return frozenset().union(*(FIELDS_OF.get(word, frozenset()) for word in stems))
