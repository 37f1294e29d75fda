"""A yes counts once, a no stays a no, and of two answers at once one counts."""

from __future__ import annotations

import asyncio

import pytest

from agent_core.errors import UsageError
from agent_core.gate.policy import Rule
from tests.adversarial import attacks
from tests.adversarial.forging import ASKED, Attack, every
from tests.adversarial.scenes import KINDS, Scene

ATTACK = attacks.GRANTS

# -- a yes counts once

REPLAYS: dict[str, Attack] = {}


def replay(attack: Attack) -> Attack:
    REPLAYS[attack.__name__.replace("_", " ")] = attack
    return attack


@replay
async def it_is_answered_twice(scene, answer):
    assistant = scene.assistant()
    for pending in answer.pending:
        for again in (assistant.approve(pending.id), assistant.deny(pending.id, "no"), assistant.reply(pending.id, 1)):
            with pytest.raises(UsageError, match=r"answered already|carried out|approve or deny"):
                await again


@replay
async def it_is_resumed_by_several_at_once(scene, answer):
    await asyncio.gather(*(scene.resume(answer) for _ in range(4)), return_exceptions=True)


@replay
async def it_is_resumed_over_and_over(scene, answer):
    for _ in range(3):
        await scene.resume(answer)


@replay
async def the_grant_is_copied(scene, answer):
    for row in scene.rows("SELECT * FROM grants"):
        scene.insert("grants", {**row, "nonce": "copy" + row["nonce"]})
    await scene.resume(answer)


@replay
async def the_grant_is_marked_as_unspent(scene, answer):
    await scene.resume(answer)
    scene.edit("UPDATE grants SET spent_at = NULL")


@replay
async def another_run_asks_for_the_same(scene, answer):
    other = await scene.begin()
    await scene.resume(answer)
    before = list(scene.done)
    assert (await scene.assistant().resume(other.run_id)).status == "waiting"
    assert scene.done == before


@every(REPLAYS, KINDS)
async def test_a_yes_counts_once(scene: Scene, attack: Attack) -> None:
    answer = await scene.begin()
    await scene.say_yes(answer)
    await attack(scene, answer)
    answer = await scene.resume(answer)
    assert (scene.done, answer.status) == (scene.wanted, "done")


@pytest.mark.parametrize("scene", ["workflow"], indirect=True)
async def test_what_was_done_is_asked_about_again_where_its_record_was_wiped(scene: Scene) -> None:
    answer = await scene.begin()
    await scene.say_yes(answer)
    await scene.resume(answer)
    assert scene.done == scene.wanted
    scene.edit("DELETE FROM calls")
    scene.edit("DELETE FROM steps")
    scene.edit("UPDATE grants SET spent_at = NULL")
    scene.edit("UPDATE runs SET answer = NULL, status = 'waiting'")
    assert (await scene.resume(answer)).status == "waiting"
    assert scene.done == scene.wanted
    await scene.finish(answer)
    assert scene.done == scene.wanted * 2, "a yes to it, said once more, counts"


# -- a no stays a no


@pytest.mark.parametrize("scene", ASKED, indirect=True)
@pytest.mark.parametrize("turned", ["grant", "answer", "both"])
async def test_a_no_cannot_be_turned_into_a_yes(scene: Scene, turned: str) -> None:
    answer = await scene.begin()
    assistant = scene.assistant()
    for pending in answer.pending:
        await assistant.deny(pending.id, "no")
    if turned in ("grant", "both"):
        scene.edit("UPDATE grants SET verdict = 'approved'")
    if turned in ("answer", "both"):
        scene.edit("UPDATE pending SET answer = '{\"approved\":true}'")
    after = await scene.resume(answer)
    assert scene.done == []
    if after.status == "waiting":
        answer = await scene.finish(answer)
        assert scene.done == scene.wanted


@pytest.mark.parametrize("scene", ASKED, indirect=True)
async def test_an_earlier_yes_does_not_come_back_after_a_no(scene: Scene) -> None:
    answer = await scene.begin()
    await scene.say_yes(answer)
    assistant = scene.assistant()
    rule = assistant.parts.policy.add(Rule("ask", "act", {}, "always", "local"))
    answer = await scene.resume(answer)
    for pending in answer.pending:
        await assistant.deny(pending.id, "no, after all")
    assistant.parts.policy.revoke(rule.id)  # the policy is again as it was when yes was said
    after = await scene.resume(answer)
    assert scene.done == []
    if after.status == "waiting":
        assert (await scene.finish(answer)).status == "done"
        assert scene.done == scene.wanted


# -- two answers at once


@pytest.mark.parametrize("scene", ASKED, indirect=True)
async def test_of_two_answers_at_once_one_counts(scene: Scene) -> None:
    answer = await scene.begin()
    both = [scene.assistant(), scene.assistant()]
    pending = answer.pending[0]
    said = await asyncio.gather(
        both[0].approve(pending.id), both[1].deny(pending.id, "no"), both[0].approve(pending.id), return_exceptions=True
    )
    assert [type(outcome) for outcome in said if outcome is not None] == [UsageError, UsageError]
    yes = said[1] is not None
    await asyncio.gather(*(scene.resume(answer) for _ in range(3)), return_exceptions=True)
    await scene.resume(answer)
    assert scene.done == (scene.wanted if yes else [])
