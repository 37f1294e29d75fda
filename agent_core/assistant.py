"""What an app embeds: ask, look at what waits, answer it, go on.

    async with Assistant(model="offline", workspace=folder) as assistant:
        answer = await assistant.ask("Work out 12.5% of 480")

An assistant holds no conversation: everything is in the journal under its home, so that many of them, in many
processes, may work on one home, and any of them can go on with what another began.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from agent_core.answer import Answer
from agent_core.assembly import Assembly
from agent_core.errors import AgentCoreError, UsageError
from agent_core.event_log import EventLog
from agent_core.events import AnswerReady, Event
from agent_core.gate.pending import Pending
from agent_core.gate.policy import Scope, Surroundings
from agent_core.gate.rule_text import parse_pattern
from agent_core.journal.lease import lease, new_owner
from agent_core.loop.checker import cited
from agent_core.loop.opening import Attachment, RunOptions, begin, reopen
from agent_core.loop.run import drive, plan_only
from agent_core.loop.state import Run
from agent_core.personas import persona_named
from agent_core.planning.check import check
from agent_core.planning.edit import edit
from agent_core.planning.plan import Plan
from agent_core.tools.tool import Tool

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from agent_core.loop.undo import Undoing

T = TypeVar("T")
Approver = Callable[["Assistant", Pending], Awaitable[None]]
"""Asks a person who is there; answers with `approve`, `deny` or `reply`, or returns to leave the run waiting."""


class Assistant:
    """A planner and executor over the tools of plugins and of the app."""

    def __init__(
        self,
        model: str | Model | None = None,
        *,
        tools: Sequence[Tool] = (),
        plugins: Literal[False] | Sequence[str] | None = None,
        mcp: Literal[False] | Sequence[str] | None = None,
        home: Path | str | None = None,
        workspace: Path | str | None = None,
        persona: str | None = None,
        allow: Sequence[str] = (),
        deny: Sequence[str] = (),
        approver: Approver | None = None,
        listener: Callable[[Event], None] | None = None,
    ) -> None:
        """Load the plugins and open the journal; no model is reached before the first request.

        Args:
            model: A pydantic-ai model or the name of one, `offline`, or `auto`; None: what the settings say.
            tools: Tools of the app, beside those of the plugins.
            plugins: None for all that are installed, False for none, or the names of those wanted.
            mcp: None for all MCP servers of the settings, False for none, or the names of those wanted.
            home: The state folder; None: AGENT_CORE_HOME or the platform's own.
            workspace: The folder that tools work in; None: the current one.
            persona: The name of a persona, or the folder of one.
            allow: Patterns of tools whose calls need no yes in this assistant's runs: TOOL or TOOL(arg=pattern).
            deny: Patterns of tools that its runs may not use.
            approver: Asks a person who is there; without one, runs wait in the journal.
            listener: Called with every event of every run, in order, also with the reply as it is written; it must
                return quickly and may not raise.

        Raises:
            UsageError, ConfigurationError, JournalError: what was named does not exist or cannot be used.
        """
        self._log = EventLog()
        self._approver = approver
        self._assembly = Assembly(
            model=model,
            tools=tools,
            plugins=plugins,
            mcp=mcp,
            home=Path(home) if home is not None else None,
            workspace=Path(workspace) if workspace is not None else None,
            emit=self._log,
            asker=self._ask_person if approver else None,
        )
        self._listener = listener
        self._log.connect(self._assembly.runs, self._dispatch)
        self._allow, self._deny = tuple(allow), tuple(deny)
        try:
            self._persona = persona_named(persona, self._assembly.personas) if persona else None
            for pattern in (*allow, *deny):
                parse_pattern(pattern)
        except AgentCoreError:
            self._assembly.journal.close()
            raise
        self._asking = asyncio.Lock()
        self._working: dict[str, Run] = {}
        self._paused: dict[str, Run] = {}
        """Runs of which no step is under way while somebody who is there is asked."""
        self._runner: asyncio.Runner | None = None

    @property
    def parts(self) -> Assembly:
        """The parts it is made of: settings, plugins, journal, policy. For commands and tests, not for apps."""
        return self._assembly

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    async def aclose(self) -> None:
        """Stop child processes and close the journal. Runs that wait stay in it."""
        await self._assembly.aclose()

    # -- requests

    async def ask(
        self,
        text: str,
        *,
        conversation: str | None = None,
        user: str | None = None,
        attachments: Sequence[Attachment] = (),
        plan_first: bool = False,
    ) -> Answer:
        """Plan the request and carry it out, as far as it goes without a person.

        Args:
            text: The user's own words.
            conversation: Continue this one; None begins a new one.
            user: Whom it is for; notes, rules and caches of one user are not another's.
            attachments: Untrusted content that comes with the request.
            plan_first: Wait for a yes to the plan before its first step.
        """
        run = await self._begin(text, conversation, user, attachments, plan_first)
        return await self._work(run)

    async def stream(
        self,
        text: str,
        *,
        conversation: str | None = None,
        user: str | None = None,
        attachments: Sequence[Attachment] = (),
        plan_first: bool = False,
    ) -> AsyncIterator[Event]:
        """The same, as events while it happens; the last one is `AnswerReady`. Leaving the loop cancels the run."""
        run = await self._begin(text, conversation, user, attachments, plan_first)
        run.stream = True
        with self._log.listen(run.id) as events:
            work = asyncio.create_task(self._work(run))
            work.add_done_callback(lambda _: events.put_nowait(None))
            try:
                while (event := await events.get()) is not None:
                    yield event
                yield AnswerReady(run.id, answer=await work)
            finally:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work

    async def plan(self, text: str, *, attachments: Sequence[Attachment] = (), user: str | None = None) -> Plan:
        """What would be done, checked; nothing has run. A request that needs no tool gives a plan without steps."""
        run = await self._begin(text, None, user, attachments, plan_first=False)
        async with lease(self._assembly.journal, run.id, new_owner()):
            try:
                return await plan_only(run)
            finally:
                self._log.release(run.id)

    async def run_workflow(
        self, plan: Plan, inputs: Mapping[str, Any], *, user: str | None = None, conversation: str | None = None
    ) -> Answer:
        """Carry out a plan that was saved, with these inputs; no planner is asked for it.

        Raises:
            PlanError: it does not fit the tools that are loaded, or an input is missing or wrong.
        """
        from agent_core.planning.workflow import with_inputs

        ready = with_inputs(plan, inputs)
        check(ready, self._assembly.tools, frozenset(self._assembly.personas))
        return await self._work(await self._begin(ready.goal, conversation, user, (), plan_first=False, plan=ready))

    async def resume(self, run_id: str) -> Answer:
        """Go on with a run that waited, was interrupted or was killed; what was done is not done again."""
        row = self._assembly.runs.get(run_id)
        if row.answer is not None or row.status == "done":
            return self.answer_of(run_id)
        if row.forgotten_at is not None:
            raise UsageError(f"Run {run_id!r} cannot go on: its secrets are deleted (journal.undo_days); ask again.")
        await self._assembly.resolve_models()
        await self._assembly.read_servers()
        async with lease(self._assembly.journal, run_id, new_owner()):
            # Read only now: until it let go of the run, another process may have worked on it.
            run = reopen(self._assembly, run_id)
            if run.answer is None:
                await self._drive(run)
        return self._answer_now(run)

    # -- answers to what waits

    def pending(self, run_id: str | None = None, *, user: str | None = None) -> list[Pending]:
        """What waits for a person, oldest first; of one run, of one user's runs, or all."""
        waiting = self._assembly.approvals.open(run_id)
        runs = self._assembly.runs
        return [pending for pending in waiting if user is None or runs.get(pending.run_id).user == user]

    async def approve(
        self,
        pending_id: str,
        arguments: Mapping[str, Any] | None = None,
        scope: Scope = "once",
        rule: str | None = None,
        items: Collection[int] | None = None,
        *,
        user: str | None = None,
    ) -> None:
        """Say yes, perhaps with other arguments or for more than this once; `resume` goes on with the run.

        Args:
            pending_id: What is answered.
            arguments: Values that replace those that were asked about.
            scope: "once", or how far a rule reaches that is stored: "session" (the conversation), "project" (the
                workspace folder) or "always" (the user).
            rule: TOOL(parameter=pattern, ...) to store in place of the rules that the question shows.
            items: Which calls of several the yes is for, counted from 1; the others are denied. None: all.
            user: Who answers, where an app serves several: only the user of the run may. None: the app has checked.
        """
        where = self._where(pending_id, user)
        decisions = self._assembly.decisions
        await decisions.approve(pending_id, where, arguments=arguments, scope=scope, rule=rule, items=items)

    async def revised(
        self,
        pending_id: str,
        arguments: Mapping[str, Any] | None = None,
        items: Collection[int] | None = None,
        *,
        user: str | None = None,
    ) -> Pending:
        """The question as a yes with these arguments would answer it: its preview and its rules. Nothing is stored."""
        return await self._assembly.decisions.revised(pending_id, self._where(pending_id, user), arguments, items)

    async def deny(self, pending_id: str, reason: str, *, user: str | None = None) -> None:
        """Say no, and why."""
        self._assembly.decisions.deny(pending_id, reason, self._where(pending_id, user))

    async def reply(self, pending_id: str, value: Any, *, user: str | None = None) -> None:
        """Answer a question, or hand in the result of a call that the app carried out."""
        self._assembly.decisions.reply(pending_id, value, self._where(pending_id, user))

    async def edit_plan(self, run_id: str, plan: Plan) -> None:
        """Replace what has not started yet of a run that waits; steps that have ended must stay as they are.

        Raises:
            PlanError: the plan does not hold together, or changes what was done or begun.
            UsageError: the run is being worked on.
        """
        if (paused := self._paused.get(run_id)) is not None:
            self._edit_plan(paused, plan)
            return
        async with lease(self._assembly.journal, run_id, new_owner()):
            self._edit_plan(reopen(self._assembly, run_id), plan)

    def _edit_plan(self, run: Run, plan: Plan) -> None:
        if run.answer is not None:
            raise UsageError(f"Run {run.id!r} has ended; its plan cannot be changed any more.")
        begun = set(run.results) | self._assembly.runs.begun_steps(run.id)
        edited = edit(run.plan, self._without_secrets(plan, run.row.conversation_id), begun, run.planner.seen)
        check(edited, run.tools, frozenset(self._assembly.personas))
        before, after = ({step.id: step for step in steps} for steps in (run.plan.steps, edited.steps))
        changed = {name for name, step in before.items() if after.get(name) != step}
        with self._assembly.runs.transaction():
            self._assembly.approvals.withdraw(run.id, changed)
            run.adopt(edited, "user")

    async def feedback(
        self, run_id: str, rating: Literal["up", "down"] | None = None, correction: str | None = None
    ) -> None:
        """Say whether an answer was good, and what a better one would have been."""
        if rating not in (None, "up", "down") or not (rating or correction):
            raise UsageError(f"Feedback is a rating 'up' or 'down', a correction, or both; not {rating!r}.")
        row = self._assembly.runs.get(run_id)
        told = self._assembly.vault.tokenise(correction, row.conversation_id)
        self._assembly.runs.add_feedback(run_id, rating, told)

    def undoable(self, run_id: str) -> list[Undoing]:
        """What `undo` would take back, and what it could not, in that order; nothing is changed."""
        from agent_core.loop.undo import undoable

        self._assembly.runs.get(run_id)
        return undoable(self._assembly, run_id)

    async def undo(self, run_id: str) -> list[dict[str, str]]:
        """Take back what a run did, newest first; returns {call, tool, status, detail} for every action."""
        from agent_core.loop.undo import undo_run

        async with lease(self._assembly.journal, run_id, new_owner()):
            return await undo_run(self._assembly, run_id)

    def answer_of(self, run_id: str) -> Answer:
        """A run as it stands in the journal."""
        run = reopen(self._assembly, run_id)
        return self._answer_now(run)

    # -- sync twins, for code without an event loop

    def ask_sync(self, text: str, **options: Any) -> Answer:
        """`ask`, for code without an event loop."""
        return self.run_sync(self.ask(text, **options))

    def plan_sync(self, text: str, **options: Any) -> Plan:
        """`plan`, for code without an event loop."""
        return self.run_sync(self.plan(text, **options))

    def resume_sync(self, run_id: str) -> Answer:
        """`resume`, for code without an event loop."""
        return self.run_sync(self.resume(run_id))

    def approve_sync(self, pending_id: str, **options: Any) -> None:
        """`approve`, for code without an event loop."""
        self.run_sync(self.approve(pending_id, **options))

    def deny_sync(self, pending_id: str, reason: str) -> None:
        """`deny`, for code without an event loop."""
        self.run_sync(self.deny(pending_id, reason))

    def reply_sync(self, pending_id: str, value: Any) -> None:
        """`reply`, for code without an event loop."""
        self.run_sync(self.reply(pending_id, value))

    def feedback_sync(self, run_id: str, **options: Any) -> None:
        """`feedback`, for code without an event loop."""
        self.run_sync(self.feedback(run_id, **options))

    def run_sync(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of this assistant on an event loop of its own, which lasts until `close`."""
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            work.close()
            raise UsageError("There is an event loop already; await the method without _sync instead.")
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work)

    def close(self) -> None:
        """`aclose`, for code without an event loop."""
        self.run_sync(self.aclose())
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    # -- inside

    async def _begin(
        self,
        text: str,
        conversation: str | None,
        user: str | None,
        attachments: Sequence[Attachment],
        plan_first: bool,
        plan: Plan | None = None,
    ) -> Run:
        await self._assembly.resolve_models()
        await self._assembly.read_servers()
        if self._assembly.retention.due:
            await asyncio.to_thread(self._assembly.retention.look_after)
        options = RunOptions(self._allow, self._deny, self._persona, plan_first)
        # Together: a run that is there without its plan would be taken for a request that nobody has planned yet.
        with self._assembly.runs.transaction():
            run = begin(self._assembly, text, options, conversation, user or "local", attachments)
            if plan is not None:
                run.adopt(self._without_secrets(plan, run.row.conversation_id), "workflow")
        return run

    def _dispatch(self, event: Event) -> None:
        self._assembly.plugins.dispatch_event(event)
        if self._listener is not None:
            self._listener(event)

    async def _work(self, run: Run) -> Answer:
        async with lease(self._assembly.journal, run.id, new_owner()):
            await self._drive(run)
        return self._answer_now(run)

    async def _drive(self, run: Run) -> None:
        run.stream = run.stream or self._listener is not None
        self._working[run.id] = run
        try:
            status = await drive(run)
            while status == "waiting" and await self._asked(run):
                run.waiting.clear()
                status = await drive(run)
        finally:
            del self._working[run.id]
            self._log.release(run.id)

    async def _asked(self, run: Run) -> bool:
        """Put what waits to the person who is there; whether anything was answered."""
        if self._approver is None:
            return False
        before = {pending.id for pending in self.pending(run.id)}
        self._paused[run.id] = run
        try:
            for pending in self.pending(run.id):
                await self._ask_person(pending)
        finally:
            del self._paused[run.id]
        return bool(before - {pending.id for pending in self.pending(run.id)})

    async def _ask_person(self, pending: Pending) -> None:
        run = self._working.get(pending.run_id)
        if self._approver is None or run is None or pending.id in run.asked:
            return
        run.asked.add(pending.id)
        since = time.monotonic()
        try:
            async with self._asking:  # one question at a time: a person reads one thing after the other
                await self._approver(self, pending)
        finally:
            run.waited_s += time.monotonic() - since

    def _without_secrets(self, plan: Plan, conversation_id: str) -> Plan:
        return Plan.model_validate(self._assembly.vault.tokenise(plan.model_dump(mode="json"), conversation_id))

    def _answer_now(self, run: Run) -> Answer:
        row = self._assembly.runs.get(run.id)
        # The journal holds tokens in place of secrets; whoever is answered has told them.
        text = str(self._assembly.vault.reveal(row.answer or "", {row.conversation_id}))
        return Answer(
            run_id=run.id,
            conversation_id=row.conversation_id,
            status=row.status,
            text=text,
            citations=cited(text, run),
            plan=run.plan if run.plan.steps else None,
            steps=run.results,
            calls=self._assembly.gate.ledger.calls.of_run(run.id),
            pending=self.pending(run.id) if row.status in ("waiting", "running", "cancelled") else [],
            usage=run.usage,
            model=self._assembly.runs.model_of(run.id),
            error=row.error,
        )

    def _where(self, pending_id: str, user: str | None) -> Surroundings:
        pending = self._assembly.approvals.get(pending_id)
        row = self._assembly.runs.get(pending.run_id)
        if user not in (None, row.user):
            # As if it did not exist: whose it is, is nobody else's business.
            raise UsageError(f"Nothing waits under the id {pending_id!r}; see: agent-core approvals list")
        return Surroundings(row.user, row.workspace, row.conversation_id, row.options.get("persona"))
