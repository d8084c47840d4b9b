/**
 * `hold-out`: a random share of calls is answered by the reference, untouched, as control. What the rest
 * costs beside it is the saving, measured; what a ledger computes for each call is only attributed.
 *
 * @module
 */
import { hash } from 'node:crypto';
import { mayUse } from '../../access/permissions.ts';
import { USER_TAG } from '../../accounts/whose.ts';
import { type Call, passing, type Stage } from '../../call.ts';
import type { Model, Task } from '../../config/config.ts';
import type { HoldOut } from '../../config/spending.ts';
import { FarthingError } from '../../errors.ts';
import { asArray, asObject } from '../../json.ts';
import { type Conversations, HELD_OUT, scopeOf } from '../route/conversations.ts';
import { drawnShare } from './draw.ts';

/** Tags that name a conversation, the first that is there. */
const CONVERSATION_TAGS = ['conversation', 'session'] as const;

/** What the stage works with. */
export interface HoldOutOptions {
  readonly holdOut: HoldOut;
  readonly conversations: Conversations;
  readonly referenceOf: (call: Call, task: Task) => Model | undefined;
}

/**
 * The stage. A call on the hold-out's side goes on with a task that has one tier, the reference, and
 * nothing else: whatever stands behind this stage leaves it alone. On neither side: embeddings, which must
 * all come from one model; calls without a reference; and, where each call is drawn by itself, calls in the
 * middle of a conversation, which stay on the model that they are on.
 */
export function holdOut(options: HoldOutOptions): Stage {
  const { holdOut: drawn, conversations, referenceOf } = options;
  return passing('hold-out', (call) => {
    const { task, trace } = call;
    if (task === undefined) throw new FarthingError('internal_error', 'The call has no task.');
    const reference = call.operation === 'chat' ? referenceOf(call, task) : undefined;
    if (reference === undefined) return call;
    // A key that may not use the reference has no control.
    if (call.key !== undefined && !mayUse(call.key, reference.name)) return call;
    const control = (): Call => ({ ...call, task: controlOf(task, reference) });
    const unit = unitOf(call, drawn.by);
    if (unit === undefined && isUnderWay(call)) {
      const tier = conversations.tierOf(call.body.json, scopeOf(call, task));
      return tier === HELD_OUT ? control() : call;
    }
    if (unit !== undefined) trace.unit = unit;
    trace.arm = drawnShare(unit ?? call.id) < drawn.share ? 'hold-out' : 'treated';
    return trace.arm === 'treated' ? call : control();
  });
}

/** A hash of the user or conversation; undefined where each call is drawn by itself. */
function unitOf({ tenant, tags }: Call, by: HoldOut['by']): string | undefined {
  if (by === 'call') return undefined;
  const named =
    by === 'user'
      ? tags[USER_TAG]
      : CONVERSATION_TAGS.map((tag) => tags[tag]).find((value) => value !== undefined);
  return named === undefined ? undefined : hash('sha1', `${tenant}\n${named}`, 'base64url');
}

/** True when the model has spoken before. */
function isUnderWay({ body }: Call): boolean {
  return asArray(body.json['messages']).some(
    (message) => asObject(message)?.['role'] === 'assistant',
  );
}

const controls = new WeakMap<Task, Map<Model, Task>>();

function controlOf(task: Task, reference: Model): Task {
  let ofTask = controls.get(task);
  if (ofTask === undefined) controls.set(task, (ofTask = new Map()));
  let control = ofTask.get(reference);
  if (control === undefined) {
    control = {
      ...task,
      isControl: true,
      tiers: [{ model: reference, accept: [], threshold: undefined }],
    };
    ofTask.set(reference, control);
  }
  return control;
}
