import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CachePolicy, KeyFunction, NormalForm } from '../config/cache-policy.ts';
import { NORMAL_FORMS } from '../config/cache-policy.ts';
import type { JsonObject } from '../json.ts';
import { callOf, modelAt, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { cacheKeyOf } from './cache-key.ts';
import { MARK, normalizerOf } from './normalize.ts';

const task = taskOf([tierOf(modelAt('small', 1))]);

function policyOf(normalize: readonly NormalForm[], of?: KeyFunction): CachePolicy {
  return {
    ttlMs: 1,
    staleMs: 0,
    normalize,
    keyFunction: of === undefined ? undefined : { name: 'test', of },
    sampled: true,
    samples: 1,
    epoch: 0,
    semantic: undefined,
  };
}

function keyOf(policy: CachePolicy, content: unknown, { role = 'user', ...more }: JsonObject = {}) {
  const messages = [{ role, content }] as unknown as readonly JsonObject[];
  return cacheKeyOf(callOf(task, { messages, ...more }), task, policy);
}

/** Pairs that a form makes alike, and pairs that it must not. */
const CASES: Readonly<
  Record<NormalForm, { alike: readonly [string, string][]; apart: readonly [string, string][] }>
> = {
  space: {
    alike: [['a  b\n\tc ', ' a b c']],
    apart: [['ab', 'a b']],
  },
  case: {
    alike: [['What is VAT?', 'what is vat?']],
    apart: [['turn it on', 'turn it off']],
  },
  unicode: {
    alike: [
      ['cafe\u0301', 'caf\u00e9'],
      ['\uff21\uff22', 'AB'],
    ],
    apart: [['cafe', 'caf\u00e9']],
  },
  dates: {
    alike: [
      ['Today is 2026-11-24. Go.', 'Today is 2025-01-03. Go.'],
      ['It is 24.11.2026', 'It is 3.1.2027'],
      ['on November 24, 2026', 'on Dec. 3rd 2025'],
      ['the 24th of November 2026', 'the 3 May 2026'],
      ['11/24/2026', '01/03/2026'],
    ],
    apart: [
      ['version 1.2.3', 'version 1.2.4'],
      ['in 2024', 'in 2025'],
      ['costs 24.11', 'costs 25.11'],
      ['on Monday', 'on Tuesday'],
      ['2026-11-24 to go', '2026-11-24 to stay'],
    ],
  },
  times: {
    alike: [
      ['now 10:30', 'now 23:59:59.123'],
      ['at 5pm', 'at 11 a.m.'],
      ['at 10:30 am', 'at 7:15 PM'],
      ['time 10:30:00Z', 'time 08:00:00+02:00'],
    ],
    apart: [
      ['ratio 16:9', 'ratio 4:3'],
      ['verse 3:160', 'verse 3:161'],
      ['5 apples', '6 apples'],
      ['5 amps', '6 amps'],
    ],
  },
  ids: {
    alike: [
      [
        'user 3fa85f64-5717-4562-b3fc-2c963f66afa6 said',
        'user 0b0f1c2d-1111-2222-3333-444455556666 said',
      ],
      ['order no. 12345 is late', 'order no. 998 is late'],
      ['ticket id: INV-2024-0017', 'ticket id: INV-2025-0001'],
      ['invoice 100234', 'invoice 100235'],
      ['see #12345', 'see #54321'],
      ['call ord_8fh2Kq10', 'call ord_9ab3Zz77'],
      ['commit 9f2c1e7ab34d', 'commit 0011aabbccdd'],
      ['01J9ZQ8N3V5C7X2B4M6K8P0RTS x', '01J9ZQ8N3V5C7X2B4M6K8P0RTW x'],
    ],
    apart: [
      ['order 100 pizzas', 'order 200 pizzas'],
      ['in case 1000 people come', 'in case 2000 people come'],
      ['a budget of 50000 dollars', 'a budget of 60000 dollars'],
      ['paint it #ff0000', 'paint it #00ff00'],
      ['paint it #123456', 'paint it #654321'],
      ['ISO 27001', 'ISO 27002'],
      ['users over 18', 'users over 21'],
      ['python2', 'python3'],
      ['the decade', 'the facade'],
    ],
  },
  greetings: {
    alike: [
      ['Hi there! What is VAT?', 'What is VAT?'],
      ['Good morning,\nwhat is VAT?', 'what is VAT?'],
      ['What is VAT? Thanks a lot!', 'What is VAT?'],
      ['What is VAT?\nThank you', 'Hello. What is VAT?'],
    ],
    apart: [
      ['Hello', ''],
      ['Hey Jude: who wrote it?', 'Jude: who wrote it?'],
      ['How do I say thank you', 'How do I say'],
      ['Dear John, I leave you. Translate this.', 'I leave you. Translate this.'],
    ],
  },
};

describe('making texts alike', () => {
  for (const form of NORMAL_FORMS) {
    const policy = policyOf([form]);
    test(`${form}: what is meant, and no more`, () => {
      for (const [one, other] of CASES[form].alike) {
        assert.equal(keyOf(policy, one), keyOf(policy, other), `${one} | ${other}`);
        assert.notEqual(keyOf(policyOf([]), one), keyOf(policyOf([]), other));
      }
      for (const [one, other] of CASES[form].apart) {
        assert.notEqual(keyOf(policy, one), keyOf(policy, other), `${one} | ${other}`);
      }
    });
  }

  test('all forms together keep apart what each keeps apart', () => {
    const all = policyOf(NORMAL_FORMS);
    const pairs = NORMAL_FORMS.filter((form) => form !== 'unicode').flatMap(
      (form) => CASES[form].apart,
    );
    for (const [one, other] of pairs) assert.notEqual(keyOf(all, one), keyOf(all, other), one);
    assert.equal(
      keyOf(all, 'Hi! Today is 2026-11-24T10:30:00Z.  Where is ORDER no. 4711?'),
      keyOf(all, 'today is 2025-01-01T23:00:00Z. where is order no. 998?'),
    );
  });

  test('texts of parts are texts; images, tools, schemas and what tools say are not', () => {
    const all = policyOf(['case', 'space', 'ids']);
    const text = (of: string) => [{ type: 'text', text: of }];
    assert.equal(keyOf(all, text('A  b')), keyOf(all, text('a b')));
    const image = (url: string) => [{ type: 'image_url', image_url: { url } }];
    assert.notEqual(keyOf(all, image('https://x/A')), keyOf(all, image('https://x/a')));
    for (const role of ['tool', 'function']) {
      assert.notEqual(keyOf(all, 'A', { role }), keyOf(all, 'a', { role }));
    }
    const tools = (name: string) => ({ tools: [{ type: 'function', function: { name } }] });
    assert.notEqual(keyOf(all, 'x', tools('F')), keyOf(all, 'x', tools('f')));
    const format = (name: string) => ({ response_format: { type: 'json_schema', name } });
    assert.notEqual(keyOf(all, 'x', format('F')), keyOf(all, 'x', format('f')));
    for (const role of ['system', 'developer', 'assistant']) {
      assert.equal(keyOf(all, 'A', { role }), keyOf(all, 'a', { role }));
    }
  });

  test('nobody can write what only taking out makes', () => {
    const policy = policyOf(['dates']);
    const real = keyOf(policy, 'on 2026-11-24');
    assert.notEqual(keyOf(policy, `on ${MARK}date${MARK}`), real);
    assert.notEqual(keyOf(policy, 'on <date>'), real);
  });

  test('never throws, whatever the text, and long texts take no longer than they are', () => {
    const normalize = normalizerOf(policyOf(NORMAL_FORMS));
    assert.ok(normalize !== undefined);
    const place = { role: 'user', message: 0 };
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(typeof normalize(text, place)?.text, 'string');
      }),
    );
    // Each of these would take hours with a pattern that goes back and forth.
    for (const piece of [
      'a',
      '1',
      ' ',
      'hi ',
      '0a',
      '-',
      'order no ',
      '12:',
      'thanks ',
      'f_',
      '2026-',
    ]) {
      assert.ok(normalize(piece.repeat(200_000), place) !== undefined);
    }
  });
});

describe("a user's own key function", () => {
  test('says what stands in the key for each text', () => {
    const policy = policyOf([], (text) => (text.includes('logo') ? 'kind: logo' : text));
    assert.equal(keyOf(policy, 'a logo for Ann'), keyOf(policy, 'a logo for Bob'));
    assert.notEqual(keyOf(policy, 'a site for Ann'), keyOf(policy, 'a site for Bob'));
    // What it says is no text that a client could have sent.
    assert.notEqual(keyOf(policyOf([]), 'kind: logo'), keyOf(policy, 'a logo for Ann'));
  });

  test('is told where a text stands', () => {
    const places: unknown[] = [];
    const policy = policyOf([], (text, place) => (places.push(place), text));
    keyOf(policy, [{ type: 'text', text: 'x' }]);
    assert.deepEqual(places, [{ role: 'user', message: 0 }]);
  });

  test('one that throws, or gives no text, leaves the call uncached', () => {
    const failing: readonly KeyFunction[] = [
      () => undefined,
      () => 7,
      async () => 'late',
      () => {
        throw new Error('no');
      },
    ];
    for (const of of failing) assert.equal(keyOf(policyOf([], of), 'x'), undefined);
  });
});
