import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import type { JsonObject } from '../json.ts';
import { type Material, sampleOf } from './schema-sample.ts';

const material: Material = {
  label: '[simulated]',
  text: 'Northwind pays 1200 euros for a Logo, urgent.',
  terms: ['Northwind', 'Logo'],
  numbers: [1200],
};

function assertFits(schema: JsonObject): void {
  const value = sampleOf(schema, material);
  const { valid, errors } = new Validator(schema, '2020-12').validate(value);
  assert.ok(valid, `${JSON.stringify(value)} does not fit: ${JSON.stringify(errors)}`);
}

/** Schemas as programs write them for structured outputs. */
const { schema: anySchema } = fc.letrec<{ schema: JsonObject; leaf: JsonObject }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ type: fc.constant('boolean') }),
    fc.record({ type: fc.constant('null') }),
    fc.record({ type: fc.constant(['null', 'string']) }),
    fc.record({ enum: fc.array(fc.oneof(fc.string(), fc.integer()), { minLength: 1 }) }),
    fc.record({ const: fc.string() }),
    fc
      .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(40), fc.constantFrom('integer', 'number'))
      .map(([minimum, width, type]) => ({ type, minimum, maximum: minimum + width })),
    fc.record({ type: fc.constant('integer'), multipleOf: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ type: fc.constant('integer'), exclusiveMinimum: fc.integer({ min: -9, max: 9 }) }),
    fc
      .tuple(fc.nat(30), fc.nat(30))
      .map(([minLength, more]) => ({ type: 'string', minLength, maxLength: minLength + more })),
    fc.record({
      type: fc.constant('string'),
      format: fc.constantFrom('date', 'date-time', 'email', 'uri', 'uuid', 'ipv4'),
    }),
    fc.record({
      type: fc.constant('string'),
      pattern: fc.constantFrom(String.raw`^\d+$`, '^[A-Z]{3}$', String.raw`^\d{4}-\d{2}-\d{2}$`),
    }),
  ) as fc.Arbitrary<JsonObject>,
  schema: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.tuple(fc.nat(3), fc.nat(2), tie('schema')).map(([minItems, more, items]) => ({
      type: 'array',
      items,
      minItems,
      maxItems: minItems + more,
    })),
    fc
      .dictionary(fc.string({ minLength: 1 }), tie('schema'), { maxKeys: 4, noNullPrototype: true })
      .map((properties) => ({
        type: 'object',
        properties,
        required: Object.keys(properties),
        additionalProperties: false,
      })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ) as fc.Arbitrary<JsonObject>,
}));

describe('sampleOf', () => {
  test('fits every schema of the usual kind', () => {
    fc.assert(fc.property(anySchema, assertFits), { numRuns: 300 });
  });

  test('follows references, also recursive ones', () => {
    const tree = {
      $defs: {
        node: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
          },
          required: ['name', 'next'],
        },
      },
      $ref: '#/$defs/node',
    };
    assertFits(tree);
    const endless = { type: 'object', properties: { self: { $ref: '#' } } };
    assertFits(endless);
    sampleOf({ $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, material);
  });

  test('merges allOf', () => {
    assertFits({
      allOf: [
        { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
        { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] },
      ],
    });
  });

  test('takes words and numbers of the prompt, and the label once', () => {
    const value = sampleOf(
      {
        type: 'object',
        properties: {
          client: { type: 'string' },
          item: { type: 'string' },
          price: { type: 'number' },
          year: { type: 'integer', minimum: 1900, maximum: 2100 },
          priority: { enum: ['low', 'urgent'] },
        },
      },
      material,
    );
    assert.deepEqual(value, {
      client: '[simulated] Northwind',
      item: 'Logo',
      price: 1200,
      year: 1900,
      priority: 'urgent',
    });
    assert.equal(material.label, '[simulated]', 'the given material is not changed');
  });

  test('survives a schema that is none', () => {
    for (const schema of [
      { type: 7 },
      { properties: [] },
      { enum: [] },
      { $ref: 'https://example.com/other.json' },
      { type: 'string', pattern: '(' },
      { type: 'array', minItems: 2 },
    ]) {
      assert.notEqual(sampleOf(schema, material), undefined);
    }
  });
});
