/**
 * The way of a call, in order. This list is the table of contents of the gateway: read it first.
 *
 * @module
 */
import { compose, type Handler, type Stage } from './call.ts';
import { identify, type Identifier } from './stages/identify/identify.ts';
import { ledger, type Sink } from './stages/ledger/ledger.ts';
import { route } from './stages/route/route.ts';
import type { ReceiptOptions } from './pricing/receipt.ts';

/** What the stages work with. */
export interface PipelineParts extends ReceiptOptions {
  readonly identifier: Identifier;
  /** Where settled calls go. */
  readonly sinks: readonly Sink[];
  /** The innermost handler: asks a provider. */
  readonly provider: Handler;
}

/** The stages, outermost first. */
export function stagesOf(parts: PipelineParts): readonly Stage[] {
  return [
    identify(parts.identifier), // which task, or 404
    ledger(parts), //              settles whatever happens behind it
    route(parts), //               which model: tiers, checks, repair, caps
  ];
}

/** The whole way of a call as one handler. */
export function createPipeline(parts: PipelineParts): Handler {
  return compose(stagesOf(parts), parts.provider);
}
