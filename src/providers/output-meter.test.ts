import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OutputMeter } from './output-meter.ts';

test('gathers text, reasoning and tool arguments', () => {
  const meter = new OutputMeter();
  meter.push('{"choices":[{"delta":{"role":"assistant","content":""}}]}');
  meter.push('{"choices":[{"delta":{"content":"Say \\"hi\\" \\\\"}}]}');
  meter.push('{"choices":[{"delta":{"content":null}}]}');
  meter.push('{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{\\"a\\":1}"}}]}}]}');
  meter.push('{"choices":[{"delta":{"reasoning_content":"é\\n"}}]}');
  assert.equal(meter.text(), 'Say "hi" \\{"a":1}é\n');
});

test('white space between name and text changes nothing', () => {
  const meter = new OutputMeter();
  meter.push('{"choices": [{"delta": {"content": "spaced"}}]}');
  meter.push('{"choices":[{"delta":{"content" :\n"out"}}]}');
  meter.push('{"choices": [{"delta": {"content": null, "reasoning": {"content": 5}}}]}');
  assert.equal(meter.text(), 'spacedout');
});

test('refusals count; thoughts under two names count once', () => {
  const meter = new OutputMeter();
  meter.push('{"choices":[{"delta":{"refusal":"No. "}}]}');
  meter.push('{"choices":[{"delta":{"reasoning_content":"Hm. ","reasoning":"Hm. "}}]}');
  meter.push('{"choices":[{"delta":{"reasoning_content":"","reasoning":"So."}}]}');
  assert.equal(meter.text(), 'No. Hm. So.');
});

test('gets back any text that a chunk can hold', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      const meter = new OutputMeter();
      for (const content of texts)
        meter.push(JSON.stringify({ choices: [{ delta: { content } }] }));
      assert.equal(meter.text(), texts.join(''));
    }),
  );
});

test('reads whatever it is given without failing', () => {
  const meter = new OutputMeter();
  meter.push('{"content":"never closed');
  meter.push('"content":"\\');
  assert.equal(typeof meter.text(), 'string');
});
