/**
 * What two calls must have in common to be given the same answer.
 *
 * The key covers every field of the request but those listed as ignored: a field that is new, or that
 * nobody thought of, makes a miss and never a wrong answer. Around it stand what the request does not say:
 * the tenant, the task, and how the task is served.
 *
 * @module
 */
import { hash } from 'node:crypto';
import type { Call, RequestBody } from '../call.ts';
import type { CachePolicy } from '../config/cache-policy.ts';
import type { Task } from '../config/config.ts';
import type { Json, JsonObject } from '../json.ts';
import { asObject, isObject } from '../json.ts';
import { CanonicalText, isArray, membersIn } from './canonical.ts';
import { normalizerOf, type TextNormalizer } from './normalize.ts';

/** Changes when keys are made in another way: entries of before are then never found. */
const FORMAT = 1;

/** What begins every text that is hashed. Plain ASCII: see {@link digest}. */
const HEAD = `farthing-cache ${FORMAT}\n`;

/**
 * Fields that cannot change the answer, with the reason. `service_tier` is not among them: an answer
 * names the tier that it was served at. Nor is Anthropic's `cache_control`, which stands within messages.
 */
export const IGNORED_FIELDS: Readonly<Record<string, string>> = {
  stream: 'an answer is kept whole and given in the form that is asked for',
  stream_options: 'only says what a stream tells beside its answer',
  user: 'tells the provider whose call it is, to find abuse',
  safety_identifier: 'the same under its newer name',
  metadata: 'labels that the provider keeps with the call',
  store: 'whether the provider keeps the call',
  prompt_cache_key: "where the provider's own prompt cache looks",
  prompt_cache_options: 'how the prompt cache works; prices change by it, answers do not',
  prompt_cache_retention: 'how long the prompt cache keeps a prompt',
};

const IGNORED: ReadonlySet<string> = new Set(Object.keys(IGNORED_FIELDS));
/** Who answers is a configured task's business. */
const IGNORED_CONFIGURED: ReadonlySet<string> = new Set([...IGNORED, 'model']);

/**
 * Headers of other gateways that divide a cache further. They are added to the key and replace nothing
 * of it: with a key of the client's own instead, a typo of one program would answer another's questions.
 */
const DIVIDING_HEADERS = ['cf-aig-cache-key', 'helicone-cache-seed', 'x-portkey-cache-namespace'];

/** What a client divides the cache by: the values of those headers, in their order. */
export function divisionOf({ headers }: Call): readonly (string | null)[] {
  return DIVIDING_HEADERS.map((name) => headers[name] ?? null);
}

/** True where a client divides the cache. */
export function isDivided({ headers }: Call): boolean {
  return DIVIDING_HEADERS.some((name) => headers[name] !== undefined);
}

/** The version of how a task is served and its answers are kept: under another one nothing of before is found. */
export function versionOf(task: Task, policy: CachePolicy): string {
  return JSON.stringify([FORMAT, task.origin, fingerprintOf(task), formOf(policy)]);
}

/** False where parsing has lost something of the request that an upstream may still see in its text. */
export function isFaithful({ json, raw }: RequestBody): boolean {
  const writer = new CanonicalText();
  writer.object(json);
  return !writer.lossy && writer.members === membersIn(raw);
}

/** Fields that cannot change the answer to a call of a task. */
export function ignoredFields({ origin }: Task): ReadonlySet<string> {
  return origin === 'configured' ? IGNORED_CONFIGURED : IGNORED;
}

/**
 * The key of a call: SHA-256, base64url. Undefined where the call must not be cached, because the user's
 * own key function says so.
 *
 * `model` is a field like any other for a task that was found: the model that the client names is the one
 * that answers. For a configured task it is left out: who answers is the task's business, whatever the
 * client wrote, and what it wrote has done its work once the task is known.
 */
export function cacheKeyOf(call: Call, task: Task, policy: CachePolicy): string | undefined {
  const writer = new CanonicalText();
  for (const part of [call.operation, call.tenant, task.name, task.origin]) writer.string(part);
  writer.string(fingerprintOf(task));
  writer.string(formOf(policy));
  for (const value of divisionOf(call)) writer.value(value);
  // Texts of embeddings are left as they are: each letter moves the vector.
  const normalize = call.operation === 'chat' ? normalizerOf(policy) : undefined;
  if (!writeRequest(writer, { call, task, normalize })) return undefined;
  return digest(HEAD + writer.text);
}

interface Written {
  readonly call: Call;
  readonly task: Task;
  readonly normalize: TextNormalizer | undefined;
}

/** False where the call must not be cached. */
function writeRequest(writer: CanonicalText, { call, task, normalize }: Written): boolean {
  const { json, raw } = call.body;
  // Without a prototype: a field may be called `__proto__`.
  const counted = Object.create(null) as Record<string, Json>;
  const ignored = Object.create(null) as Record<string, Json>;
  const without = ignoredFields(task);
  for (const name in json) (without.has(name) ? ignored : counted)[name] = json[name] ?? null;
  const before = writer.members;
  let allowed = true;
  writer.object(counted, (name, value) => {
    if (name !== 'messages' || normalize === undefined) return false;
    allowed = writeMessages(writer, value, normalize);
    return true;
  });
  // What parsing has lost may still be seen upstream, where the text itself is sent.
  const parsed = writer.members - before + membersOf(ignored);
  if (writer.lossy || parsed !== membersIn(raw)) writer.string(raw);
  return allowed;
}

function membersOf(object: JsonObject): number {
  const writer = new CanonicalText();
  writer.object(object);
  return writer.members;
}

/** Whose texts are made alike. What tools say is data of a program, in which every digit counts. */
const SPEAKERS = new Set<unknown>(['system', 'developer', 'user', 'assistant']);

function writeMessages(writer: CanonicalText, messages: Json, normalize: TextNormalizer): boolean {
  if (!isArray(messages)) return (writer.value(messages), true);
  let allowed = true;
  for (const [index, message] of messages.entries()) {
    if (!isObject(message) || !SPEAKERS.has(message['role'])) {
      writer.value(message);
      continue;
    }
    const place = { role: String(message['role']), message: index };
    const text = (given: string): void => {
      const made = normalize(given, place);
      if (made === undefined) allowed = false;
      else writer.string(made.text, made.isNormal ? 'normal' : 's');
    };
    writer.object(message, (name, value) => {
      if (name !== 'content') return false;
      if (typeof value === 'string') text(value);
      else if (isArray(value)) for (const part of value) writePart(writer, part, text);
      else return false;
      return true;
    });
  }
  return allowed;
}

/** Only the text of parts that are text and nothing else: never images, files, sounds. */
function writePart(writer: CanonicalText, part: Json, text: (given: string) => void): void {
  const { type } = asObject(part) ?? {};
  if (!isObject(part) || type !== 'text') return writer.value(part);
  writer.object(part, (name, value) => {
    if (name !== 'text' || typeof value !== 'string') return false;
    text(value);
    return true;
  });
}

/** The same for all calls of a task, or of a task as a key's allowed models leave it. */
const fingerprints = new WeakMap<Task, string>();

/** How a task is served: models, checks, thresholds. Served in another way, it may be answered otherwise. */
function fingerprintOf(task: Task): string {
  let known = fingerprints.get(task);
  if (known === undefined) {
    const tiers = task.tiers.map(({ model, accept, threshold }) => ({
      model: [model.name, model.id],
      providers: model.providers.map(({ name, url, dialect, headers }) => [
        name,
        url,
        dialect,
        headers,
      ]),
      checks: accept.map(({ check, weight }) => [check.name, weight]),
      threshold,
    }));
    known = hash('sha256', JSON.stringify([task.form, tiers]), 'base64url');
    fingerprints.set(task, known);
  }
  return known;
}

const forms = new WeakMap<CachePolicy, string>();

/** What a policy says of keys. */
function formOf(policy: CachePolicy): string {
  let known = forms.get(policy);
  if (known === undefined) {
    known = JSON.stringify([policy.epoch, policy.keyFunction?.name, policy.normalize]);
    forms.set(policy, known);
  }
  return known;
}

/**
 * Texts are hashed as UTF-8, which has no lone surrogates and would make them all alike; a text that has
 * some is hashed as UTF-16. The two never meet: the second byte of every UTF-16 text is that of an ASCII
 * head, 0, and of every UTF-8 text a letter.
 */
function digest(text: string): string {
  return hash('sha256', text.isWellFormed() ? text : Buffer.from(text, 'utf16le'), 'base64url');
}
