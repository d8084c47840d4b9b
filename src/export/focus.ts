/**
 * The ledger as FOCUS 1.2 (FinOps Open Cost and Usage Specification, focus.finops.org), CSV: all mandatory
 * columns, those others that a ledger can fill, and our own with the prefix `x_`.
 *
 * An attempt that was charged is a row of category `Usage`. What a call saved is a row of category `Credit`
 * whose costs are 0, because nobody grants it: it stands in `x_SavedCost`, and `BilledCost` sums to what
 * was paid. FOCUS allows no unknown cost: where it is unknown, `x_Priced` is false and the cost is 0.
 *
 * @module
 */
import { inputTokens, outputTokens } from '../pricing/usage.ts';
import {
  type AttemptRecord,
  type CallRecord,
  costOf,
  countedReference,
} from '../stores/ledger-store.ts';
import { csvLine, Dollars } from './csv-line.ts';
import type { FieldValue } from './fields.ts';

/** A charge; `attempt` is undefined for what the call saved. */
interface Charge {
  readonly call: CallRecord;
  readonly attempt: AttemptRecord | undefined;
  readonly costNano: number;
  readonly savedNano: number;
}

type Column = (charge: Charge) => FieldValue | Dollars;

const billed: Column = ({ costNano }) => new Dollars(costNano);
/** Who served it; a saving is Farthing's own doing. */
const provider: Column = ({ attempt }) => attempt?.provider ?? 'Farthing';

/** The specification's columns in the alphabet's order, then ours. */
const COLUMNS: Readonly<Record<string, Column>> = {
  BilledCost: billed,
  BillingAccountId: provider,
  BillingAccountName: provider,
  BillingCurrency: () => 'USD',
  BillingPeriodEnd: (charge) => monthStart(startOf(charge), 1),
  BillingPeriodStart: (charge) => monthStart(startOf(charge), 0),
  ChargeCategory: ({ attempt }) => (attempt === undefined ? 'Credit' : 'Usage'),
  ChargeClass: () => null,
  ChargeDescription: describe,
  ChargeFrequency: () => 'Usage-Based',
  // Exclusive, in whole seconds.
  ChargePeriodEnd: (charge) =>
    toTime(startOf(charge) + (charge.attempt ?? charge.call).durationMs + 1000),
  ChargePeriodStart: (charge) => toTime(startOf(charge)),
  ContractedCost: billed,
  EffectiveCost: billed,
  InvoiceIssuerName: provider,
  ListCost: billed,
  PricingQuantity: ({ attempt }) => (attempt === undefined ? null : tokensOf(attempt)),
  PricingUnit: ({ attempt }) => (attempt === undefined ? null : 'Tokens'),
  ProviderName: provider,
  PublisherName: provider,
  ServiceCategory: () => 'AI and Machine Learning',
  ServiceName: ({ call }) => (call.operation === 'embeddings' ? 'Embeddings' : 'Chat completions'),
  ServiceSubcategory: () => 'Generative AI',
  SubAccountId: ({ call }) => call.tenant || null,
  SubAccountName: ({ call }) => call.tenant || null,
  Tags: ({ call }) => JSON.stringify(call.tags),
  x_CallId: ({ call }) => call.id,
  x_InputTokens: ({ attempt }) => (attempt === undefined ? null : inputTokens(attempt.tokens)),
  x_Model: ({ call, attempt }) => (attempt ?? call).model ?? null,
  x_ModelId: ({ attempt }) => attempt?.modelId ?? null,
  x_Outcome: ({ call, attempt }) => (attempt ?? call).outcome ?? null,
  x_OutputTokens: ({ attempt }) => (attempt === undefined ? null : outputTokens(attempt.tokens)),
  x_PriceId: ({ attempt }) => attempt?.priceId ?? null,
  x_Priced: ({ attempt }) => attempt === undefined || attempt.costNano !== undefined,
  x_ReferenceModel: ({ call }) => call.referenceModel ?? null,
  x_SavedCost: ({ attempt, savedNano }) => (attempt === undefined ? new Dollars(savedNano) : null),
  x_Task: ({ call }) => call.task,
  x_UsageSource: ({ attempt }) => attempt?.usageSource ?? null,
};

/** The header, then a line a charge. */
export function* focusLines(calls: Iterable<CallRecord>): Generator<string, void> {
  const columns = Object.values(COLUMNS);
  yield csvLine(Object.keys(COLUMNS));
  for (const call of calls) {
    for (const charge of chargesOf(call)) yield csvLine(columns.map((of) => of(charge)));
  }
}

function* chargesOf(call: CallRecord): Generator<Charge, void> {
  for (const attempt of call.attempts) {
    // A request that was refused or never arrived is not billed: there is no charge to tell of.
    if (attempt.usageSource === 'unavailable' && attempt.costNano === 0) continue;
    yield { call, attempt, costNano: attempt.costNano ?? 0, savedNano: 0 };
  }
  const savedNano = countedReference(call) - costOf(call);
  if (savedNano !== 0) yield { call, attempt: undefined, costNano: 0, savedNano };
}

function describe({ call, attempt }: Charge): string {
  if (attempt === undefined) return `Saved against ${call.referenceModel ?? 'the reference'}`;
  const { model, tokens } = attempt;
  return `${model}: ${inputTokens(tokens)} input and ${outputTokens(tokens)} output tokens`;
}

function tokensOf({ tokens }: AttemptRecord): number {
  return inputTokens(tokens) + outputTokens(tokens);
}

function startOf({ call, attempt }: Charge): number {
  return (attempt ?? call).startedAt;
}

/** Beginning of the month in UTC that is so many months after that of a time. */
function monthStart(ms: number, after: number): string {
  const date = new Date(ms);
  return toTime(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + after));
}

/** `YYYY-MM-DDTHH:mm:ssZ`, as the specification has it. */
function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
