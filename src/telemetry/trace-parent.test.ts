import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parseTraceParent } from './trace-parent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a header of the specified form is read', () => {
  assert.deepEqual(parseTraceParent({ traceparent: `00-${TRACE}-${SPAN}-01` }), {
    traceId: TRACE,
    spanId: SPAN,
    traceFlags: 1,
    isRemote: true,
  });
});

test('a later version may have more fields, version 00 may not', () => {
  assert.equal(parseTraceParent({ traceparent: `01-${TRACE}-${SPAN}-00-more` })?.traceId, TRACE);
  assert.equal(parseTraceParent({ traceparent: `00-${TRACE}-${SPAN}-00-more` }), undefined);
});

test('what is not of the form is no parent', () => {
  for (const traceparent of [
    undefined,
    '',
    'garbage',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}`,
  ])
    assert.equal(parseTraceParent({ traceparent }), undefined, traceparent);
});
