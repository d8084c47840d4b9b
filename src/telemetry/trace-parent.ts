/**
 * The caller's span, from its `traceparent` header (W3C Trace Context).
 *
 * @module
 */
import {
  type Context,
  context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';

type Headers = Readonly<Record<string, string | undefined>>;

const FORM =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Where a call's span belongs: under the span that is active (a host program that traces its own HTTP
 * server has read the header already), else under the caller's, else nowhere.
 */
export function parentOf(headers: Headers): Context {
  const active = context.active();
  if (trace.getSpan(active) !== undefined) return active;
  const remote = parseTraceParent(headers);
  return remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
}

/** The span that the headers name; undefined where they name none, or are not of the specified form. */
export function parseTraceParent({ traceparent, tracestate }: Headers): SpanContext | undefined {
  const found = FORM.exec(traceparent?.trim() ?? '');
  if (found === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = found;
  // Version 00 has four fields; later ones may have more.
  if (version === '00' && more !== undefined) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}
