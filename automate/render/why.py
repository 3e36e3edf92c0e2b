"""Explanations in words: why a task ran, did not run or will not run."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from shlex import join

from automate.characters import visible
from automate.operate.advice import Advice, is_unserved
from automate.operate.explanations import Explained, Explanation, Followed
from automate.outcomes import satisfied
from automate.render.columns import GAP, fits, table, text_width, wrapped
from automate.render.figures import duration, end, relative, terms, when
from automate.render.runs import left_behind
from automate.render.screen import Painted, Screen, paint
from automate.render.why_sentences import instant, ran, sentence, waits_for
from automate.rules.verdicts import Answer

_VERDICTS = {"not_asked": "not asked", "maybe": "probably no", "later": "asked then", "decided": "no"}
_COLOURS = {"decided": "failed", "maybe": "warning", "waits": "pending", "not_asked": "faint", "later": "faint"}


def text(explanation: Explanation, todo: Sequence[Advice], options: Sequence[str], screen: Screen) -> str:
    """Return a sentence on what happened, the deciding question, further facts, and what to do.

    `options` name the instance on a command line.
    """
    parts = [sentences(explanation, screen)]
    if facts := dict.fromkeys(_facts(explanation, screen)):
        rows = [(f"  {label}", each) for label, each in _labelled(facts)]
        parts.append(_table(_with_room(rows, screen), screen))
    if todo:
        lines = _table([(f"  {each.what}:", each.line(options)) for each in todo], screen)
        if not fits(lines, screen):
            lines = "".join(f"  {each.what}:\n    {visible(each.line(options))}\n" for each in todo)
        parts.append(paint("What to do", "heading", screen) + "\n" + lines)
    return "\n".join(parts)


def sentences(explanation: Explanation, screen: Screen) -> str:
    """Return the answer, then each due time or run in question with the questions that were asked about it."""
    lines = []
    if (answer := sentence(explanation, None)) is not None:
        lines.append(_heading(answer, screen))
    for each in explanation.told:
        lines.append(_heading(sentence(explanation, each) or "", screen))
        lines.append(_questions(each, screen))
    return "".join(lines)


def _heading(text: str, screen: Screen) -> str:
    return "".join(f"{paint(line, 'heading', screen)}\n" for line in wrapped(visible(text), screen))


def _questions(each: Explained, screen: Screen) -> str:
    """List the questions in the order in which they are asked; those in a row with the same answer share a line."""
    rows = []
    for verdict, answers in groupby(each.fate.answers, key=lambda answer: answer.verdict):
        asked = [*answers]
        words = "; ".join(filter(None, (_words(answer, each) for answer in asked)))
        shown = paint(_VERDICTS.get(verdict, verdict), _COLOURS.get(verdict, ""), screen)
        rows.append((f"  {', '.join(answer.question for answer in asked)}", shown, words))
    return _table(_with_room(rows, screen), screen)


def _words(answer: Answer, each: Explained) -> str:
    if answer.verdict == "decided":
        return f"{each.fate.reason}, {end(each.pause)}" if each.pause is not None else each.fate.reason or ""
    if answer.verdict == "waits":
        return "; ".join(waits_for(one) for one in each.known.hindrances if one.cause == answer.question)
    if answer.verdict == "maybe" and each.known.in_the_way is not None:
        verdict = each.known.in_the_way
        return f"{verdict.action}: {verdict.refusal.reason}" if verdict.refusal else verdict.action
    return ""


def _facts(explanation: Explanation, screen: Screen) -> Iterator[tuple[str, str]]:
    """Labels, each with a line; of those that are the same only the first is shown."""
    yield from _schedule(explanation)
    for label, due in (("due before", explanation.previous), ("due next", explanation.next)):
        if due is not None and due.due not in [each.known.due for each in explanation.told]:
            yield label, when(due.due, seconds=None)
    if explanation.runs_next is not None:
        yield "runs next", when(explanation.runs_next.due, seconds=None)
    if any(each.fate.decided == "condition" for each in explanation.told):
        yield "condition", _condition(explanation)
    for each in explanation.told:
        if each.due is not None and each.due.note:
            yield "clocks", f"{when(each.due.due)}: {each.due.note}"
        if each.blocking is not None and each.blocking.since is not None:
            yield "in its way", f"#{each.blocking.run}, {_running(each)}"
    yield from (("besides", f"it {ran(record)}") for record in explanation.besides)
    yield from (("after", _follows(followed, screen)) for followed in explanation.follows)
    yield from _file(explanation)
    for pause in explanation.pauses:
        yield "paused", f"{'' if pause.task else 'all tasks '}{terms(pause)}"
    yield from (("left behind", left_behind(process)) for process in explanation.left_behind)
    yield "scheduler", _scheduler(explanation)


def _condition(explanation: Explanation) -> str:
    task = explanation.subject.task
    condition = None if task is None else task.condition
    return condition if isinstance(condition, str) else join(condition or ())


def _running(each: Explained) -> str:
    held = each.blocking
    if held is None or held.since is None:
        return ""
    pid = f", process {held.pid}" if held.pid is not None else ""
    return f"running since {instant(held.since)}{pid}"


def _schedule(explanation: Explanation) -> Iterator[tuple[str, str]]:
    subject = explanation.subject
    if not subject.in_force:
        return
    told = [each.known.due for each in explanation.told if each.known.due is not None]
    spans = [next((span for span in subject.in_force if span.since < due <= span.until), None) for due in told]
    for span in dict.fromkeys(filter(None, spans)) if any(spans) else subject.in_force[-1:]:
        zone = span.schedule.zone_name
        until = f" until {instant(span.until)}" if span.until <= explanation.now else ""
        since = f"in force since {instant(span.since)}{until}" if span.since < explanation.now else "not in force yet"
        yield "schedule", f"{span.schedule.describe()} ({zone}), {since}"
    if subject.delay:
        yield "jitter", f"starts {duration(subject.delay)} after its due times on this host"


def _follows(followed: Followed, screen: Screen) -> str:
    wanted = f"{followed.task}, once it ends as {followed.wanted}"
    if not followed.exists:
        return f"{wanted}: there is no such task"
    if followed.last is None:
        return f"{wanted}: it has not run yet"
    last, then = followed.last, ""
    if not satisfied(followed.wanted, last.outcome):
        then = ", so it did not follow"
    elif followed.run is not None:
        then = f", and #{followed.run} followed"
    return f"{wanted}: #{last.id} ended as {last.outcome} {relative(last.ended, screen.now)}{then}"


def _file(explanation: Explanation) -> Iterator[tuple[str, str]]:
    subject = explanation.subject
    for fault in subject.faults:
        yield "fault", str(fault)
    if subject.faults:
        is_known = subject.scheduled is not None
        yield "in force", "its last definition without a fault" if is_known else "nothing: the task never runs"
    if subject.is_removed:
        seen = "; no scheduler has seen that yet" if subject.scheduled is not None else ""
        yield "file", f"was removed: the task is no longer due{seen}"
    elif subject.scheduled is None and not subject.faults:
        yield "file", f"{subject.entry.path if subject.entry else ''}: no scheduler has seen it yet"
    elif subject.is_changed:
        yield "file", "was changed; the scheduler has not read it yet"


def _scheduler(explanation: Explanation) -> str:
    alive = explanation.alive
    stepped = "no step so far"
    if alive.stepped is not None:
        ago = relative(min(alive.stepped, explanation.now), explanation.now)
        stepped = f"last step {instant(alive.stepped)}, {ago}"
    if alive.serving is None:
        return (
            f"this user may not see whether a daemon is running; {stepped if alive.stepped is not None else 'unknown'}"
        )
    since = f", since {instant(alive.since)}" if alive.since is not None else ""
    daemon = f"automate serve, process {alive.pid or '?'}{since}" if alive.serving else "no daemon"
    hangs = "it hangs: " if alive.serving else "no scheduler is running: "
    return f"{hangs if is_unserved(explanation) else ''}{daemon}; {stepped}"


def _labelled(facts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    before = ""
    for label, fact in facts:
        yield "" if label == before else label, fact
        before = label


def _with_room(rows: Sequence[tuple[str, ...]], screen: Screen) -> Iterator[tuple[str, ...]]:
    """Break the last cells at blanks, so that the lines fit the terminal."""
    before = sum(max(map(text_width, cells)) + len(GAP) for cells in zip(*(row[:-1] for row in rows), strict=True))
    for *cells, last in rows:
        first, *more = wrapped(visible(last), screen, before)
        yield (*cells, Painted(first))
        yield from ((*("" for _ in cells), Painted(line)) for line in more)


def _table(rows: Iterable[tuple[str, ...]], screen: Screen) -> str:
    """Return a table in which nothing is cut, since a cut command line is of no use."""
    rows = [*rows]
    return table(rows, ("",) * len(rows[0]), screen._replace(width=None), header=False) if rows else ""
