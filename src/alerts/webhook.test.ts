import { afterEach, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { sign, verify } from './signature.ts';
import { deliver, type DeliveryOptions, type WebhookEvent } from './webhook.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const SECRET = 'a secret of plain text';
const event: WebhookEvent = {
  type: 'budget.threshold',
  id: '01KAEXAMPLE0000000000000000',
  timestamp: '2026-11-02T12:00:00.000Z',
  data: { budget: 'team-a', threshold: 0.8 },
};

/** Computed here once more, by the specification's words. */
function signatureOf({ headers, body }: Received, key: Buffer | string): string {
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

describe('a delivery', () => {
  let server: Server;
  let url: string;
  let received: Received[];
  let statuses: (number | 'hang' | 'reset')[];
  let pauses: number[];
  let failures: string[];
  let now: number;
  let options: DeliveryOptions;

  beforeEach(async () => {
    received = [];
    statuses = [];
    pauses = [];
    failures = [];
    now = Date.now();
    options = {
      now: () => now,
      pause: async (ms) => {
        pauses.push(ms);
        now += ms;
      },
      random: () => 0.5,
      onFailure: (message) => failures.push(message),
    };
    server = createServer(
      (request, response) => void take(request.headers, text(request), response),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=in-the-url`;
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  async function take(
    headers: IncomingHttpHeaders,
    body: Promise<string>,
    response: ServerResponse,
  ): Promise<void> {
    received.push({ headers, body: await body });
    const status = statuses.shift() ?? 204;
    if (status === 'reset') response.destroy();
    else if (status !== 'hang') response.writeHead(status, { location: '/elsewhere' }).end();
  }

  test('is one POST of the event as JSON, signed by the specification', async () => {
    await deliver(event, { url, secret: SECRET }, options);
    const [one] = received;
    assert.ok(one && received.length === 1);
    assert.deepEqual(JSON.parse(one.body), event);
    assert.equal(one.headers['content-type'], 'application/json');
    assert.equal(one.headers['webhook-id'], event.id);
    assert.equal(one.headers['webhook-timestamp'], String(Math.floor(now / 1000)));
    assert.equal(one.headers['webhook-signature'], signatureOf(one, SECRET));
    assert.ok(verify(one.headers, one.body, SECRET));
    assert.deepEqual(failures, []);
  });

  test('takes a secret in base64 behind whsec_, and none at all', async () => {
    const key = Buffer.from('twenty-four bytes of key');
    const secret = `whsec_${key.toString('base64')}`;
    await deliver(event, { url, secret }, options);
    await deliver(event, { url, secret: undefined }, options);
    const [signed, unsigned] = received;
    assert.ok(signed && unsigned);
    assert.equal(signed.headers['webhook-signature'], signatureOf(signed, key));
    assert.ok(verify(signed.headers, signed.body, secret));
    assert.equal(unsigned.headers['webhook-signature'], undefined);
    assert.equal(unsigned.headers['webhook-id'], event.id);
  });

  test('is tried again after 500, with the same id and a time and signature of its own', async () => {
    statuses = [500];
    await deliver(event, { url, secret: SECRET }, options);
    const [first, second] = received;
    assert.ok(first && second && received.length === 2);
    assert.equal(second.headers['webhook-id'], first.headers['webhook-id']);
    assert.notEqual(second.headers['webhook-timestamp'], first.headers['webhook-timestamp']);
    assert.equal(second.headers['webhook-signature'], signatureOf(second, SECRET));
    assert.deepEqual(pauses, [4_000]);
    assert.deepEqual(failures, []);
  });

  test('is given up after five tries, with pauses that double', async () => {
    statuses = [500, 429, 408, 503, 502, 200];
    await deliver(event, { url, secret: SECRET }, options);
    assert.equal(received.length, 5);
    assert.deepEqual(pauses, [4_000, 8_000, 16_000, 32_000]);
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? '', /budget\.threshold.*it answered 502/);
  });

  test('is over at once where trying again cannot help; redirects are not followed', async () => {
    for (const status of [410, 400, 404, 301, 307]) {
      received = [];
      failures = [];
      statuses = [status];
      await deliver(event, { url, secret: SECRET }, options);
      assert.equal(received.length, 1, String(status));
      assert.match(failures[0] ?? '', new RegExp(`it answered ${status}`));
    }
    assert.deepEqual(pauses, []);
  });

  test('survives receivers that hang, reset, or are not there', async () => {
    statuses = ['hang', 'reset'];
    await deliver(event, { url, secret: SECRET }, { ...options, timeoutMs: 50 });
    assert.equal(received.length, 3);
    assert.deepEqual(failures, []);
    server.close();
    server.closeAllConnections();
    await deliver(event, { url, secret: SECRET }, options);
    assert.match(failures[0] ?? '', /ECONNREFUSED/);
    await deliver(event, { url: 'no address', secret: SECRET }, options);
    assert.equal(failures.length, 2);
  });

  test('never tells the secret, nor the path or query of the address', async () => {
    statuses = [410];
    await deliver(event, { url, secret: SECRET }, options);
    await deliver(event, { url: `${url}\0`, secret: SECRET }, options);
    await deliver(event, { url: 'mailto:in-the-url', secret: SECRET }, options);
    assert.ok(failures.length >= 2);
    for (const message of failures) assert.doesNotMatch(message, /a secret|in-the-url|hook\?/);
  });
});

test("a signature is that of the specification's own libraries", () => {
  const signed = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  };
  assert.equal(
    sign(signed, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

describe('verify', () => {
  const body = JSON.stringify(event);
  const headersAt = (seconds: number, secret = SECRET) => {
    const headers = { 'webhook-id': event.id, 'webhook-timestamp': String(seconds) };
    return { ...headers, 'webhook-signature': signatureOf({ headers, body }, secret) };
  };
  const now = (): number => Math.floor(Date.now() / 1000);

  test('accepts what is signed now', () => {
    assert.ok(verify(headersAt(now()), body, SECRET));
  });

  test('accepts one good signature of several', () => {
    const headers = headersAt(now());
    const several = `v1a,c29tZXRoaW5n v1,bm8= ${headers['webhook-signature']}`;
    assert.ok(verify({ ...headers, 'webhook-signature': several }, body, SECRET));
  });

  test('refuses another secret, body, id or time, and what is missing or old', () => {
    const good = headersAt(now());
    const { 'webhook-signature': signature, ...unsigned } = good;
    for (const [headers, text_, secret] of [
      [good, body, 'another'],
      [headersAt(now(), ''), body, ''],
      [headersAt(now(), ''), body, 'whsec_'],
      [good, `${body} `, SECRET],
      [{ ...good, 'webhook-id': 'other' }, body, SECRET],
      [{ ...good, 'webhook-timestamp': String(now() - 1) }, body, SECRET],
      [{ ...good, 'webhook-timestamp': 'now' }, body, SECRET],
      [{ ...good, 'webhook-signature': signature.slice(3) }, body, SECRET],
      [{ ...good, 'webhook-signature': [signature] }, body, SECRET],
      [unsigned, body, SECRET],
      [{}, body, SECRET],
      [headersAt(now() - 600), body, SECRET],
      [headersAt(now() + 600), body, SECRET],
    ] as const)
      assert.equal(verify(headers, text_, secret), false);
  });
});
