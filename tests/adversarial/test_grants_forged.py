"""Without any yes: grants, answers and rules that are written, moved, copied or edited in the journal permit nothing.

Attack by attack, for every way in which a call comes about: what the attacker wants does not happen, and the right
person's yes still does afterwards. The attacker may rewrite the journal's file, but has not the vault's key.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from agent_core.errors import UsageError
from agent_core.gate.policy import Rule
from tests.adversarial import attacks
from tests.adversarial.forging import Attack, every, grant_row, mark_answered
from tests.adversarial.scenes import KINDS, Scene

ATTACK = attacks.GRANTS

# -- without any yes

FORGERIES: dict[str, Attack] = {}


def forgery(attack: Attack) -> Attack:
    FORGERIES[attack.__name__.replace("_", " ")] = attack
    return attack


@forgery
async def a_grant_is_written_without_a_seal(scene, answer):
    for number, item in enumerate(item for pending in answer.pending for item in pending.items):
        scene.insert("grants", grant_row(scene, answer, item, nonce=str(number)))
    mark_answered(scene, answer)


@forgery
async def a_grant_is_written_with_an_invented_seal(scene, answer):
    for number, item in enumerate(item for pending in answer.pending for item in pending.items):
        scene.insert("grants", grant_row(scene, answer, item, nonce=str(number), seal="f" * 64))
    mark_answered(scene, answer)


@forgery
async def a_grant_of_another_run_is_moved_here(scene, answer):
    other = await scene.begin()
    await scene.say_yes(other)
    for mine, theirs in zip(answer.pending[0].items, other.pending[0].items, strict=True):
        scene.edit("UPDATE grants SET call_key = ? WHERE call_key = ?", mine.call_key, theirs.call_key)
    mark_answered(scene, answer)


@forgery
async def a_seal_of_another_runs_grant_is_copied(scene, answer):
    other = await scene.begin()
    await scene.say_yes(other)
    seal = (scene.rows("SELECT seal FROM grants") or [{"seal": "0" * 64}])[0]["seal"]
    for number, item in enumerate(answer.pending[0].items):
        scene.insert("grants", grant_row(scene, answer, item, nonce=str(number), seal=seal))


@forgery
async def the_question_is_marked_as_answered(scene, answer):
    mark_answered(scene, answer)


@forgery
async def the_questions_answer_is_copied_from_another_run_with_its_seal(scene, answer):
    other = await scene.begin()
    await scene.say_yes(other)
    (row,) = scene.rows("SELECT answer, seal FROM pending WHERE id = ?", other.pending[0].id)
    scene.edit(
        "UPDATE pending SET answered_at = 1, answer = ?, seal = ? WHERE id = ?",
        row["answer"],
        row["seal"],
        answer.pending[0].id,
    )


@forgery
async def a_rule_is_written_that_allows_everything(scene, answer):
    scene.insert("rules", {"id": "rule_0", "effect": "allow", "tool": "*", "scope": "always",
                           "scope_id": "local", "created_at": 1.0})  # fmt: skip


@forgery
async def a_rule_is_written_that_claims_to_be_the_runs_own(scene, answer):
    scene.insert("rules", {"id": "", "effect": "allow", "tool": "*", "scope": "run", "scope_id": "",
                           "created_at": 1.0})  # fmt: skip


@forgery
async def a_rule_is_widened(scene, answer):
    rule = scene.assistant().parts.policy.add(Rule("allow", "act", {"value": "no"}, "always", "local"))
    scene.edit("UPDATE rules SET arguments = '{}', tool = '*' WHERE id = ?", rule.id)


@forgery
async def a_revoked_rule_is_brought_back(scene, answer):
    policy = scene.assistant().parts.policy
    rule = policy.add(Rule("allow", "act", {}, "always", "local"))
    policy.revoke(rule.id)
    scene.edit("UPDATE rules SET revoked_at = NULL")


@forgery
async def a_rule_of_another_user_is_given_to_this_one(scene, answer):
    rule = scene.assistant().parts.policy.add(Rule("allow", "act", {}, "always", "eve"))
    scene.edit("UPDATE rules SET scope_id = 'local' WHERE id = ?", rule.id)


@forgery
async def the_runs_own_allowances_are_widened(scene, answer):
    scene.edit("UPDATE runs SET options = json_set(options, '$.allow', json('[\"*\"]')) WHERE id = ?", answer.run_id)


@forgery
async def the_runs_allowances_are_those_of_another_run(scene, answer):
    allowed = scene.assistant()
    allowed._allow = ("act",)
    other = await allowed.ask("something else")
    (row,) = scene.rows("SELECT options FROM runs WHERE id = ?", other.run_id)
    scene.edit("UPDATE runs SET options = ? WHERE id = ?", row["options"], answer.run_id)
    scene.done.clear()  # what the other run did, it was allowed to


@forgery
async def somebody_else_answers(scene, answer):
    eve = scene.assistant()
    for pending in answer.pending:
        for attempt in (eve.approve(pending.id, user="eve"), eve.reply(pending.id, "acted", user="eve")):
            with pytest.raises(UsageError, match="Nothing waits"):
                await attempt
    assert eve.pending(user="eve") == []


@forgery
async def the_same_question_of_another_run_is_answered(scene, answer):
    other = await scene.begin()
    await scene.say_yes(other)


@forgery
async def the_id_is_almost_right(scene, answer):
    asked = answer.pending[0].id
    assistant = scene.assistant()
    for wrong in (
        asked[:-1],
        asked.upper(),
        f" {asked}",
        f"{asked}\0",
        asked.replace("ask_", "ａsk_"),
        "",
        "%",
        "ask_%",
    ):
        for attempt in (assistant.approve(wrong), assistant.reply(wrong, "acted")):
            with pytest.raises(UsageError):
                await attempt


@forgery
async def the_answer_is_of_another_kind(scene, answer):
    assistant = scene.assistant()
    for pending in answer.pending:
        wrong = assistant.approve(pending.id) if scene.kind == "external" else assistant.approve(pending.id, items=[99])
        with pytest.raises(UsageError):
            await wrong
        if scene.kind not in ("external", "interrupted"):
            with pytest.raises(UsageError):
                await assistant.reply(pending.id, "yes")


@forgery
async def it_is_resumed_again_and_again(scene, answer):
    for _ in range(3):
        await scene.resume(answer)
    await asyncio.gather(*(scene.resume(answer) for _ in range(3)), return_exceptions=True)


@forgery
async def the_preview_in_the_question_is_swapped(scene, answer):
    scene.edit("UPDATE pending SET data = replace(data, 'as it stands', 'harmless') WHERE run_id = ?", answer.run_id)
    scene.edit("UPDATE pending SET data = replace(data, 'act', 'aсt') WHERE run_id = ?", answer.run_id)
    assistant = scene.assistant()
    for pending in answer.pending:
        for attempt in (assistant.approve(pending.id), assistant.reply(pending.id, "acted")):
            with pytest.raises(UsageError, match="changed in the journal"):
                await attempt


@forgery
async def two_questions_are_swapped(scene, answer):
    other = await scene.begin()
    rows = scene.rows("SELECT id, data FROM pending WHERE answered_at IS NULL ORDER BY id")
    for row, data in zip(rows, reversed([row["data"] for row in rows]), strict=True):
        scene.edit("UPDATE pending SET data = ? WHERE id = ?", data, row["id"])
    assistant = scene.assistant()
    for pending in other.pending:  # whoever answers means the other run's
        with suppress(UsageError):
            await assistant.approve(pending.id)


@forgery
async def the_call_is_marked_as_begun(scene, answer):
    scene.edit("UPDATE calls SET status = 'intent', started_at = 1 WHERE run_id = ?", answer.run_id)


@every(FORGERIES, KINDS)
async def test_without_a_yes_nothing_runs(scene: Scene, attack: Attack) -> None:
    answer = await scene.begin()
    assert answer.status == "waiting", answer.steps
    await attack(scene, answer)
    after = await scene.resume(answer)
    assert scene.done == []
    assert after.status == "waiting"
    answer = await scene.finish(answer)
    assert (scene.done, answer.status) == (scene.wanted, "done")
