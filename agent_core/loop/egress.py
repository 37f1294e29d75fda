"""Private data and models that are not on this machine: asked about once per run, or settled by a rule."""

from __future__ import annotations

from agent_core.gate.approvals import Approvals
from agent_core.gate.binding import canonical, digest, preview_hash
from agent_core.gate.call import Denied, WaitingForPerson
from agent_core.gate.gate import Gate
from agent_core.gate.labels import PRIVATE, Labels
from agent_core.gate.pending import Item, Pending, Source, pending_id
from agent_core.gate.policy import Policy, Rule, Surroundings, standing_rules
from agent_core.tools.tool import Preview, Tool

MODEL_REQUEST = Tool.from_schema(
    None,
    "model_request",
    "Send what was read so far to a language model that runs elsewhere.",
    {"type": "object", "properties": {"model": {"type": "string"}}, "required": ["model"]},
    read_only=True,
    open_world=True,
)
"""Stands for the request in rules and questions: `agent-core rules add allow "model_request(model=openai:*)"`."""


def may_leave(
    model: str,
    seen: Labels,
    run_id: str,
    where: Surroundings,
    approvals: Approvals,
    policy: Policy,
    gate: Gate,
    run_rules: tuple[Rule, ...] = (),
) -> None:
    """Let a conversation that holds private data go to a remote model only with a person's word.

    Raises:
        WaitingForPerson: it was asked and is not answered yet.
        Denied: a person or a rule says no.
    """
    if PRIVATE not in seen:
        return
    args = {"model": model}
    # The labels are what is being asked about: a rule that names this flow is a person's word on it.
    decision = policy.decide(MODEL_REQUEST, args, frozenset(), where, run_rules)
    if decision.effect == "deny":
        raise Denied(f"private data may not go to {model}: {decision.why}")
    if decision.effect == "allow" and decision.rule is not None:
        return
    question_id = pending_id(run_id, MODEL_REQUEST.name, model)
    answer = approvals.answer_of(question_id)
    if answer is None:
        sources = gate.sources(where.conversation_id, seen)
        pending = _question(question_id, model, seen, sources, run_id, where, decision.version)
        approvals.ask(pending)
        raise WaitingForPerson(pending)
    if not answer.get("approved"):
        raise Denied(f"private data may not go to {model}: {answer.get('reason') or 'no reason was given'}")


def _question(
    question_id: str,
    model: str,
    seen: Labels,
    sources: tuple[Source, ...],
    run_id: str,
    where: Surroundings,
    version: str,
) -> Pending:
    args = {"model": model}
    preview = Preview(f"Send what was read in this run, and the conversation so far, to {model}.")
    item = Item(
        call_key=f"{run_id}//0/model",
        tool=MODEL_REQUEST.name,
        args=args,
        args_hash=digest(MODEL_REQUEST.name, canonical(args), ""),
        preview=preview.text,
        preview_kind=preview.kind,
        preview_hash=preview_hash(preview),
        schema_hash=MODEL_REQUEST.schema_hash,
        policy_version=version,
    )
    return Pending(
        id=question_id,
        run_id=run_id,
        step_id="",
        kind="call",
        why=f"private data was read, and the model {model} runs outside this machine",
        items=(item,),
        rules=standing_rules(MODEL_REQUEST, [args], where),
        labels=tuple(sorted(seen)),
        seen=sources,
        leaves=True,
        as_asked=True,
    )
