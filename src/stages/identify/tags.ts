/**
 * Tags: labels of a call that reports group by. Farthing's own header and the metadata headers of other
 * gateways are understood; none of them is forwarded.
 *
 * @module
 */
import { asObject, parseJson } from '../../json.ts';

/** Tags kept of one call; further ones are dropped, so that a client cannot bloat the ledger. */
const MOST_TAGS = 24;
/** UTF-16 units kept of a name and of a value. */
const LONGEST_NAME = 64;
const LONGEST_VALUE = 256;

type Headers = Readonly<Record<string, string | undefined>>;
type Put = (name: string, value: string) => void;

/** Headers whose value is one tag. */
const SINGLE: Readonly<Record<string, string>> = {
  'helicone-user-id': 'user',
  'helicone-session-id': 'session',
  'helicone-session-name': 'session-name',
  'helicone-session-path': 'session-path',
  'helicone-request-id': 'request-id',
  'x-portkey-trace-id': 'trace',
  'x-claude-code-session-id': 'session',
  'x-claude-code-agent-id': 'agent',
  'x-openwebui-user-id': 'user',
  'x-openwebui-user-email': 'user-email',
  'x-openwebui-chat-id': 'session',
  'x-title': 'app',
};

/** Headers whose value is a JSON object of tags. */
const JSON_HEADERS = new Set(['x-portkey-metadata', 'cf-aig-metadata']);

const PROPERTY = 'helicone-property-';

/**
 * The tags of a call. `x-farthing-tags: feature=draft,user=42` wins over the headers of others, those
 * over the body's `user` and `metadata`. Malformed parts are left out, never an error: a label must not
 * fail a call.
 */
export function readTags(
  headers: Headers,
  body: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const tags: Record<string, string> = {};
  let count = 0;
  const put: Put = (name, value) => {
    const key = name.trim().slice(0, LONGEST_NAME);
    if (key === '' || value === '' || Object.hasOwn(tags, key) || count >= MOST_TAGS) return;
    count++;
    Object.defineProperty(tags, key, {
      value: value.slice(0, LONGEST_VALUE),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  };
  putPairs(headers['x-farthing-tags'], put);
  for (const name in headers) if (mayBeTags(name)) putForeign(name, headers[name], put);
  if (typeof body['user'] === 'string') put('user', body['user']);
  const metadata = asObject(body['metadata']);
  if (metadata !== undefined) putObject(metadata, put);
  return tags;
}

function putPairs(header: string | undefined, put: Put): void {
  if (header === undefined) return;
  for (const pair of header.split(',')) {
    const equals = pair.indexOf('=');
    if (equals > 0) put(pair.slice(0, equals), pair.slice(equals + 1).trim());
  }
}

/** Names of tags start with `x-`, `he` or `cf`: a look at two letters is quicker than one at the header. */
function mayBeTags(name: string): boolean {
  const first = name.charCodeAt(0);
  const second = name.charCodeAt(1);
  return (
    (first === 120 && second === 45) ||
    (first === 104 && second === 101) ||
    (first === 99 && second === 102)
  );
}

function putForeign(name: string, value: string | undefined, put: Put): void {
  if (value === undefined) return;
  const single = SINGLE[name];
  if (single !== undefined) put(single, value);
  else if (name.startsWith(PROPERTY)) put(name.slice(PROPERTY.length), value);
  else if (JSON_HEADERS.has(name)) putObject(asObject(parseJson(value)) ?? {}, put);
  else if (name === 'x-litellm-tags') {
    for (const tag of value.split(',')) put(tag.trim(), 'true');
  }
}

function putObject(object: Readonly<Record<string, unknown>>, put: Put): void {
  for (const [name, value] of Object.entries(object)) {
    const key = name === '_user' ? 'user' : name;
    if (typeof value === 'string') put(key, value);
    else if (typeof value === 'number' || typeof value === 'boolean') put(key, String(value));
  }
}
