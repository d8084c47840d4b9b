import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { parseConfig } from './load.ts';

const load = async (text: string) =>
  parseConfig(`providers: { openai: { key: k } }\n${text}`, { environment: {} });

describe('budgets, limits and the hold-out in the file', () => {
  test('as the documentation shows them', async () => {
    const { spending } = await load(`
keys: required
budgets:
  - { match: { key: team-a }, usd: 25, per: month }
  - { match: { tag: { feature: draft } }, usd: 5, per: day, warn-at: [80%, 50%], webhook: "https://example.com/x" }
  - { match: { user: "*" }, usd: $0.50, per: 24h, hard: false }
limits:
  - { match: { key: team-a }, requests-per-minute: 600, tokens-per-minute: 1000000 }
hold-out: { share: 2%, by: call }`);
    assert.equal(spending.keys, 'required');
    assert.deepEqual(
      spending.budgets.map(({ id, limitNano, hard, warnAt, unpriced }) => [
        id,
        limitNano,
        hard,
        warnAt,
        unpriced,
      ]),
      [
        ['key=team-a/month', 25e9, true, [1], 'refuse'],
        ['tag.feature=draft/day', 5e9, true, [0.5, 0.8, 1], 'refuse'],
        ['user=*/24h', 0.5e9, false, [1], 'allow'],
      ],
    );
    assert.deepEqual(spending.budgets[2]?.period, { kind: 'rolling', ms: 86_400_000 });
    assert.equal(spending.limits[0]?.requestsPerMinute, 600);
    assert.deepEqual(spending.holdOut, { share: 0.02, by: 'call' });
  });

  for (const [wrong, message] of [
    ['budgets: [{ usd: 5 }]', /per/],
    [
      'budgets: [{ usd: 5, per: fortnight }]',
      /hour, day, week, month, year \(UTC\), total, or a rolling window/,
    ],
    ['budgets: [{ usd: -5, per: day }]', /amount in US dollars such as 25/],
    ['budgets: [{ usd: 5, per: day, warnat: [50%] }]', /did you mean "warn-at"/],
    ['budgets: [{ usd: 5, per: day, warn-at: [150%] }]', /share such as 2% or 0\.02/],
    ['budgets: [{ usd: 5, per: day, webhook: "ftp://x" }]', /http or https URL/],
    ['budgets: [{ usd: 5, per: day }, { usd: 6, per: day }]', /two for all\/day; keep one/],
    ['budgets: [{ match: { key: a }, usd: 5, per: day }]', /needs "keys: required"/],
    ['budgets: [{ usd: five, per: day }]', /budgets\[0\]\.usd: must be an amount in US dollars/],
    ['budgets: [{ usd: 5, per: 30s }]', /budgets\[0\]\.per: .*rolling window such as 24h/],
    ['budgets: [{ usd: 5, per: day, unpriced: pass }]', /refuse.*allow/],
    ['budgets: [{ match: { usr: a }, usd: 5, per: day }]', /did you mean "user"/],
    ['budgets: [{ match: { user: "" }, usd: 5, per: day }]', /budgets\[0\]\.match\.user/],
    ['limits: [{ requests-per-minute: 0 }]', /limits\[0\]\.requests-per-minute/],
    ['limits: [{ tokens-per-minute: 1.5 }]', /limits\[0\]\.tokens-per-minute/],
    [
      'limits: [{ requests-per-minute: 5 }, { tokens-per-minute: 5 }]',
      /limits\[1\]: there are two for all\/minute; keep one/,
    ],
    [
      'keys: none\nlimits: [{ match: { key: a }, requests-per-minute: 5 }]',
      /:3: limits\[0\]\.match\.key: needs "keys: required"/,
    ],
    [
      'tasks: { draft: { model: gpt-4o-mini } }\nlimits: [{ match: { task: dratf }, requests-per-minute: 5 }]',
      /limits\[0\]\.match\.task: there is no task "dratf"; did you mean "draft"\?/,
    ],
    ['limits: [{ match: { user: a } }]', /requests-per-minute, tokens-per-minute, or both/],
    ['hold-out: { share: 2 }', /share such as 2%/],
    ['hold-out: { share: 2%, by: week }', /call|user|conversation/],
    ['keys: yes-please', /required|none/],
  ] as const) {
    test(`refuses ${wrong}`, async () => {
      await assert.rejects(load(wrong), { code: 'invalid_config', message });
    });
  }

  test('rules whose values look like other rules are told apart', async () => {
    const { spending } = await load(`
keys: required
tasks: { b: { model: gpt-4o-mini } }
budgets:
  - { match: { key: "a,task=b" }, usd: 1, per: day }
  - { match: { key: a, task: b }, usd: 1, per: day }
  - { match: { tag: { f: x } }, usd: 1, per: day }
  - { match: { tag: { f: x/day } }, usd: 1, per: day }
  - { match: { tag: { f: '"x' } }, usd: 1, per: day }`);
    assert.deepEqual(
      spending.budgets.map(({ id }) => id),
      [
        'key="a,task=b"/day',
        'key=a,task=b/day',
        'tag.f=x/day',
        'tag.f="x/day"/day',
        'tag.f="\\"x"/day',
      ],
    );
  });
});
