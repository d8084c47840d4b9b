/**
 * `identify`: which task a call belongs to, and which tags it carries. The task is named by the caller
 * (`model: "task/NAME"`, `x-farthing-task`), recognised by a match rule, or found by the call's
 * template; a template that nobody named gets a task of its own, served by the model the client asked for.
 *
 * @module
 */
import { mayDo, mayUse } from '../../access/permissions.ts';
import { modelNotAllowed, taskNotAllowed } from '../../access/refusals.ts';
import { type Call, passing, type Stage } from '../../call.ts';
import type { Match, Model, Task } from '../../config/config.ts';
import type { ModelRegistry } from '../../config/models.ts';
import { FarthingError } from '../../errors.ts';
import type { KeyRecord } from '../../stores/key-store.ts';
import { nearest } from '../../pricing/nearest.ts';
import { Matcher } from './match.ts';
import type { TemplateIndex } from './template-index.ts';

/** What `identify` works with. */
export interface IdentifyOptions {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly models: ModelRegistry;
  readonly reference: Model | undefined;
  readonly templates: TemplateIndex;
}

/** How a call came to its task, for `config explain`. */
export interface Identified {
  readonly task: Task;
  /** The call's template; undefined where nothing asked for it. */
  readonly template: string | undefined;
  readonly by:
    | { readonly kind: 'model' | 'header' }
    | { readonly kind: 'match'; readonly rule: Match }
    | { readonly kind: 'template' };
}

/** The part of a call that decides its task. */
export type Identifiable = Pick<Call, 'body' | 'headers' | 'tags' | 'tenant' | 'operation'>;

/** Names that stand for no model: the task decides. */
const AUTO = 'auto';
const TASK_PREFIX = 'task/';
const BY_MODEL: Identified['by'] = { kind: 'model' };
const BY_HEADER: Identified['by'] = { kind: 'header' };
/** Found tasks kept in memory; past it they are made anew for each call. */
const MOST_FOUND = 10_000;

/** Finds the task of calls. */
export class Identifier {
  readonly #options: IdentifyOptions;
  readonly #matcher: Matcher;
  readonly #found = new Map<string, Task>();
  /** The configured tasks by `task/NAME`. */
  readonly #ofModel: ReadonlyMap<string, Task>;

  constructor(options: IdentifyOptions) {
    this.#options = options;
    this.#matcher = new Matcher(options.tasks.values());
    this.#ofModel = new Map(
      Array.from(options.tasks, ([name, task]) => [`${TASK_PREFIX}${name}`, task]),
    );
  }

  /** Throws `task_not_found` or `model_not_found`, naming the nearest known one. */
  identify(call: Identifiable): Identified {
    const model = String(call.body.json['model']);
    const task = this.#ofModel.get(model);
    if (task !== undefined) return { task, template: undefined, by: BY_MODEL };
    if (model.startsWith(TASK_PREFIX)) {
      throw this.#unknown(model.slice(TASK_PREFIX.length), 'model');
    }
    const header = call.headers['x-farthing-task'];
    if (header === undefined || header === '') return this.#recognise(call, model);
    const named = this.#options.tasks.get(header);
    if (named === undefined) throw this.#unknown(header, 'x-farthing-task');
    return { task: named, template: undefined, by: BY_HEADER };
  }

  /** The task of a call that does not name one. */
  #recognise(call: Identifiable, model: string): Identified {
    const { tasks, templates } = this.#options;
    let found: string | undefined;
    const template = (): string => (found ??= templates.identify(call.body.json, call.tenant).id);
    if (tasks.size > 0 && call.operation === 'chat') {
      const { headers, tags } = call;
      const subject = { headers, tags, request: call.body.json, model, template };
      const matched = this.#matcher.find(subject);
      if (matched !== undefined) {
        return { task: matched.task, template: found, by: { kind: 'match', rule: matched.rule } };
      }
    }
    const task = this.#foundTask(model, template());
    return { task, template: found, by: { kind: 'template' } };
  }

  #unknown(name: string, param: string): FarthingError {
    const close = nearest(name, this.#options.tasks.keys());
    const hint = close === undefined ? '' : ` Did you mean "${close}"?`;
    return new FarthingError('task_not_found', `There is no task "${name}".${hint}`, { param });
  }

  /** The task of a template nobody named: one model, the one asked for. */
  #foundTask(name: string, template: string): Task {
    const key = `${template}\n${name}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const model = name === AUTO ? this.#autoModel() : this.#options.models.require(name);
    const task: Task = {
      name: template,
      origin: 'found',
      match: [],
      tiers: [{ model, accept: [], threshold: undefined }],
      maxCostNano: undefined,
      reference: undefined,
      sticky: true,
    };
    if (this.#found.size < MOST_FOUND) this.#found.set(key, task);
    return task;
  }

  #autoModel(): Model {
    const { reference } = this.#options;
    if (reference !== undefined) return reference;
    throw new FarthingError(
      'model_not_found',
      'The model "auto" needs a task: no match rule fits this call, and the configuration names no ' +
        'reference model to fall back on.',
      { param: 'model' },
    );
  }
}

/** The stage. Refuses calls whose task or model is unknown; else passes them on with their task. */
export function identify(identifier: Identifier): Stage {
  return passing('identify', (call) => {
    const { task: found, template } = identifier.identify(call);
    const task = allowedOf(call, found);
    call.trace.task = task;
    if (template !== undefined) call.trace.template = template;
    return { ...call, task };
  });
}

/** The task that a call would be served as. Throws as the stage does. */
export function taskOf(call: Call, identifier: Identifier): Task {
  return allowedOf(call, identifier.identify(call).task);
}

function allowedOf({ key }: Call, task: Task): Task {
  return key === undefined ? task : allowed(key, task);
}

/** A task as each set of allowed models leaves it. */
const narrowed = new WeakMap<KeyRecord, WeakMap<Task, Task>>();

/**
 * What a key may have of a task: the tiers whose models it may use. Throws `task_not_allowed`, or
 * `model_not_allowed` where no tier is left. A task that was found has no name that a key could list.
 */
function allowed(key: KeyRecord, task: Task): Task {
  if (task.origin === 'configured' && !mayDo(key, task.name)) throw taskNotAllowed(key, task.name);
  if (key.models === undefined) return task;
  let ofKey = narrowed.get(key);
  if (ofKey === undefined) narrowed.set(key, (ofKey = new WeakMap()));
  let left = ofKey.get(task);
  if (left === undefined) {
    const tiers = task.tiers.filter(({ model }) => mayUse(key, model.name));
    left = tiers.length === task.tiers.length ? task : { ...task, tiers };
    ofKey.set(task, left);
  }
  const [first] = task.tiers;
  if (left.tiers.length === 0 && first !== undefined) {
    throw modelNotAllowed(key, first.model.name);
  }
  return left;
}
