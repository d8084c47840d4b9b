/**
 * A settled call as a trace: one span for the call, and beneath it one for each attempt. Written when all
 * is over, with the times at which things happened.
 *
 * @module
 */
import { type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import type { FarthingError } from '../errors.ts';
import type { SettledCall } from '../stages/ledger/ledger.ts';
import { askedModel, attemptAttributes, callAttributes } from './attributes.ts';
import { parentOf } from './trace-parent.ts';

/** Writes the spans of a call. */
export function writeSpans(tracer: Tracer, settled: SettledCall): void {
  const { call, receipt, endedAt, error } = settled;
  const parent = parentOf(call.headers);
  const span = tracer.startSpan(
    `${call.operation} ${askedModel(call)}`,
    {
      kind: SpanKind.SERVER,
      startTime: new Date(call.startedAt),
      attributes: callAttributes(settled),
    },
    parent,
  );
  const beneath = trace.setSpan(parent, span);
  for (const [index, attempt] of call.trace.attempts.entries()) {
    const child = tracer.startSpan(
      `${attempt.operation ?? call.operation} ${attempt.model.id}`,
      {
        kind: SpanKind.CLIENT,
        startTime: new Date(attempt.startedAt),
        attributes: attemptAttributes(call, attempt, receipt.attempts[index]),
      },
      beneath,
    );
    end(child, attempt.endedAt ?? endedAt, attempt.error);
  }
  end(span, endedAt, error);
}

/** The error's code and no more: its message may quote an upstream, which may quote the prompt. */
function end(span: Span, at: number, error: FarthingError | undefined): void {
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.code });
  span.end(new Date(at));
}
