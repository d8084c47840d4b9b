/**
 * Match rules: how a configured task recognises its calls.
 *
 * @module
 */
import type { Match, Task } from '../../config/config.ts';
import { lastUserText, systemText } from '../../dialects/openai-chat-request.ts';
import type { JsonObject } from '../../json.ts';
import { compileGlob } from '../../glob.ts';

/** What rules look at. Texts are read once, and only when a rule asks. */
export interface MatchSubject {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly request: JsonObject;
  /** The model's name as the client wrote it. */
  readonly model: string;
  /** The call's template, found when a rule asks. */
  readonly template: () => string;
}

/** True when every part of the rule holds. */
type Rule = (subject: MatchSubject) => boolean;

/** A task with its compiled rules. */
export interface MatchedTask {
  readonly task: Task;
  /** The rule that held, as written. */
  readonly rule: Match;
}

/** Finds the first task, in the order of the file, of which a rule holds. */
export class Matcher {
  readonly #rules: readonly { task: Task; match: Match; holds: Rule }[];

  constructor(tasks: Iterable<Task>) {
    this.#rules = [...tasks].flatMap((task) =>
      task.match.map((match) => ({ task, match, holds: compileRule(match) })),
    );
  }

  find(subject: MatchSubject): MatchedTask | undefined {
    for (const { task, match, holds } of this.#rules) {
      if (holds(subject)) return { task, rule: match };
    }
    return undefined;
  }
}

function compileRule(match: Match): Rule {
  const parts: Rule[] = [];
  // Cheapest first: a rule is mostly asked about calls of other tasks.
  if (match.template !== undefined) {
    const wanted = match.template;
    parts.push((subject) => subject.template() === wanted);
  }
  if (match.model !== undefined) {
    const glob = compileGlob(match.model);
    parts.push((subject) => glob(subject.model));
  }
  for (const [name, pattern] of Object.entries(match.header ?? {})) {
    const glob = compileGlob(pattern);
    parts.push(({ headers }) => glob(headers[name.toLowerCase()] ?? ''));
  }
  for (const [name, pattern] of Object.entries(match.tag ?? {})) {
    const glob = compileGlob(pattern);
    parts.push(({ tags }) => glob(tags[name] ?? ''));
  }
  if (match.system !== undefined) {
    const glob = compileGlob(match.system);
    parts.push(({ request }) => glob(systemText(request)));
  }
  if (match.user !== undefined) {
    const glob = compileGlob(match.user);
    parts.push(({ request }) => glob(lastUserText(request)));
  }
  return (subject) => parts.length > 0 && parts.every((part) => part(subject));
}
