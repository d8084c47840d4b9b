/** Telemetry on the wire: a gateway as a process, a fake upstream, and a receiver that speaks OTLP/HTTP. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { answers, startFakeUpstream } from '../../src/testing/fake-upstream.ts';

const BIN = join(import.meta.dirname, '../../src/cli/bin.ts');
const CALLER = '0af7651916cd43dd8448eb211c80319c';
const PROMPT = 'a prompt that is nobody else’s business';
const SECRET = 'sk-upstream-secret';

interface Received {
  readonly path: string;
  readonly text: string;
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

async function startReceiver() {
  const received: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push({ path: request.url ?? '', text: await text(request) });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function spansOf(received: readonly Received[]): Span[] {
  return received
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ text: body }) => {
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
      };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    });
}

const attribute = (span: Span, name: string): unknown =>
  Object.values(span.attributes.find(({ key }) => key === name)?.value ?? {})[0];

describe('a gateway whose environment names an OTLP endpoint', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-telemetry-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const environment = (more: Record<string, string>) => ({
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    ...more,
  });

  test('exports the spans and metrics of its calls, the last ones at its end', async () => {
    const upstream = await startFakeUpstream(answers('Hello.'));
    const receiver = await startReceiver();
    const config = join(directory, 'farthing.yaml');
    writeFileSync(
      config,
      `
providers: { fake: { dialect: openai, url: "${upstream.url}", key: ${SECRET} } }
models: { small: { provider: fake, id: small-v1, price: { input: 1, output: 2 } } }
tasks: { greet: { tiers: [{ model: small }] } }
reference: small
`,
    );
    const child = spawn(
      process.execPath,
      [BIN, 'serve', '--listen', '127.0.0.1:0', '--json', '--config', config],
      {
        cwd: directory,
        env: environment({
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
        }),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    try {
      const url = await urlOf(child);
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          traceparent: `00-${CALLER}-b7ad6b7169203331-01`,
        },
        body: JSON.stringify({
          model: 'task/greet',
          messages: [{ role: 'user', content: PROMPT }],
        }),
      });
      assert.equal(response.status, 200);
      await response.text();
    } finally {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      assert.equal(code, 0);
      await upstream.close();
      receiver.close();
    }
    const spans = spansOf(receiver.received);
    const call = spans.find(({ name }) => name === 'chat task/greet');
    const attempt = spans.find(({ name }) => name === 'chat small-v1');
    assert.ok(call && attempt && spans.length === 2);
    assert.equal(call.traceId, CALLER);
    assert.equal(call.parentSpanId, 'b7ad6b7169203331');
    assert.equal(attempt.parentSpanId, call.spanId);
    assert.equal(attribute(attempt, 'gen_ai.provider.name'), 'fake');
    assert.equal(attribute(attempt, 'server.address'), '127.0.0.1');
    const cost = Number(attribute(attempt, 'farthing.cost_nano_usd'));
    assert.ok(cost > 0);
    assert.equal(Number(attribute(call, 'farthing.cost_nano_usd')), cost);
    assert.equal(Number(attribute(call, 'farthing.saved_nano_usd')), 0);
    const told = receiver.received.map(({ text: body }) => body).join('\n');
    for (const name of [
      'gen_ai.client.token.usage',
      'gen_ai.client.operation.duration',
      'farthing.cost',
      'farthing.saved',
      'deployment.environment.name',
    ])
      assert.ok(told.includes(`"${name}"`), name);
    assert.ok(!told.includes(PROMPT));
    assert.ok(!told.includes(SECRET));
  });

  test('says what to install where the SDK is not there', () => {
    const hide = `
      import { registerHooks } from 'node:module';
      registerHooks({
        resolve(name, context, next) {
          if (!name.startsWith('@opentelemetry/sdk-')) return next(name, context);
          throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' });
        },
      });`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(hide)}`, BIN, 'serve'],
      {
        cwd: directory,
        encoding: 'utf8',
        env: environment({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9' }),
      },
    );
    assert.equal(status, 1);
    assert.match(stderr, /SDK is not installed.*npm install @opentelemetry\/resources @opentel/s);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
});

async function urlOf({ stdout }: ChildProcess): Promise<string> {
  assert.ok(stdout);
  for await (const line of stdout) return (JSON.parse(String(line)) as { url: string }).url;
  throw new Error('The server ended.');
}
