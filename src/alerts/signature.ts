/**
 * Signatures of webhooks by the Standard Webhooks specification 1.0.0 (standardwebhooks.com): HMAC-SHA256
 * over id, time and body, so that a receiver knows who sent it, and when.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature is over. */
export interface Signed {
  /** The event's id, the same at each try. */
  readonly id: string;
  /** When it was sent, in seconds since the epoch. */
  readonly timestamp: number;
  /** The request body, byte by byte as it is sent. */
  readonly body: string;
}

/** Headers of a request, lower-case names, as `node:http` gives them. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Base64 of the key behind this prefix; any other secret is taken as plain text. */
const PREFIX = 'whsec_';
/** How far a timestamp may be from now, in seconds: an old request may be a replay. */
const TOLERANCE_S = 300;

/** `v1,` and the signature, as `webhook-signature` carries it. */
export function sign({ id, timestamp, body }: Signed, secret: string): string {
  const content = `${id}.${timestamp}.${body}`;
  return `v1,${createHmac('sha256', keyOf(secret)).update(content).digest('base64')}`;
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), 'base64')
    : Buffer.from(secret);
}

/**
 * For receivers: whether a webhook was sent by someone who knows the secret, within the last five minutes.
 * `body` must be the text as it arrived: JSON that was parsed and written again has another signature. A
 * receiver should also remember `webhook-id`, because a delivery whose answer got lost is made again.
 *
 * @example
 * if (!verify(request.headers, body, process.env.FARTHING_WEBHOOK_SECRET)) response.writeHead(401).end();
 */
export function verify(headers: WebhookHeaders, body: string, secret: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures } = headers;
  if (typeof id !== 'string' || typeof time !== 'string' || typeof signatures !== 'string') {
    return false;
  }
  // With an empty secret, which is one that was forgotten, anybody could sign.
  if (keyOf(secret).length === 0) return false;
  const timestamp = Number(time);
  if (!Number.isSafeInteger(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - timestamp) > TOLERANCE_S) return false;
  const expected = Buffer.from(sign({ id, timestamp, body }, secret));
  // While a secret is changed there are several signatures, of which one must fit.
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
