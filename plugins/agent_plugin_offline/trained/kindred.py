"""Words that mean about the same to somebody who asks for something: what is learned of one holds for its kin.

A thesaurus of everyday English, by meaning and without regard to any tool; a word may stand in several groups. The
trained models see the groups of a word beside the word itself, and find out which of them matter.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent_plugin_offline.text import stem

_GROUPS: Mapping[str, str] = {
    "remove": (
        "delete remove erase wipe bin trash scrap ditch dump discard junk axe chuck toss purge zap "
        "destroy shred nuke clear rid drop kill eliminate dispose obliterate unwanted redundant obsolete "
        "vanish gone lose"
    ),
    "cancel": (
        "cancel cancelled canceled scrap scratch strike cross scrub unbook abandon drop bail call-off "
        "off postponed skip undo dropped fallen"
    ),
    "forget": "forget unlearn disregard erase wipe drop outdated wrong longer",
    "move": (
        "move rename relocate shift transfer file archive tuck reposition migrate belongs belong landed sits goes"
    ),
    "name": "name rename call called named titled entitled label title retitle christen",
    "copy": "copy duplicate clone mirror backup back-up",
    "write": (
        "write save store create record put dump export output log type draft compose overwrite print stick stash"
    ),
    "begin": "make create start set establish begin open new fresh build set-up add need",
    "append": (
        "append add attach tack bottom end below underneath beneath onto extend another extra stick last "
        "line lines missing tail bolt top-up"
    ),
    "edit": (
        "edit change replace swap substitute alter correct fix update amend modify rewrite exchange "
        "adjust misspelt typo mistake wrong wherever instead should ought turn convert becomes become "
        "say says read reads"
    ),
    "read": (
        "read open show display print view see look peek glance view pull bring cat reveal recite "
        "contents content say says says inside skim browse load"
    ),
    "list": "list show display enumerate directory ls dir listing contents which what overview rundown",
    "search": (
        "search find look locate seek hunt track grep scan dig trace mention mentions mentioning contain "
        "contains containing appear appears occur occurs speak speaks talk talks refer refers somewhere "
        "says word phrase"
    ),
    "web": "web internet online net google googling googled website websites site bing duckduckgo browse",
    "page": "page link url website site webpage article fetch download grab load visit",
    "send": (
        "send email mail e-mail mailing emailing shoot fire dispatch forward drop message write tell let "
        "inform notify ping pass reply respond notice word answer"
    ),
    "unsent": (
        "draft prepare unsent ready later hold compose pending outline review reviewing drafts sent "
        "finish not-sent check"
    ),
    "mail": "mail email e-mail message letter note reply memo inbox recipient cc subject",
    "remember": (
        "remember note memorise memorize keep mind jot record store retain save log bear memo reference "
        "fyi lest forget minute track remind"
    ),
    "recall": "recall remember remind told said mentioned noted know forgotten again what's told tell whats",
    "notes": "note notes memo memos memory memories remembered reminders facts",
    "calendar": (
        "calendar diary agenda schedule planner timetable appointments appointment events event meetings "
        "meeting entry booking bookings plans slot"
    ),
    "schedule": (
        "schedule book add put enter pencil reserve arrange block plan set organise organize pop stick "
        "mark slot squeeze keep fix create make"
    ),
    "free": ("free busy available planned booked scheduled happening coming due on upcoming empty anything got"),
    "total": ("sum total much add tot altogether overall combined aggregate amount adds totals grand together whole"),
    "mean": "average mean typical averages avg averaged",
    "most": (
        "most highest largest biggest greatest maximum max top best longest dearest priciest heaviest "
        "tallest oldest latest newest fastest steepest peak record strongest"
    ),
    "least": (
        "least lowest smallest fewest minimum min bottom worst shortest cheapest lightest youngest "
        "earliest slowest coldest"
    ),
    "count": "count many number tally rows entries often",
    "different": "distinct different unique separate various",
    "table": "table spreadsheet sheet workbook csv column columns row rows fields records excel",
    "column": "column columns field fields header headers headings structure layout laid",
    "group": "per each every by grouped broken split breakdown group",
    "rank": "rank sort sorted order ranked ordered top first last ranking",
    "describe": "describe structure columns fields layout explain kind type overview summary",
    "folder": "folder directory folders directories subfolder dir place somewhere",
    "file": "file files document documents doc docs text",
    "mine": "my our mine ours",
    "compute": (
        "calculate compute work figure evaluate value much makes equals equal plus minus times divided "
        "multiplied product difference quotient percent percentage root squared cubed"
    ),
    "solve": (
        "solve equation equations unknown unknowns solution solutions roots satisfies satisfy holds determine zeros"
    ),
    "derive": "differentiate derivative slope gradient derive steep derivatives tangent rate",
    "integrate": "integrate integral antiderivative area integrals primitive",
    "limit": "limit lim approaches tends tend approaching goes",
    "expand": "expand multiply brackets parentheses out product expanded",
    "factor": "factor factorise factorize factors factored primes decompose factorisation split break",
    "simplify": "simplify simpler simplest tidy reduce shorter shortest shorten neaten condense simplified",
    "middle": "median middle central midpoint",
    "spread": "range spread span",
    "matrix": "matrix matrices determinant inverse invert transpose eigenvalues rank trace det",
    "statistics": "mean median mode deviation variance range average quartiles standard middle spread correlation",
    "documents": (
        "document documents contract policy handbook manual lease report according says minutes agreement letter"
    ),
    "ask": "what which who when where why how whose",
    "want": "want need like love would could can please mind kindly grateful appreciate",
    "opinion": "think should better best opinion feel believe advice favourite prefer recommend nicer worth",
    "creative": (
        "joke poem song story limerick rap haiku rhyme tale riddle compose sing verse sonnet fairy essay speech"
    ),
    "chat": ("hello hi hey thanks thank bye goodbye night morning star sorry sad tired love hate lonely bored dream"),
    "device": (
        "light lights heating music play alarm timer thermostat turn volume camera photo ring call phone "
        "taxi pizza translate weather print printer"
    ),
    "person": (
        "mum mom dad sister brother boss plumber doctor dentist client customer colleague team neighbour "
        "wife husband son daughter friend landlord teacher"
    ),
    "afterwards": "then afterwards next also too finally once and after plus",
    "unit": "minute minutes hour hours min mins hrs h half day days",
}


def _read() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for group, words in _GROUPS.items():
        for word in words.split():
            for form in {word, stem(word)}:
                if group not in found.setdefault(form, []):
                    found[form].append(group)
    return {word: tuple(groups) for word, groups in found.items()}


_GROUPS_OF = _read()


def groups_of(word: str) -> tuple[str, ...]:
    """The groups that a word, in lower case, or its stem belongs to."""
    return _GROUPS_OF.get(word) or _GROUPS_OF.get(stem(word), ())


def size_of(group: str) -> int:
    """How many words a group has: the fewer, the more they tell."""
    return len(_GROUPS[group].split())
